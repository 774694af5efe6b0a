package io.github.bitnet4j.core.logits;

import io.github.bitnet4j.TraceListener;
import org.jspecify.annotations.Nullable;

/** The logits that a sequence requests from the forward passes over its new tokens. */
public sealed interface PassOutput {
  /** No logits. */
  PassOutput NOTHING = new Nothing();

  /** No logits: only keys and values are computed. */
  record Nothing() implements PassOutput {}

  /**
   * The logits after each of the last tokens, to choose the next ones. Reused from pass to pass;
   * not thread-safe.
   */
  final class LastTokens implements PassOutput {
    private final Logits[] logits;
    private LogitsRequest need = LogitsRequest.ALL;
    private int count;

    /**
     * Creates an output for no tokens.
     *
     * @param logits receive the logits, in the order of the tokens
     */
    public LastTokens(Logits... logits) {
      this.logits = logits;
    }

    /**
     * Sets what is requested, and returns this.
     *
     * @param need which logits the choice depends on
     * @param count number of tokens, at most the number of buffers and 128
     */
    public LastTokens set(LogitsRequest need, int count) {
      this.need = need;
      this.count = count;
      return this;
    }

    /** Returns which logits the choice depends on. */
    public LogitsRequest need() {
      return need;
    }

    /** Returns the number of tokens. */
    public int count() {
      return count;
    }

    /**
     * Returns the buffer for the logits after a token.
     *
     * @param token number among the requested tokens, from 0
     */
    public Logits logits(int token) {
      return logits[token];
    }
  }

  /**
   * The logits after each token, computed a few rows at a time, so that their memory is bounded.
   *
   * @param from the first position whose logits are requested; at least the length of the cache
   * @param rows receives them, in the order of positions; must not start a pass
   */
  record EachToken(int from, LogitRows rows) implements PassOutput {}

  /**
   * The logits after all tokens of a single pass.
   *
   * @param logits receives {@code [new tokens x vocabSize]}
   * @param trace receives every intermediate value, if given
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over and not compared
  record AllTokens(float[] logits, @Nullable TraceListener trace) implements PassOutput {}
}
