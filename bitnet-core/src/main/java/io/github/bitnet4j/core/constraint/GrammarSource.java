package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraint.Choices;
import io.github.bitnet4j.OutputConstraint.Gbnf;
import io.github.bitnet4j.OutputConstraint.JsonSchema;
import io.github.bitnet4j.OutputConstraint.Regex;
import io.github.bitnet4j.OutputConstraintException;
import java.util.List;

/** Reads the source of a constraint. */
final class GrammarSource {
  private GrammarSource() {}

  static Grammar read(OutputConstraint constraint) {
    return switch (constraint) {
      case Gbnf(String grammar) -> GbnfParser.parse(grammar);
      case JsonSchema(String schema, var ignored) -> JsonSchemaReader.read(schema, ignored);
      case Regex(String pattern) -> RegexGrammar.read(pattern);
      case Choices(List<String> choices) ->
          grammar("choices", new Expr.Choice(choices.stream().map(GrammarSource::choice).toList()));
    };
  }

  private static Grammar grammar(String name, Expr content) {
    return new Grammar(List.of(name), List.of(content));
  }

  private static Expr choice(String text) {
    if (text.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE)) {
      throw new OutputConstraintException(
          "choices: expected whole characters, found a lone surrogate");
    }
    if (text.length() > Cursor.MAX_LENGTH) {
      throw new OutputConstraintException(
          "choices: expected at most %d characters each, found %d"
              .formatted(Cursor.MAX_LENGTH, text.length()));
    }
    return Expr.literal(text);
  }
}
