package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * The work that one caller may still do: reading and compiling a constraint, or computing the
 * tokens that may come next. Work is counted in units of at most about 100 ns; every few thousand
 * units the caller is asked whether to stop. Belongs to one thread.
 */
final class WorkBudget {
  /** The work of reading and compiling one constraint: one to a few seconds. */
  static final long COMPILE_UNITS = 20_000_000;

  /** The work from one token to the next: about a second. */
  static final long TOKEN_UNITS = 20_000_000;

  /** How many units are done before the caller is asked again: less than a millisecond. */
  private static final int UNITS_PER_POLL = 1 << 12;

  /** How long a thread waits for a lock before the caller is asked again. */
  private static final long POLL_MILLIS = 2;

  private static final String TOO_COMPLEX =
      "the constraint is too complex: expected at most %d steps to compile it, found more; make it smaller or nest less in it"
          .formatted(COMPILE_UNITS);

  private static final String TOO_AMBIGUOUS =
      "the constraint is too ambiguous: expected at most %d steps to find the next tokens, found more"
          .formatted(TOKEN_UNITS);

  private final String exhausted;
  private final BooleanSupplier stopped;
  private long left;
  private long nextPoll;

  private WorkBudget(long units, String exhausted, BooleanSupplier stopped) {
    this.exhausted = exhausted;
    this.stopped = stopped;
    left = units;
    nextPoll = units;
  }

  /**
   * Returns a budget of {@link #COMPILE_UNITS}.
   *
   * @param stopped returns whether the caller wants the work to end; called on the working thread
   */
  static WorkBudget ofCompiling(BooleanSupplier stopped) {
    return new WorkBudget(COMPILE_UNITS, TOO_COMPLEX, stopped);
  }

  /**
   * Returns a budget of {@link #TOKEN_UNITS}.
   *
   * @param stopped returns whether the caller wants the work to end; called on the working thread
   */
  static WorkBudget ofToken(BooleanSupplier stopped) {
    return new WorkBudget(TOKEN_UNITS, TOO_AMBIGUOUS, stopped);
  }

  /** Returns a budget without a limit on the work, which the caller can still stop. */
  static WorkBudget unlimited(BooleanSupplier stopped) {
    return new WorkBudget(Long.MAX_VALUE, "", stopped);
  }

  /**
   * Records units of work that is done or about to be done.
   *
   * @throws OutputConstraintException if the budget is used up
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  void spend(long units) {
    left -= units;
    if (left < nextPoll) {
      check();
    }
  }

  private void check() {
    if (left < 0) {
      throw new OutputConstraintException(exhausted);
    }
    poll();
    nextPoll = Math.max(0, left - UNITS_PER_POLL);
  }

  /**
   * Acquires a lock. A caller that wants the work to end does not wait for it any longer.
   *
   * @throws ConstraintStoppedException if the caller wants the work to end, or the thread is
   *     interrupted while it waits; its interrupt status is kept
   */
  void acquire(ReentrantLock lock) {
    if (lock.tryLock()) {
      return;
    }
    try {
      while (!lock.tryLock(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        poll();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ConstraintStoppedException();
    }
  }

  private void poll() {
    if (stopped.getAsBoolean()) {
      throw new ConstraintStoppedException();
    }
  }
}
