package io.github.bitnet4j.core.session;

/**
 * What forward passes of a few rows cost on this machine, relative to a pass of one row: learned
 * from the passes themselves. It decides how fast tokens come, never which. Belongs to one session.
 */
class PassCosts {
  /** Rows of the largest pass that verifies guesses: as many as the head screens at once. */
  static final int MAX_ROWS = 8;

  /** A pass with guesses must promise this many tokens for the time of one. */
  static final double WORTHWHILE = 1.1;

  /** What each further row is taken to cost until it is known. */
  private static final double EXPECTED_SLOPE = 0.4;

  private static final double LEARNING_RATE = 1.0 / 8;

  /** How fast what was learned from a pass is forgotten while no such pass is made. */
  private static final double FORGETTING_RATE = 1.0 / 512;

  /** One pass that took longer than this many times what was expected was held up by others. */
  private static final double MAX_SURPRISE = 2;

  private final double[] costs = new double[MAX_ROWS + 1];
  private double nanosOfOneRow;

  PassCosts() {
    for (int rows = 1; rows <= MAX_ROWS; rows++) {
      costs[rows] = expected(rows);
    }
  }

  private static double expected(int rows) {
    return 1 + EXPECTED_SLOPE * (rows - 1);
  }

  /** Returns the cost of a pass, 1 for one row. */
  double of(int rows) {
    return costs[rows];
  }

  /** Takes in the time of a pass. */
  void add(int rows, long nanos) {
    if (rows == 1) {
      nanosOfOneRow =
          nanosOfOneRow == 0
              ? nanos
              : nanosOfOneRow
                  + LEARNING_RATE
                      * (Math.min((double) nanos, MAX_SURPRISE * nanosOfOneRow) - nanosOfOneRow);
    } else if (nanosOfOneRow > 0) {
      double cost = Math.min(nanos / nanosOfOneRow, MAX_SURPRISE * costs[rows]);
      costs[rows] += LEARNING_RATE * (cost - costs[rows]);
    }
    for (int other = 2; other <= MAX_ROWS; other++) {
      if (other != rows) {
        costs[other] += FORGETTING_RATE * (expected(other) - costs[other]);
      }
    }
  }
}
