package io.github.bitnet4j.kernels.vector;

import java.util.Arrays;

/**
 * The rows of activations that something was last made of. The layers that share an input, and the
 * units of a layer, come one after the other: then it need not be made again.
 */
final class LastInput {
  private byte[] rows = {};
  private int tokens;
  private int columns;

  /**
   * Returns whether these are the rows of the last time. If not, those are forgotten until {@link
   * #set} is called.
   *
   * @param x the rows start at {@code xOffset}
   * @param tokens number of rows, at least 1
   */
  boolean is(LookupMatrix w, byte[] x, int xOffset, int tokens) {
    int bytes = tokens * w.columns();
    boolean same =
        tokens == this.tokens
            && w.columns() == columns
            && Arrays.equals(rows, 0, bytes, x, xOffset, xOffset + bytes);
    if (!same) {
      this.tokens = 0;
    }
    return same;
  }

  /** Remembers rows, once all is made of them. */
  void set(LookupMatrix w, byte[] x, int xOffset, int tokens) {
    int bytes = tokens * w.columns();
    if (rows.length < bytes) {
      rows = new byte[bytes];
    }
    System.arraycopy(x, xOffset, rows, 0, bytes);
    this.tokens = tokens;
    columns = w.columns();
  }
}
