package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.ModelConstraints;

/** Checks constraints before a model is loaded. */
public final class ConstraintChecker {
  private ConstraintChecker() {}

  /**
   * Checks the syntax of a constraint, and that nothing in it is unsupported.
   *
   * @throws OutputConstraintException if it cannot be used by any model
   */
  public static void check(OutputConstraint constraint) {
    ModelConstraints.check(constraint);
  }
}
