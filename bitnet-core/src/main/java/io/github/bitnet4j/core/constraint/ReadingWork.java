package io.github.bitnet4j.core.constraint;

/** Counts the steps of reading a schema or an expression as work of a budget. Not thread-safe. */
final class ReadingWork {
  /** A step of reading takes longer than a step of compiling. */
  private static final int UNITS_PER_STEP = 6;

  private final WorkBudget budget;

  /** Creates a counter. */
  ReadingWork(WorkBudget budget) {
    this.budget = budget;
  }

  /**
   * Counts some steps.
   *
   * @throws io.github.bitnet4j.OutputConstraintException if the budget is used up
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  void spend(long steps) {
    budget.spend(UNITS_PER_STEP * steps);
  }
}
