package io.github.bitnet4j;

import java.util.List;
import java.util.Objects;

/**
 * What a generated text must look like: only tokens that can still lead to such a text are chosen
 * from. Immutable and thread-safe.
 *
 * <pre>{@code
 * OutputConstraint person =
 *     OutputConstraint.jsonSchema(
 *         """
 *         {"type": "object",
 *          "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
 *          "required": ["name", "age"]}
 *         """);
 * GenerationConfig config = GenerationConfig.builder().constraint(person).build();
 * Generation generation = session.generate("Someone we know, in JSON: ", config);
 * }</pre>
 *
 * <p>A constraint holds for the generated text from its first character. The text satisfies it as a
 * whole if the generation ends with {@link FinishReason#COMPLETE} or {@link
 * FinishReason#STOP_TOKEN}; with any other reason it is the beginning of such a text.
 *
 * <p>The source is read and compiled when a generation begins, which throws {@link
 * OutputConstraintException} if it has a mistake. The result is kept with the model: use the same
 * or an equal constraint again. Equal constraints that several sessions need at the same time are
 * compiled once; sessions with other constraints do not wait. A time limit, {@link Session#cancel},
 * an interrupt and closing the session also end the compilation, and the generation ends without
 * tokens.
 *
 * <p>Recursion in grammars and schemas may be as deep as the text. The work and the memory that a
 * constraint takes have limits, which are also reported by that exception:
 *
 * <ul>
 *   <li>a source, or one choice, has at most 1,048,576 characters, a grammar at most 100,000 rules;
 *   <li>groups are nested at most 200 deep, arrays and objects of a schema at most 64 deep;
 *   <li>reading and compiling take at most 20 million steps, a few seconds, and a compiled
 *       constraint has at most 2 million parts: an {@code enum} of 100,000 short strings has fewer;
 *   <li>to find the tokens that may come next takes at most 20 million steps, and a text can be
 *       read in at most 10,000 ways at the same time; a grammar that exceeds this is too ambiguous.
 * </ul>
 *
 * <p>If a limit is exceeded during a generation, the session is as it was before the call.
 */
public sealed interface OutputConstraint {
  /**
   * Returns the constraint of a grammar in GBNF, the notation of llama.cpp ({@code
   * grammars/README.md} there): rules {@code name ::= ...} beginning with {@code root}, literals in
   * double quotes, classes such as {@code [^a-z]}, {@code .} for any character, groups, {@code |},
   * {@code * + ?}, {@code {m}}, {@code {m,}}, {@code {m,n}}, and comments from {@code #} to the end
   * of the line. Refused are left recursion, which a repetition expresses as well, and tokens in
   * angle brackets.
   */
  static OutputConstraint gbnf(String grammar) {
    return new Gbnf(grammar);
  }

  /**
   * Returns the constraint of a JSON Schema (draft 2020-12): the text is one JSON value that the
   * schema accepts, without white space around it.
   *
   * <p>Supported are
   *
   * <ul>
   *   <li>{@code type}, also with several types, {@code enum} and {@code const}; a schema without
   *       these that has keywords of some types is taken to mean these types;
   *   <li>{@code properties}, {@code required}, {@code additionalProperties};
   *   <li>{@code items}, {@code prefixItems}, {@code minItems}, {@code maxItems};
   *   <li>{@code minLength}, {@code maxLength}, or {@code pattern} (as for {@link #regex}, found
   *       anywhere in the string unless it has {@code ^} and {@code $}), or {@code format} {@code
   *       date}, {@code time}, {@code date-time} or {@code uuid};
   *   <li>{@code minimum}, {@code maximum}, {@code exclusiveMinimum}, {@code exclusiveMaximum};
   *   <li>{@code anyOf}, {@code oneOf} whose alternatives visibly exclude each other, {@code allOf}
   *       of schemas whose keywords can be put together;
   *   <li>{@code $ref} within the document, recursion included, and {@code $defs}.
   * </ul>
   *
   * <p>Annotations such as {@code title} and {@code description} are ignored. Any other keyword is
   * refused with its place.
   *
   * <p>Not every text that a schema accepts can be written: properties come in the order of the
   * schema, undeclared ones last and only if {@code additionalProperties} is there (or {@code
   * properties} is not), array elements after {@code prefixItems} only if {@code items} is there,
   * an {@code integer} is written without fraction and exponent, a bounded {@code number} without
   * exponent, any other with one of at most two digits, and between the parts is at most one space
   * or one to two line breaks with an indentation up to 20.
   */
  static OutputConstraint jsonSchema(String schema) {
    return new JsonSchema(schema);
  }

  /** Returns the constraint that the text is one JSON value of any kind. */
  static OutputConstraint json() {
    return new JsonSchema("{}");
  }

  /**
   * Returns the constraint that all of the text matches a regular expression: literals, {@code .}
   * (no line break), classes, {@code \d \w \s} (of ASCII) and {@code \D \W \S}, groups, {@code |},
   * the quantifiers {@code * + ? {m} {m,} {m,n}}, also with a {@code ?} behind, escapes such as
   * {@code \n} and {@code \x41}, also {@code \}{@code u} with four digits or with braces, and
   * {@code ^} and {@code $} at the ends. Refused are back references, looking around, word
   * boundaries, possessive quantifiers and Unicode properties.
   */
  static OutputConstraint regex(String pattern) {
    return new Regex(pattern);
  }

  /**
   * Returns the constraint that the text is one of these strings.
   *
   * @throws IllegalArgumentException if there are none
   */
  static OutputConstraint choices(String... choices) {
    return new Choices(List.of(choices));
  }

  /**
   * A GBNF grammar, see {@link #gbnf}.
   *
   * @param grammar its text
   */
  record Gbnf(String grammar) implements OutputConstraint {
    /** Checks that there is one. */
    public Gbnf {
      Objects.requireNonNull(grammar, "grammar");
    }
  }

  /**
   * A JSON Schema, see {@link #jsonSchema}.
   *
   * @param schema its text
   */
  record JsonSchema(String schema) implements OutputConstraint {
    /** Checks that there is one. */
    public JsonSchema {
      Objects.requireNonNull(schema, "schema");
    }
  }

  /**
   * A regular expression, see {@link #regex}.
   *
   * @param pattern its text
   */
  record Regex(String pattern) implements OutputConstraint {
    /** Checks that there is one. */
    public Regex {
      Objects.requireNonNull(pattern, "pattern");
    }
  }

  /**
   * A choice of strings, see {@link #choices}.
   *
   * @param choices at least one
   */
  record Choices(List<String> choices) implements OutputConstraint {
    /** Copies the list. */
    public Choices {
      choices = List.copyOf(choices);
      if (choices.isEmpty()) {
        throw new IllegalArgumentException("choices: expected at least one string, found none");
      }
    }
  }
}
