package io.github.bitnet4j.core.sampling;

/** Pearson's test of whether numbers of draws fit probabilities. */
final class ChiSquare {
  private ChiSquare() {}

  /** Returns whether they fit. A fit is refused by chance about 3 times in a million. */
  static boolean fits(long[] counts, double[] expected) {
    long draws = 0;
    for (long count : counts) {
      draws += count;
    }
    double statistic = 0;
    int degrees = -1;
    for (int id = 0; id < expected.length; id++) {
      if (expected[id] == 0) {
        if (counts[id] > 0) {
          return false;
        }
      } else {
        double mean = expected[id] * draws;
        statistic += (counts[id] - mean) * (counts[id] - mean) / mean;
        degrees++;
      }
    }
    return statistic <= limit(degrees);
  }

  /** Wilson and Hilferty's approximation, 4.5 standard deviations out. */
  static double limit(int degrees) {
    if (degrees == 0) {
      return 0;
    }
    double k = 2.0 / (9 * degrees);
    return degrees * Math.pow(1 - k + 4.5 * Math.sqrt(k), 3);
  }
}
