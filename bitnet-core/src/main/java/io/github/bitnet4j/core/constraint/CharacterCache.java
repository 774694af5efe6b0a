package io.github.bitnet4j.core.constraint;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Expressions of sets of characters, each made once: a source has few distinct sets, but may repeat
 * them as often as it is long. Not thread-safe.
 */
final class CharacterCache implements Function<CodePoints, Expr> {
  /** Units of work for one option of an expression; bounds the memory of distinct sets. */
  private static final int UNITS_PER_OPTION = 32;

  private final Function<CodePoints, Expr> writer;
  private final WorkBudget budget;
  private final Map<CodePoints, Expr> known = new HashMap<>();

  /**
   * Creates a cache.
   *
   * @param writer returns the expression of one character of a set
   */
  CharacterCache(Function<CodePoints, Expr> writer, WorkBudget budget) {
    this.writer = writer;
    this.budget = budget;
  }

  @Override
  public Expr apply(CodePoints set) {
    budget.spend(1 + set.ranges().size());
    Expr expr = known.get(set);
    if (expr == null) {
      expr = writer.apply(set);
      budget.spend((long) UNITS_PER_OPTION * options(expr));
      known.put(set, expr);
    }
    return expr;
  }

  private static int options(Expr expr) {
    return expr instanceof Expr.Choice choice ? Math.max(1, choice.options().size()) : 1;
  }
}
