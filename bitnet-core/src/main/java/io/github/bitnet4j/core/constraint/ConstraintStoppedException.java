package io.github.bitnet4j.core.constraint;

/**
 * The work for a constraint has ended early because the generation that needs it is cancelled or
 * has reached its time limit. Never leaves the session: the generation ends with its reason.
 */
public final class ConstraintStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ConstraintStoppedException() {
    super("the work for a constraint was stopped", null, false, false);
  }
}
