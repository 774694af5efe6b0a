package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import java.util.List;
import java.util.Optional;

/** Makes a grammar of a regular expression that all of a text matches. */
final class RegexGrammar {
  private RegexGrammar() {}

  /**
   * Reads an expression.
   *
   * @throws OutputConstraintException if it has a mistake, asks for what is not supported, or takes
   *     more work than the budget has
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  static Grammar read(String regex, WorkBudget budget) {
    TextPattern pattern = RegexParser.parse("regex", regex, RegexParser.Dialect.COMMON);
    CharacterCache characters = new CharacterCache(Utf8Ranges::of, budget);
    List<TextPattern.Branch> branches = pattern.branches();
    if (!branches.isEmpty()) {
      List<Expr> options =
          branches.stream().map(branch -> branch.content().toExpr(characters)).toList();
      return new Grammar(List.of("regex"), List.of(new Expr.Choice(options)));
    }
    if (regex.length() > SchemaTexts.MAX_COMBINED) {
      throw new OutputConstraintException(
          "regex: expected at most %d characters with look-ahead or anchors in groups, found %d"
              .formatted(SchemaTexts.MAX_COMBINED, regex.length()));
    }
    ReadingWork work = new ReadingWork(budget);
    TextLanguages languages = new TextLanguages(work);
    Optional<TextAutomaton> automaton = TextAutomaton.of(languages, languages.of(pattern), work);
    if (automaton.isEmpty()) {
      throw new OutputConstraintException(
          "regex: expected an automaton of at most %d states with look-ahead or anchors in groups, found more"
              .formatted(TextAutomaton.MAX_STATES));
    }
    Grammar.Builder rules = new Grammar.Builder(budget);
    Expr.Rule root = rules.declare("regex");
    rules.define(root, automaton.get().addTo(rules, characters, Expr.EMPTY));
    return rules.build();
  }
}
