package io.github.bitnet4j.core.sampling;

/**
 * Which logits a choice depends on. Whoever computes them may leave out all others, as {@link
 * Logits} says.
 */
public sealed interface LogitNeed {
  /** Every logit. */
  LogitNeed ALL = new All();

  /** Every logit. */
  record All() implements LogitNeed {}

  /**
   * The largest logits and, of those that equal the smallest of them, the ones of the lowest ids.
   *
   * @param count how many, at least 1
   */
  record Largest(int count) implements LogitNeed {}

  /**
   * The fewest most probable tokens whose probabilities reach {@code topP}.
   *
   * @param temperature above 0
   * @param topP above 0, below 1
   */
  record Nucleus(float temperature, float topP) implements LogitNeed {}
}
