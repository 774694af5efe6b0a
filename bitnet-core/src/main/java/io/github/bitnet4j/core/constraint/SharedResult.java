package io.github.bitnet4j.core.constraint;

import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that the first caller computes and all callers share. Callers that come meanwhile wait
 * for the first, and each of them can be stopped while it waits. A computation that fails or is
 * stopped leaves nothing: the next caller computes the value itself. Thread-safe.
 */
final class SharedResult<T> {
  private final ReentrantLock computing = new ReentrantLock();
  private volatile @Nullable T value;

  /** Returns the value if it has been computed. */
  Optional<T> value() {
    return Optional.ofNullable(value);
  }

  /**
   * Returns the value.
   *
   * @param budget of the caller, for waiting
   * @param computation computes the value if there is none; must not call this object
   * @throws ConstraintStoppedException if the caller is stopped while it waits
   */
  T get(WorkBudget budget, Supplier<T> computation) {
    T known = value;
    if (known != null) {
      return known;
    }
    budget.acquire(computing);
    try {
      known = value;
      if (known == null) {
        known = computation.get();
        value = known;
      }
      return known;
    } finally {
      computing.unlock();
    }
  }
}
