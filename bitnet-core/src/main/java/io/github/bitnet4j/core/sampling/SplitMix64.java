package io.github.bitnet4j.core.sampling;

import java.util.random.RandomGenerator;

/**
 * The SplitMix64 generator (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators",
 * 2014). Spelled out here because a seed must give the same text on every JVM, and neighbouring
 * seeds must give unrelated texts; no generator of the JDK promises both.
 */
public final class SplitMix64 implements RandomGenerator {
  private long state;

  /** Creates a generator; every seed gives its own sequence. */
  public SplitMix64(long seed) {
    state = seed;
  }

  @Override
  public long nextLong() {
    state += 0x9E3779B97F4A7C15L;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** Returns a number from 0 (inclusive) to 1 (exclusive): the upper 53 bits of the next long. */
  @Override
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1p-53;
  }
}
