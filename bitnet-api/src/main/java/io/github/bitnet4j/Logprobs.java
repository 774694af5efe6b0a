package io.github.bitnet4j;

import java.util.List;

/**
 * How probable a token was where it stands, and which tokens were likeliest there. Immutable.
 *
 * <p>A log probability is the natural logarithm of a token's part in the softmax of the logits as
 * the model computes them: at temperature 1, before processors, biases, masks and penalties. It is
 * at most 0. It has the same bits on any machine, with any kernels and number of threads, and is
 * within 1e-6 of that of exact arithmetic on these logits if it is above -20, and within a
 * millionth part of itself below.
 *
 * @param id the token's id
 * @param logprob its log probability
 * @param alternatives the likeliest tokens, as many as were asked for, the likeliest first and the
 *     lower id first of equal ones; the token itself may be one of them
 */
public record Logprobs(int id, double logprob, List<Alternative> alternatives) {
  /** Copies the list. */
  public Logprobs {
    alternatives = List.copyOf(alternatives);
  }

  /**
   * A token that could stand there.
   *
   * @param id its id
   * @param logprob its log probability
   */
  public record Alternative(int id, double logprob) {}
}
