package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;

/**
 * Counts the steps of reading one constraint and ends it when there are too many. Not thread-safe.
 */
final class ReadingWork {
  /** The most steps: about two seconds. */
  private static final long MAX_STEPS = 3_000_000;

  private final String what;
  private long steps;

  /**
   * Creates a counter at 0.
   *
   * @param what names the constraint in messages
   */
  ReadingWork(String what) {
    this.what = what;
  }

  /**
   * Counts some steps.
   *
   * @throws OutputConstraintException if there have been too many
   */
  void spend(long more) {
    steps += more;
    if (steps > MAX_STEPS) {
      throw new OutputConstraintException(
          "%s: expected at most %d steps to read it, found more; simplify what it combines"
              .formatted(what, MAX_STEPS));
    }
  }
}
