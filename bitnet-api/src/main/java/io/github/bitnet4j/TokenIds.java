package io.github.bitnet4j;

/**
 * The token ids of a text so far, prompt and continuation, as a {@link LogitsProcessor} sees them:
 * a view that is valid during the call only.
 */
public interface TokenIds {
  /** Returns the number of tokens, at least 1. */
  int size();

  /** Returns how many of the tokens, from the first on, are the prompt. */
  int promptSize();

  /**
   * Returns the id of a token.
   *
   * @param index from 0 for the first token of the prompt
   * @throws IndexOutOfBoundsException if there is no such token
   */
  int get(int index);
}
