package io.github.bitnet4j;

import java.util.List;

/**
 * DRY, "don't repeat yourself": lowers the logit of a token that would continue a repetition, the
 * more the longer the repetition is. If the last n tokens of the text, n at least {@code
 * allowedLength}, occur earlier and a token follows them there, the token's logit is lowered by
 *
 * <pre>
 *   multiplier * base^(n - allowedLength)
 * </pre>
 *
 * <p>with the largest n, where it follows several times. A repetition reaches back to the last
 * sequence breaker at most, and a breaker is never penalized. By p-e-w (pull request 5677 of
 * oobabooga/text-generation-webui, 2024); as in pull request 9702 of llama.cpp but for two things:
 * a breaker is looked for in the text of single tokens, so one that spans tokens breaks no
 * sequence; and special tokens and the model's stop tokens are breakers always, so that the end of
 * a turn is never penalized.
 *
 * @param multiplier the penalty of the shortest repetitions, 0 or more; 0 changes nothing
 * @param base what each further token multiplies the penalty by, 1 or more
 * @param allowedLength tokens that may be repeated without penalty for the next, 1 or more
 * @param window how many of the last tokens of prompt and continuation are looked at, 1 or more
 * @param sequenceBreakers texts; tokens that contain one are breakers. They need a model with a
 *     tokenizer
 */
public record Dry(
    float multiplier, float base, int allowedLength, int window, List<String> sequenceBreakers) {
  /** The breakers if none are set: the end of a line, colon, quotation mark, asterisk. */
  public static final List<String> DEFAULT_BREAKERS = List.of("\n", ":", "\"", "*");

  private static final Dry NONE = new Dry(0, 1.75f, 2, Integer.MAX_VALUE, DEFAULT_BREAKERS);

  /**
   * Checks the values and copies the list.
   *
   * @throws IllegalArgumentException if one is out of range, or a breaker is empty
   */
  public Dry {
    Settings.check(
        multiplier >= 0 && Float.isFinite(multiplier),
        "multiplier",
        "a finite number, 0 or more",
        multiplier);
    Settings.check(base >= 1 && Float.isFinite(base), "base", "a finite number, 1 or more", base);
    Settings.check(allowedLength >= 1, "allowedLength", "1 or more", allowedLength);
    Settings.check(window >= 1, "window", "1 or more", window);
    sequenceBreakers = List.copyOf(sequenceBreakers);
    for (String breaker : sequenceBreakers) {
      Settings.check(!breaker.isEmpty(), "sequenceBreakers", "no empty strings", "\"\"");
    }
  }

  /** Returns settings that change nothing: multiplier 0; the rest is what is usual. */
  public static Dry none() {
    return NONE;
  }

  /** Returns these with another multiplier; 0.8 is usual. */
  public Dry withMultiplier(float multiplier) {
    return new Dry(multiplier, base, allowedLength, window, sequenceBreakers);
  }

  /** Returns these with another base; 1.75 if not set. */
  public Dry withBase(float base) {
    return new Dry(multiplier, base, allowedLength, window, sequenceBreakers);
  }

  /** Returns these with another allowed length; 2 if not set. */
  public Dry withAllowedLength(int allowedLength) {
    return new Dry(multiplier, base, allowedLength, window, sequenceBreakers);
  }

  /** Returns these with another window; the whole text if not set. */
  public Dry withWindow(int window) {
    return new Dry(multiplier, base, allowedLength, window, sequenceBreakers);
  }

  /** Returns these with other sequence breakers, or without any; see {@link #DEFAULT_BREAKERS}. */
  public Dry withSequenceBreakers(String... sequenceBreakers) {
    return new Dry(multiplier, base, allowedLength, window, List.of(sequenceBreakers));
  }

  /** Returns whether they change any logit. */
  public boolean isActive() {
    return multiplier > 0;
  }
}
