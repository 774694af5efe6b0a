package io.github.bitnet4j.core.head;

import io.github.bitnet4j.spi.DenseMatrix;
import java.lang.foreign.MemorySegment;

/**
 * Keeps a large matrix in a mapped file out of the process's resident memory when only some of its
 * rows are read. For each of them the system makes several pages around it resident (64 KB on
 * Linux), so after a while the whole matrix would be. Pages that were given back stay in the
 * system's page cache; reading them again costs microseconds.
 *
 * <p>For one thread at a time.
 */
public final class PageReleaser {
  /** Rows after which the pages are given back: with 64 KB each, 8 MB are resident at most. */
  static final int MAX_ROWS = 128;

  private final MemorySegment data;
  private int rows;

  public PageReleaser(DenseMatrix matrix) {
    data = matrix.data();
  }

  /** Records that some rows were read, far from all. */
  public void read(int count) {
    rows += count;
    if (rows >= MAX_ROWS) {
      rows = 0;
      if (data.isMapped()) {
        data.unload();
      }
    }
  }
}
