package io.github.bitnet4j.core.logits;

import io.github.bitnet4j.Logprobs;
import io.github.bitnet4j.Logprobs.Alternative;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.spi.FloatMath;
import java.util.ArrayList;
import java.util.List;

/**
 * Log probabilities of the tokens of a vocabulary: {@code (logit - max) - ln(sum)}, where {@code
 * sum} adds {@link FloatMath#exp} of the float {@code logit - max} of all tokens in a double, in
 * the order of their ids, {@code ln} is {@link StrictMath#log}, and the rest is double. So they are
 * the same bits wherever the logits are. A reusable buffer; not thread-safe.
 */
public final class LogSoftmax {
  private final Ranking ranking = new Ranking();
  private float[] logits = {};
  private float max;
  private double logSum;

  /** Creates a buffer without logits. */
  public LogSoftmax() {}

  /**
   * Reads the logits of a vocabulary, which may change afterwards.
   *
   * @param source holds them from {@code offset} on
   * @param vocabSize how many
   * @throws NonFiniteValueException if one is NaN or infinite
   */
  public void read(float[] source, int offset, int vocabSize) {
    if (logits.length != vocabSize) {
      logits = new float[vocabSize];
    }
    System.arraycopy(source, offset, logits, 0, vocabSize);
    max = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < vocabSize; id++) {
      if (!Float.isFinite(logits[id])) {
        throw Logits.nonFinite(logits[id], id);
      }
      max = Math.max(max, logits[id]);
    }
    double sum = 0;
    for (int id = 0; id < vocabSize; id++) {
      sum += FloatMath.exp(logits[id] - max);
    }
    logSum = StrictMath.log(sum);
  }

  /** Returns the log probability of a token. */
  public double logprob(int id) {
    return ((double) logits[id] - max) - logSum;
  }

  /**
   * Returns the log probability of a token and those of the likeliest ones.
   *
   * @param alternatives how many of these; the whole vocabulary if it is smaller
   */
  public Logprobs logprobs(int id, int alternatives) {
    List<Alternative> likeliest = new ArrayList<>();
    if (alternatives > 0) {
      ranking.fill(logits, null, logits.length);
    }
    for (int rank = 0; rank < Math.min(alternatives, logits.length); rank++) {
      int other = ranking.index(rank);
      likeliest.add(new Alternative(other, logprob(other)));
    }
    return new Logprobs(id, logprob(id), likeliest);
  }
}
