package io.github.bitnet4j.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Keeps the exception of a failed write, which {@link java.io.PrintStream} hides. */
final class WatchedOutput extends FilterOutputStream {
  static final String UNWRITABLE =
      "standard output: expected to be writable, found it closed or full";

  private volatile @Nullable IOException cause;

  WatchedOutput(OutputStream out) {
    super(out);
  }

  @Override
  public void write(int b) throws IOException {
    try {
      out.write(b);
    } catch (IOException e) {
      throw kept(e);
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      throw kept(e);
    }
  }

  private IOException kept(IOException e) {
    cause = e;
    return e;
  }

  /** Returns why writing failed. */
  IOException failure() {
    IOException reason = cause;
    if (reason == null || reason.getMessage() == null) {
      return new IOException(UNWRITABLE, reason);
    }
    // "Broken pipe" in every language that systems have it in; Windows: "The pipe is being closed".
    return reason.getMessage().toLowerCase(Locale.ROOT).contains("pipe")
        ? new ClosedOutputException(reason)
        : new IOException("standard output: " + reason.getMessage(), reason);
  }
}
