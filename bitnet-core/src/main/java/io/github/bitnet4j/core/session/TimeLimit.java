package io.github.bitnet4j.core.session;

import java.time.Duration;
import java.util.Optional;

/** How long something may take, by {@link System#nanoTime}. */
record TimeLimit(long start, long nanos) {
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  /** Returns a limit that runs from a time on; without a duration, as good as none. */
  static TimeLimit of(Optional<Duration> duration, long start) {
    return new TimeLimit(
        start, duration.filter(d -> d.compareTo(LONGEST) < 0).orElse(LONGEST).toNanos());
  }

  boolean isOver() {
    return nanos != Long.MAX_VALUE && System.nanoTime() - start >= nanos;
  }
}
