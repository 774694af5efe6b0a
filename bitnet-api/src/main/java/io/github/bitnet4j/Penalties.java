package io.github.bitnet4j;

/**
 * Lowers the logits of tokens that occur among the last tokens of prompt and continuation. With n
 * occurrences of a token there, n above 0, its logit l becomes
 *
 * <pre>
 *   l / repetition - (n * frequency + presence)    if l is above 0
 *   l * repetition - (n * frequency + presence)    if not
 * </pre>
 *
 * <p>Repetition is that of CTRL (Keskar and others, "CTRL: A Conditional Transformer Language Model
 * for Controllable Generation", 2019, section 4.1) as Hugging Face's transformers and llama.cpp
 * compute it; presence and frequency are those of OpenAI's API, with the tokens that llama.cpp
 * counts: the prompt's too.
 *
 * @param repetition what logits are divided or multiplied by, above 0; 1 changes nothing, less than
 *     1 favours repetition
 * @param presence what is subtracted once, any finite number; 0 changes nothing
 * @param frequency what is subtracted for each occurrence, any finite number; 0 changes nothing
 * @param window how many of the last tokens count, 1 or more
 */
public record Penalties(float repetition, float presence, float frequency, int window) {
  /** The window if none is set. */
  public static final int DEFAULT_WINDOW = 64;

  private static final Penalties NONE = new Penalties(1, 0, 0, DEFAULT_WINDOW);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Penalties {
    Settings.check(
        repetition > 0 && Float.isFinite(repetition),
        "repetition",
        "a finite number above 0",
        repetition);
    Settings.check(Float.isFinite(presence), "presence", "a finite number", presence);
    Settings.check(Float.isFinite(frequency), "frequency", "a finite number", frequency);
    Settings.check(window >= 1, "window", "1 or more", window);
  }

  /** Returns penalties that change nothing, with a window of 64. */
  public static Penalties none() {
    return NONE;
  }

  /** Returns these with another repetition penalty; 1.05 to 1.2 are usual. */
  public Penalties withRepetition(float repetition) {
    return new Penalties(repetition, presence, frequency, window);
  }

  /** Returns these with another presence penalty; 0.1 to 1 are usual. */
  public Penalties withPresence(float presence) {
    return new Penalties(repetition, presence, frequency, window);
  }

  /** Returns these with another frequency penalty; 0.1 to 1 are usual. */
  public Penalties withFrequency(float frequency) {
    return new Penalties(repetition, presence, frequency, window);
  }

  /** Returns these with another window; {@link Integer#MAX_VALUE} for the whole text. */
  public Penalties withWindow(int window) {
    return new Penalties(repetition, presence, frequency, window);
  }

  /** Returns whether they change any logit. */
  public boolean isActive() {
    return repetition != 1 || presence != 0 || frequency != 0;
  }
}
