package io.github.bitnet4j;

/** A prompt or conversation that does not fit the context. */
public final class ContextOverflowException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int tokens;
  private final int contextLength;

  /**
   * Creates an exception.
   *
   * @param tokens tokens of the prompt
   * @param contextLength tokens that fit
   */
  public ContextOverflowException(int tokens, int contextLength) {
    super(
        "prompt: expected at most %d tokens (the context length), found %d; shorten it or load with a larger contextLength"
            .formatted(contextLength, tokens));
    this.tokens = tokens;
    this.contextLength = contextLength;
  }

  /** Returns the number of tokens of the prompt. */
  public int tokens() {
    return tokens;
  }

  /** Returns the number of tokens that fit. */
  public int contextLength() {
    return contextLength;
  }
}
