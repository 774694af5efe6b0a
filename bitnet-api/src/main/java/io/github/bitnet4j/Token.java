package io.github.bitnet4j;

import java.util.Objects;
import java.util.Optional;

/**
 * One generated token.
 *
 * @param id its id, from 0 to the vocabulary size less one
 * @param text the text that became certain with this token. It is often, but not always, the
 *     token's own text: bytes of an unfinished character and the beginning of a possible stop
 *     string are held back and come with a later token. The texts of all tokens joined are {@link
 *     Generation#text()}. Empty for special tokens and for models without a tokenizer.
 * @param logprobs how probable it was, if {@link GenerationConfig.Builder#logprobs} asks for it
 */
public record Token(int id, String text, Optional<Logprobs> logprobs) {
  /** Checks that nothing is null. */
  public Token {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(logprobs, "logprobs");
  }

  /** Creates a token of which no log probability is known. */
  public Token(int id, String text) {
    this(id, text, Optional.empty());
  }
}
