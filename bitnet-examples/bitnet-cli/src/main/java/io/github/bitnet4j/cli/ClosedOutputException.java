package io.github.bitnet4j.cli;

import java.io.IOException;

/**
 * Nobody reads the output any more, as after {@code | head}: the command ends without a message.
 */
final class ClosedOutputException extends IOException {
  private static final long serialVersionUID = 1L;

  ClosedOutputException(IOException cause) {
    super("standard output: the reader has closed it", cause);
  }
}
