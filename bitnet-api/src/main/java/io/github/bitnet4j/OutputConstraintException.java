package io.github.bitnet4j;

import io.github.bitnet4j.tokenizer.file.Printable;

/**
 * An {@link OutputConstraint} that cannot be used: its source has a mistake or asks for something
 * that is not supported, it takes more work than is allowed, or the model's vocabulary cannot write
 * what it demands. The message says which, and where.
 */
public final class OutputConstraintException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception. */
  public OutputConstraintException(String message) {
    super(Printable.message(message));
  }
}
