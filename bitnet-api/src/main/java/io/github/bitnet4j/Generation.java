package io.github.bitnet4j;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
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
 * @param logprobs how probable each generated token was, one for each of {@code ids}, or empty if
 *     {@link GenerationConfig.Builder#logprobs} does not ask for it
 * @param promptLogprobs how probable each token of the prompt was but the first: the element {@code
 *     i} belongs to {@code promptIds[i + 1]}. Empty if {@link
 *     GenerationConfig.Builder#promptLogprobs} does not ask for it; fewer if the generation ended
 *     before the prompt was processed
 */
@SuppressWarnings("ArrayRecordComponent") // the arrays are copied in and out, compared by content
public record Generation(
    int[] promptIds,
    int[] ids,
    String text,
    FinishReason finishReason,
    long seed,
    Stats stats,
    List<Logprobs> logprobs,
    List<Logprobs> promptLogprobs) {

  /** Copies the arrays and lists. */
  public Generation {
    promptIds = promptIds.clone();
    ids = ids.clone();
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(finishReason, "finishReason");
    Objects.requireNonNull(stats, "stats");
    logprobs = List.copyOf(logprobs);
    promptLogprobs = List.copyOf(promptLogprobs);
  }

  /** Creates a generation without log probabilities. */
  public Generation(
      int[] promptIds, int[] ids, String text, FinishReason finishReason, long seed, Stats stats) {
    this(promptIds, ids, text, finishReason, seed, stats, List.of(), List.of());
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
        && stats.equals(other.stats)
        && logprobs.equals(other.logprobs)
        && promptLogprobs.equals(other.promptLogprobs);
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
