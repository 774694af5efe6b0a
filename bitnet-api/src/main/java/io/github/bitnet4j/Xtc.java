package io.github.bitnet4j;

/**
 * XTC, "exclude top choices": makes texts less predictable. With the given probability, all tokens
 * that are at least as probable as the threshold are removed, but the least probable of them; so it
 * does nothing unless there are two. Whether it acts takes one random number for each token. By
 * p-e-w (pull request 6335 of oobabooga/text-generation-webui, 2024); pull request 9742 of
 * llama.cpp.
 *
 * @param probability how often it acts, 0 to 1; 0 never
 * @param threshold the probability of tokens that can be removed, above 0; at most 0.5, as beyond
 *     there cannot be two
 */
public record Xtc(float probability, float threshold) {
  private static final Xtc NONE = new Xtc(0, 0.1f);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Xtc {
    Settings.check(
        probability >= 0 && probability <= 1, "probability", "a number from 0 to 1", probability);
    Settings.check(
        threshold > 0 && threshold <= 0.5f, "threshold", "above 0 and at most 0.5", threshold);
  }

  /** Returns settings that change nothing: probability 0, and the usual threshold 0.1. */
  public static Xtc none() {
    return NONE;
  }

  /** Returns whether it ever acts. */
  public boolean isActive() {
    return probability > 0;
  }
}
