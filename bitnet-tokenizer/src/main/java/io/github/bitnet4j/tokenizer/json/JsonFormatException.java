package io.github.bitnet4j.tokenizer.json;

import io.github.bitnet4j.tokenizer.file.Printable;
import java.io.IOException;

/** A JSON document that cannot be read; the message names the line, the column and the fault. */
public final class JsonFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with the place and the fault as its message. */
  public JsonFormatException(String message) {
    super(Printable.message(message));
  }
}
