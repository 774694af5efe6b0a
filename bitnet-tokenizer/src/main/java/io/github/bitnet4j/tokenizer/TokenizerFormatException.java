package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.file.Printable;
import java.io.IOException;

/** A tokenizer file that cannot be used; the message names the file, the place and the fault. */
public final class TokenizerFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with file, place and fault as its message. */
  public TokenizerFormatException(String message) {
    super(Printable.message(message));
  }
}
