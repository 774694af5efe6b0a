package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.core.logits.Ranking;

/**
 * Keeps the most typical tokens.
 *
 * <p>With x the exponent of a token's weight, {@code -ln p} is {@code ln(total) - x}, and the
 * entropy, its mean, is {@code ln(total)} less the mean of x. So a token is as typical as its x is
 * near to the mean of x, and no logarithm is needed.
 */
final class TypicalStep {
  private final float p;
  private final Ranking ranking = new Ranking();

  /** How typical a token is, by index; 0 is the most. */
  private float[] typicality = {};

  TypicalStep(float p) {
    this.p = p;
  }

  void apply(Candidates candidates) {
    int size = candidates.size();
    float[] weights = candidates.weights();
    double total = 0;
    double sum = 0;
    for (int position = 0; position < size; position++) {
      int index = candidates.index(position);
      if (weights[index] > 0) {
        total += weights[index];
        sum += (double) weights[index] * candidates.exponent(index);
      }
    }
    double mean = sum / total;
    if (typicality.length < candidates.indexBound()) {
      typicality = new float[candidates.indexBound()];
    }
    for (int position = 0; position < size; position++) {
      int index = candidates.index(position);
      typicality[index] = (float) -Math.abs(candidates.exponent(index) - mean);
    }
    candidates.rank(ranking, typicality);
    candidates.beginSelection();
    double kept = 0;
    for (int rank = 0; rank < size && kept < p * total; rank++) {
      int index = ranking.index(rank);
      kept += weights[index];
      candidates.select(index);
    }
    candidates.endSelection();
  }
}
