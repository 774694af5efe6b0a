package io.github.bitnet4j;

import java.util.Arrays;

/**
 * How probable a model finds a text or a continuation. Immutable.
 *
 * @param ids the token ids that were scored, at least one: not those that only stand before them
 * @param logprobs the log probability of each after all tokens before it, as {@link Logprobs} says
 */
@SuppressWarnings("ArrayRecordComponent") // the arrays are copied in and out, compared by content
public record Score(int[] ids, double[] logprobs) {
  /**
   * Copies the arrays.
   *
   * @throws IllegalArgumentException if they are empty or of different lengths
   */
  public Score {
    Settings.check(ids.length > 0, "ids", "at least one", "none");
    Settings.check(logprobs.length == ids.length, "logprobs", "one for each id", logprobs.length);
    ids = ids.clone();
    logprobs = logprobs.clone();
  }

  /** Returns a copy of the token ids that were scored. */
  @Override
  public int[] ids() {
    return ids.clone();
  }

  /** Returns a copy of the log probabilities. */
  @Override
  public double[] logprobs() {
    return logprobs.clone();
  }

  /** Returns the number of tokens that were scored. */
  public int tokens() {
    return ids.length;
  }

  /**
   * Returns the log probability of all tokens together: the sum of theirs, added in their order. Of
   * several continuations of one prompt, the one with the largest sum is the likeliest.
   */
  public double sum() {
    double sum = 0;
    for (double logprob : logprobs) {
      sum += logprob;
    }
    return sum;
  }

  /** Returns the mean log probability of a token, for comparing texts of different lengths. */
  public double mean() {
    return sum() / ids.length;
  }

  /** Returns the perplexity: e to the power of the negated {@link #mean}; 1 or more. */
  public double perplexity() {
    return StrictMath.exp(-mean());
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Score other
        && Arrays.equals(ids, other.ids)
        && Arrays.equals(logprobs, other.logprobs);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(ids) + Arrays.hashCode(logprobs);
  }

  @Override
  public String toString() {
    return "Score[%d tokens, sum %s, perplexity %s]".formatted(tokens(), sum(), perplexity());
  }
}
