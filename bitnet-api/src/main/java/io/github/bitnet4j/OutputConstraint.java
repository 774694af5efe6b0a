package io.github.bitnet4j;

import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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
   * Returns the constraint of a JSON Schema (draft 2020-12, and what drafts 4 to 2019-09 write
   * otherwise): the text is one JSON value that the schema accepts, without white space around it.
   *
   * <p>Enforced are
   *
   * <ul>
   *   <li>{@code type}, also with several types, {@code enum} and {@code const}; a schema without
   *       these that has keywords of some types is taken to mean these types;
   *   <li>{@code properties}, {@code patternProperties}, {@code additionalProperties}, {@code
   *       propertyNames}, {@code required}, {@code dependentRequired}, {@code dependentSchemas},
   *       {@code dependencies}, {@code minProperties} (up to one more than declared properties),
   *       {@code maxProperties}, {@code unevaluatedProperties} (beside keywords for properties
   *       only);
   *   <li>{@code items}, {@code prefixItems}, {@code additionalItems}, {@code minItems}, {@code
   *       maxItems}, {@code contains}, {@code minContains}, {@code maxContains} (not beside {@code
   *       prefixItems}), and {@code uniqueItems} of elements that are constants;
   *   <li>{@code minLength}, {@code maxLength}, {@code pattern} (as for {@link #regex}, but found
   *       anywhere in the string, and with ECMA-262's reading of braces and brackets), and {@code
   *       format} {@code date}, {@code time}, {@code date-time}, {@code duration}, {@code uuid},
   *       {@code email}, {@code hostname}, {@code ipv4}, {@code ipv6}, {@code uri}, in any
   *       combination;
   *   <li>{@code minimum}, {@code maximum}, {@code exclusiveMinimum}, {@code exclusiveMaximum},
   *       {@code multipleOf}, and {@code format} {@code int8} to {@code int64} and {@code uint8} to
   *       {@code uint64};
   *   <li>{@code anyOf}, {@code allOf}, {@code oneOf}, {@code not}, {@code if}, {@code then},
   *       {@code else};
   *   <li>{@code $ref} within the document (pointers, {@code $anchor}, {@code $id}), recursion
   *       included.
   * </ul>
   *
   * <p>Annotations, which change nothing, are all other keywords and all other values of {@code
   * format}.
   *
   * <p>Refused with its place is what cannot be enforced: references to other documents, {@code
   * $dynamicRef}, {@code unevaluatedItems}, patterns that {@link #regex} refuses, {@code
   * uniqueItems} of other elements, differences ({@code not}, {@code else}, alternatives of {@code
   * oneOf} that overlap) of which no value can be written, and combinations that take more memory
   * or time than the limits allow. {@link #jsonSchema(String, Consumer)} leaves these out instead.
   *
   * <p>Not every text that a schema accepts can be written:
   *
   * <ul>
   *   <li>properties come in the order of the schema, undeclared ones last and only if {@code
   *       additionalProperties} is there (or no other keyword for properties is);
   *   <li>array elements after {@code prefixItems} are written only if {@code items} is there,
   *       those that {@code contains} asks for come first, and different elements of more than
   *       eight constants come in the order of the schema;
   *   <li>an {@code integer} is written without fraction and exponent, and within the range of a
   *       {@code long} unless the schema's bounds are beyond; any other number has at most 19
   *       digits before the point (or as many as a bound) and 17 free ones behind it, and an
   *       exponent of at most two digits only if it has no bounds;
   *   <li>values that differ from what {@code not} or another alternative of {@code oneOf} accepts
   *       differ in a way that keywords of one schema can say: not in their additional or pattern
   *       properties, in {@code format}, {@code propertyNames} or {@code uniqueItems};
   *   <li>beside a {@code maxLength} above 100, repetitions without a limit in a pattern or format
   *       get equal shares of it;
   *   <li>between the parts is at most one space or one to two line breaks with an indentation up
   *       to 20.
   * </ul>
   */
  static OutputConstraint jsonSchema(String schema) {
    return new JsonSchema(schema, null);
  }

  /**
   * Returns the constraint of a JSON Schema as {@link #jsonSchema(String)}, but what cannot be
   * enforced is left out instead of refused: the text may then be one that the schema does not
   * accept.
   *
   * <pre>{@code
   * OutputConstraint.jsonSchema(schema, ignored -> log.warn("not enforced: {}", ignored));
   * }</pre>
   *
   * @param ignored is told what is left out, with its place (a JSON pointer) and the reason, when
   *     the schema is read for a model: by the thread that generates, once for each; use the same
   *     object again, so that constraints of the same schema are equal
   */
  static OutputConstraint jsonSchema(String schema, Consumer<String> ignored) {
    return new JsonSchema(schema, Objects.requireNonNull(ignored, "ignored"));
  }

  /** Returns the constraint that the text is one JSON value of any kind. */
  static OutputConstraint json() {
    return new JsonSchema("{}", null);
  }

  /**
   * Returns the constraint that all of the text matches a regular expression: literals, {@code .}
   * (no line break), classes, {@code \d \w \s} (of ASCII) and {@code \D \W \S}, groups, {@code |},
   * the quantifiers {@code * + ? {m} {m,} {m,n}}, also with a {@code ?} behind, escapes such as
   * {@code \n} and {@code \x41}, also {@code \}{@code u} with four digits or with braces, general
   * categories and scripts ({@code \p{Lu}}, {@code \p{Script=Greek}}), anchors, and look-ahead
   * outside of what is repeated. Refused are back references, look-behind, word boundaries and
   * possessive quantifiers.
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
   * A JSON Schema, see {@link #jsonSchema(String)}.
   *
   * @param schema its text
   * @param ignored is told what is left out; null to refuse what cannot be enforced
   */
  record JsonSchema(String schema, @Nullable Consumer<String> ignored) implements OutputConstraint {
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
