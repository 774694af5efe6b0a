package io.github.bitnet4j;

/**
 * Hears how much of a prompt has been processed; see {@link GenerationConfig.Builder#onPrefill}.
 */
@FunctionalInterface
public interface PrefillListener {
  /**
   * Called after each pass over a part of the prompt, at most 128 tokens, on the thread that
   * generates. The last call of a prompt that is processed to its end has {@code done == total}. An
   * exception ends the generation and passes through.
   *
   * @param done tokens of the prompt that are processed, those that were in the KV cache already
   *     included
   * @param total tokens of the whole prompt
   */
  void onPrefill(int done, int total);
}
