package io.github.bitnet4j.cli;

/** The time that a command may take. */
final class TimeBudget {
  private final long end;

  TimeBudget(int seconds) {
    end = System.nanoTime() + seconds * 1_000_000_000L;
  }

  /** Returns the seconds that are left, 0 if none. */
  double left() {
    return Math.max(0, (end - System.nanoTime()) / 1e9);
  }
}
