package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.Xtc;
import java.util.random.RandomGenerator;

/** Removes the most probable tokens now and then, as {@link Xtc} says. */
final class XtcStep {
  private final Xtc xtc;
  private final RandomGenerator random;

  XtcStep(Xtc xtc, RandomGenerator random) {
    this.xtc = xtc;
    this.random = random;
  }

  void apply(Candidates candidates) {
    if (random.nextDouble() >= xtc.probability()) {
      return;
    }
    float[] weights = candidates.weights();
    double limit = xtc.threshold() * candidates.total();
    int last = -1; // the least probable of those that reach the threshold
    for (int position = 0; position < candidates.size(); position++) {
      int index = candidates.index(position);
      if (weights[index] >= limit && (last < 0 || isBehind(candidates, index, last))) {
        last = index;
      }
    }
    candidates.beginSelection();
    for (int position = 0; position < candidates.size(); position++) {
      int index = candidates.index(position);
      if (weights[index] < limit || index == last) {
        candidates.select(index);
      }
    }
    candidates.endSelection();
  }

  private static boolean isBehind(Candidates candidates, int index, int other) {
    float logit = candidates.logit(index);
    float otherLogit = candidates.logit(other);
    return logit < otherLogit || (logit == otherLogit && index > other);
  }
}
