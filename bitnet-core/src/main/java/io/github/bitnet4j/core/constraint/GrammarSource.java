package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraint.Choices;
import io.github.bitnet4j.OutputConstraint.Gbnf;
import io.github.bitnet4j.OutputConstraint.JsonSchema;
import io.github.bitnet4j.OutputConstraint.Regex;
import io.github.bitnet4j.OutputConstraintException;
import java.util.ArrayList;
import java.util.List;

/** Reads the source of a constraint. */
final class GrammarSource {
  /** Units of work for a choice and for each of its characters; bounds the memory of choices. */
  private static final int UNITS_PER_CHOICE = 8;

  private static final int UNITS_PER_CHARACTER = 4;

  private GrammarSource() {}

  /**
   * Reads a constraint.
   *
   * @throws OutputConstraintException if it has a mistake or takes more work than the budget has
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  static Grammar read(OutputConstraint constraint, WorkBudget budget) {
    return switch (constraint) {
      case Gbnf(String grammar) -> GbnfParser.parse(grammar, budget);
      case JsonSchema(String schema, var ignored) -> JsonSchemaReader.read(schema, ignored, budget);
      case Regex(String pattern) -> RegexGrammar.read(pattern, budget);
      case Choices(List<String> choices) -> grammar("choices", choice(choices, budget));
    };
  }

  private static Grammar grammar(String name, Expr content) {
    return new Grammar(List.of(name), List.of(content));
  }

  private static Expr choice(List<String> texts, WorkBudget budget) {
    budget.spend((long) UNITS_PER_CHOICE * texts.size());
    List<Expr> options = new ArrayList<>(texts.size());
    for (String text : texts) {
      budget.spend((long) UNITS_PER_CHARACTER * text.length());
      if (text.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE)) {
        throw new OutputConstraintException(
            "choices: expected whole characters, found a lone surrogate");
      }
      if (text.length() > Cursor.MAX_LENGTH) {
        throw new OutputConstraintException(
            "choices: expected at most %d characters each, found %d"
                .formatted(Cursor.MAX_LENGTH, text.length()));
      }
      options.add(Expr.literal(text));
    }
    return new Expr.Choice(options);
  }
}
