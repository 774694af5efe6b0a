package io.github.bitnet4j.core.logits;

import io.github.bitnet4j.core.logits.LogitsRequest.Nucleus;
import io.github.bitnet4j.spi.FloatMath;

/**
 * Decides whether candidates are enough to cut a nucleus, when of all other logits only bounds are
 * known.
 *
 * <p>The cut depends on the other logits only by the sum of all weights. The bounds give an
 * interval for it; if both ends cut at the same place, so does the sum.
 */
public final class NucleusProof {
  /** Ratio of two results of {@link FloatMath#exp} that an error of 1.5 ulp each can turn round. */
  private static final double EXP_ERROR = 0x1p-20;

  /** More than the relative error of a double sum of 2^20 terms. */
  private static final double SUM_ERROR = 0x1p-30;

  /** A weight of e^-30 or less is not worth an exponential. */
  private static final float NEGLIGIBLE = -30;

  private static final double NEGLIGIBLE_WEIGHT = 1e-13;

  private final Ranking ranking = new Ranking();

  /**
   * Returns whether the candidates decide, and then sets their {@link Logits#total}.
   *
   * @param candidates with their logits
   * @param certain how many ranks the candidates fill for certain; at least 1
   * @param lower bounds of the logits of all tokens, at {@code offset}
   * @param upper as {@code lower}
   */
  public boolean decides(
      Logits candidates,
      int certain,
      Nucleus nucleus,
      float[] lower,
      float[] upper,
      int offset,
      int vocabSize) {
    float[] values = candidates.values();
    ranking.fill(values, null, candidates.count());
    float max = values[ranking.index(0)];
    float temperature = nucleus.temperature();
    double known = 0;
    double least = 0;
    double most = 0;
    int next = 0;
    for (int id = 0; id < vocabSize; id++) {
      if (next < candidates.count() && candidates.id(next) == id) {
        known += Logits.weight(values[next++], max, temperature);
        continue;
      }
      float high = Math.min(upper[offset + id], max); // no logit is above the largest
      if ((high - max) / temperature < NEGLIGIBLE) {
        most += NEGLIGIBLE_WEIGHT;
      } else {
        most += Logits.weight(high, max, temperature);
        least += Logits.weight(lower[offset + id], max, temperature);
      }
    }
    double low = (known + least * (1 - EXP_ERROR)) * (1 - SUM_ERROR);
    double high = (known + most * (1 + EXP_ERROR)) * (1 + SUM_ERROR);
    double kept = 0;
    for (int rank = 0; rank < certain; rank++) {
      kept += Logits.weight(values[ranking.index(rank)], max, temperature);
      if (kept >= nucleus.topP() * low) {
        candidates.setTotal(low);
        return kept >= nucleus.topP() * high;
      }
    }
    return false;
  }
}
