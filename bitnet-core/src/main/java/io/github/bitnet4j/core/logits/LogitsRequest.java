package io.github.bitnet4j.core.logits;

/** The logits that a choice depends on. All others may be left out, see {@link Logits}. */
public sealed interface LogitsRequest {
  /** Every logit. */
  LogitsRequest ALL = new All();

  /** Every logit. */
  record All() implements LogitsRequest {}

  /**
   * The largest logits and, of those that equal the smallest of them, the ones of the lowest ids.
   *
   * @param count how many, at least 1
   */
  record TopK(int count) implements LogitsRequest {}

  /**
   * The fewest most probable tokens whose probabilities reach {@code topP}.
   *
   * @param temperature above 0
   * @param topP above 0, below 1
   */
  record Nucleus(float temperature, float topP) implements LogitsRequest {}

  /**
   * The logits that are not far below the largest.
   *
   * @param distance how far at most, 0 or more
   */
  record Within(double distance) implements LogitsRequest {}

  /**
   * Some logits of the allowed tokens; all others may be left out.
   *
   * @param allowed bits as in {@link TokenMask}
   * @param need of the allowed tokens, itself not of this kind
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over and not compared
  record Allowed(long[] allowed, LogitsRequest need) implements LogitsRequest {}
}
