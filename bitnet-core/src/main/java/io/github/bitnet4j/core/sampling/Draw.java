package io.github.bitnet4j.core.sampling;

import java.util.random.RandomGenerator;

/** Draws a candidate by the probabilities. */
final class Draw {
  private Draw() {}

  /** Returns the index of the drawn candidate. Takes one random number. */
  static int draw(Candidates candidates, RandomGenerator random) {
    double left = random.nextDouble() * candidates.total();
    float[] weights = candidates.weights();
    int last = candidates.index(0);
    for (int position = 0; position < candidates.size(); position++) {
      int index = candidates.index(position);
      if (weights[index] > 0) {
        left -= weights[index];
        last = index;
        if (left < 0) {
          return index;
        }
      }
    }
    return last; // rounding may leave a little over
  }
}
