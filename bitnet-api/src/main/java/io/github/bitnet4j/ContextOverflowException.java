package io.github.bitnet4j;

/** A prompt, conversation or continuation that does not fit the context. */
public final class ContextOverflowException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int tokens;
  private final int contextLength;

  /**
   * Creates an exception for a prompt.
   *
   * @param tokens tokens of the prompt
   * @param contextLength tokens that fit
   */
  public ContextOverflowException(int tokens, int contextLength) {
    this(
        "prompt: expected at most %d tokens (the context length), found %d; shorten it or load with a larger contextLength"
            .formatted(contextLength, tokens),
        tokens,
        contextLength);
  }

  private ContextOverflowException(String message, int tokens, int contextLength) {
    super(message);
    this.tokens = tokens;
    this.contextLength = contextLength;
  }

  /**
   * Returns an exception for a continuation that filled the context and goes on, see {@link
   * OverflowPolicy#FAIL}.
   *
   * @param contextLength tokens that fit
   */
  public static ContextOverflowException ofContinuation(int contextLength) {
    return new ContextOverflowException(
        "continuation: expected it to end within %d tokens (the context length, prompt included), found that it goes on; use another OverflowPolicy or load with a larger contextLength"
            .formatted(contextLength),
        contextLength + 1,
        contextLength);
  }

  /** Returns the number of tokens of the prompt; of prompt and continuation if that failed. */
  public int tokens() {
    return tokens;
  }

  /** Returns the number of tokens that fit. */
  public int contextLength() {
    return contextLength;
  }
}
