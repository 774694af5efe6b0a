package io.github.bitnet4j;

/**
 * A step on the way from logits to the next token, in the order that is used if none is set: {@link
 * GenerationConfig.Builder#samplingOrder}. A step does nothing unless its setting asks for it.
 *
 * <p>Penalties come first because they are about the text, not about how it is cut; then the
 * temperature, because what {@link #TOP_P} and the others keep is meant in terms of the
 * probabilities that the draw will use (as in Hugging Face's transformers; llama.cpp has the
 * temperature last); {@link #TOP_N_SIGMA} before the others, because it looks at the spread of all
 * logits; {@link #XTC} last, because it removes probable tokens, which would move what the others
 * measure by.
 *
 * <p>In the formulas, l is the logit of a token and p its probability among the tokens that earlier
 * steps have kept: {@code exp(l / t)} divided by the sum of those, where t is the temperature
 * behind {@link #TEMPERATURE}, and 1 before it. Where tokens are equal, the lower id comes first.
 */
public enum SamplingStep {
  /** Lowers the logits of tokens that occurred lately; {@link Penalties}. */
  PENALTIES,

  /** Lowers the logits of tokens that would continue a repetition; {@link Dry}. */
  DRY,

  /** Divides logits by {@link GenerationConfig.Builder#temperature}. */
  TEMPERATURE,

  /** Keeps the logits close to the largest, in standard deviations: {@code topNSigma}. */
  TOP_N_SIGMA,

  /** Keeps the largest logits: {@code topK}. */
  TOP_K,

  /**
   * Keeps the tokens whose information is nearest to the expected information: {@code typicalP}.
   */
  TYPICAL_P,

  /** Keeps the fewest most probable tokens that reach a probability together: {@code topP}. */
  TOP_P,

  /** Keeps the tokens that are not much less probable than the most probable one: {@code minP}. */
  MIN_P,

  /** Removes the most probable of several probable tokens, now and then; {@link Xtc}. */
  XTC
}
