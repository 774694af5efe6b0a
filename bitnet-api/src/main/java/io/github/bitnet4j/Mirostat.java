package io.github.bitnet4j;

/**
 * Mirostat, version 2: draws tokens so that their surprise, {@code -log2 p}, is {@code tau} bits on
 * average. It keeps the tokens with a surprise of at most mu, or the most probable one if there is
 * none, draws among them, and with s, the surprise of the drawn token among the kept, sets
 *
 * <pre>
 *   mu = mu - eta * (s - tau)
 * </pre>
 *
 * <p>where mu is {@code 2 * tau} at first. Basu and others, "Mirostat: A Neural Text Decoding
 * Algorithm that Directly Controls Perplexity" (2021), as llama.cpp computes it: s is that of the
 * probability among the kept tokens.
 *
 * <p>It replaces the draw at the end, so it sees what the steps before have kept. With it,
 * temperature alone is usual.
 *
 * @param tau the surprise to aim at, in bits, above 0; 5 is usual
 * @param eta how fast mu follows, above 0; 0.1 is usual
 */
public record Mirostat(float tau, float eta) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Mirostat {
    Settings.check(tau > 0 && Float.isFinite(tau), "tau", "a finite number above 0", tau);
    Settings.check(eta > 0 && Float.isFinite(eta), "eta", "a finite number above 0", eta);
  }
}
