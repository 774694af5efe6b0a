package io.github.bitnet4j;

/**
 * Changes the logits before a token is chosen: the place for rules that depend on the text so far.
 * What all tokens have in common, such as {@link GenerationConfig.Builder#bannedIds}, is a setting.
 *
 * <pre>{@code
 * LogitsProcessor atLeast20Tokens =
 *     (ids, logits) -> {
 *       if (ids.size() - ids.promptSize() < 20) {
 *         for (int stopId : model.info().stopIds()) {
 *           logits[stopId] = Float.NEGATIVE_INFINITY;
 *         }
 *       }
 *     };
 * }</pre>
 */
@FunctionalInterface
public interface LogitsProcessor {
  /**
   * Changes logits in place. It is called once for each token, in the order of the text, with the
   * logits that the model computed and processors before it have changed.
   *
   * <p>Negative infinity masks a token: it is not chosen. A NaN or positive infinity ends the
   * generation with an {@link IllegalStateException}; an exception thrown here passes through.
   *
   * @param ids the text so far; must not be kept
   * @param logits one value for each token of the vocabulary; must not be kept
   */
  void process(TokenIds ids, float[] logits);
}
