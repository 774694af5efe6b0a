package io.github.bitnet4j;

import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;

/**
 * A finished continuation. Immutable.
 *
 * <pre>{@code
 * Generation generation = session.generate("Once upon a time");
 * System.out.println(generation.text());
 * System.out.println(generation.finishReason());
 * }</pre>
 *
 * @param promptIds the token ids of the whole prompt
 * @param ids the generated token ids, a final stop token included
 * @param text the generated text; special tokens and a final stop string are left out
 * @param finishReason why it ended
 * @param seed the seed that was used; it gives the same text again with the same prompt and
 *     settings
 * @param stats counts and times
 */
@SuppressWarnings("ArrayRecordComponent") // the arrays are copied in and out, compared by content
public record Generation(
    int[] promptIds, int[] ids, String text, FinishReason finishReason, long seed, Stats stats) {

  /** Copies the arrays. */
  public Generation {
    promptIds = promptIds.clone();
    ids = ids.clone();
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(finishReason, "finishReason");
    Objects.requireNonNull(stats, "stats");
  }

  /** Returns a copy of the token ids of the whole prompt. */
  @Override
  public int[] promptIds() {
    return promptIds.clone();
  }

  /** Returns a copy of the generated token ids. */
  @Override
  public int[] ids() {
    return ids.clone();
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Generation other
        && Arrays.equals(promptIds, other.promptIds)
        && Arrays.equals(ids, other.ids)
        && text.equals(other.text)
        && finishReason == other.finishReason
        && seed == other.seed
        && stats.equals(other.stats);
  }

  @Override
  public int hashCode() {
    return Objects.hash(Arrays.hashCode(ids), text, finishReason, seed);
  }

  @Override
  public String toString() {
    return "Generation[%s after %d tokens: %s]".formatted(finishReason, ids.length, text);
  }

  /**
   * Counts and times of one generation.
   *
   * @param reusedTokens prompt tokens that were already in the KV cache
   * @param prefillTokens prompt tokens that were computed
   * @param prefillTime time from the start to the choice of the first new token, waiting for other
   *     sessions included
   * @param decodeTokens new tokens after the first
   * @param decodeTime time for computing and choosing those
   * @param draftedTokens tokens that were guessed and computed ahead, see {@link
   *     GenerationConfig.Builder#speculation}
   * @param acceptedTokens guesses that came true
   */
  public record Stats(
      int reusedTokens,
      int prefillTokens,
      Duration prefillTime,
      int decodeTokens,
      Duration decodeTime,
      int draftedTokens,
      int acceptedTokens) {
    /** Returns the prompt tokens computed per second, 0 if there were none. */
    public double prefillTokensPerSecond() {
      return perSecond(prefillTokens, prefillTime);
    }

    /** Returns the new tokens computed per second after the first, 0 if there were none. */
    public double decodeTokensPerSecond() {
      return perSecond(decodeTokens, decodeTime);
    }

    /** Returns the part of the guessed tokens that came true, from 0 to 1; 0 if there were none. */
    public double acceptance() {
      return draftedTokens == 0 ? 0 : (double) acceptedTokens / draftedTokens;
    }

    private static double perSecond(int tokens, Duration time) {
      return tokens == 0 || time.isZero() ? 0 : tokens * 1e9 / time.toNanos();
    }
  }
}
