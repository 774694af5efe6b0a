package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraint;

/** Budgets of callers that never want the work to end. */
final class Budgets {
  private Budgets() {}

  /** Returns a new budget for reading and compiling a constraint. */
  static WorkBudget compiling() {
    return WorkBudget.ofCompiling(() -> false);
  }

  /** Returns a new budget for one token. */
  static WorkBudget token() {
    return WorkBudget.ofToken(() -> false);
  }

  /** Reads and compiles a constraint. */
  static Program compile(OutputConstraint constraint) {
    WorkBudget budget = compiling();
    return GrammarCompiler.compile(GrammarSource.read(constraint, budget), budget);
  }
}
