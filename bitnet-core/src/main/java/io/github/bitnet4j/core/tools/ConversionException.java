package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.tokenizer.file.Printable;
import java.io.IOException;
import java.nio.file.Path;

/** A sound model that cannot be written in the format that was asked for. */
public final class ConversionException extends IOException {
  private static final long serialVersionUID = 1L;

  ConversionException(Path model, String problem) {
    super(Printable.message(model + ": " + problem));
  }
}
