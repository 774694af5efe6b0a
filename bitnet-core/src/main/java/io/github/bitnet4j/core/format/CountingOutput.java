package io.github.bitnet4j.core.format;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Knows how many bytes went through it. */
final class CountingOutput extends FilterOutputStream {
  private long count;

  CountingOutput(OutputStream out) {
    super(out);
  }

  /** Returns the number of bytes written so far. */
  long count() {
    return count;
  }

  @Override
  public void write(int b) throws IOException {
    out.write(b);
    count++;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    out.write(bytes, offset, length);
    count += length;
  }

  /** Writes the content of a tensor and makes sure that it is complete. */
  void write(String name, long bytes, TensorContent content) throws IOException {
    long start = count;
    content.writeTo(this);
    if (count - start != bytes) {
      throw new AssertionError(name + ": " + (count - start) + " bytes instead of " + bytes);
    }
  }

  /** Writes zeros up to a multiple of {@code alignment}. */
  void pad(int alignment) throws IOException {
    while (count % alignment != 0) {
      write(0);
    }
  }
}
