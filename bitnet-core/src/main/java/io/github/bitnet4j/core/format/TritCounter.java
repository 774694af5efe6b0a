package io.github.bitnet4j.core.format;

import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Counts how often each trit occurs in a tensor. */
public final class TritCounter {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long LOW_BITS = 0x5555_5555_5555_5555L;

  /** Occurrences of the codes 0 to 3: of -1, 0, 1, and of what is no trit. */
  private final long[] counts = new long[4];

  private TritCounter() {}

  /** Returns how often -1, 0 and 1 occur, and as the fourth number how many codes are invalid. */
  public static long[] count(TernaryTensor tensor) {
    TritCounter counter = new TritCounter();
    MemorySegment data = tensor.data();
    switch (tensor.layout()) {
      case ROW_QUARTERS -> {
        counter.countCodes(data, 0, data.byteSize());
        long missingRows = (tensor.rows() + 3) / 4 * 4L - tensor.rows(); // their bits are 0
        counter.counts[0] -= missingRows * tensor.columns();
      }
      case I2_S, I2_S_ARM -> counter.countCodes(data, 0, data.byteSize() - 32);
      case TQ2_0 -> counter.countBlocks(data, 66, 0, 64);
      case IQ2_BN -> {
        long rowBytes = TernaryLayout.IQ2_BN.byteSize(1, tensor.columns());
        counter.countBlocks(data, rowBytes, 4, rowBytes - 4);
      }
      case TQ1_0, IQ1_BN -> counter.countRows(tensor);
    }
    return counter.counts;
  }

  private void countBlocks(MemorySegment data, long blockBytes, long offset, long codeBytes) {
    for (long block = 0; block < data.byteSize(); block += blockBytes) {
      countCodes(data, block + offset, block + offset + codeBytes);
    }
  }

  /** Counts two-bit codes, whose order does not matter. */
  private void countCodes(MemorySegment data, long from, long to) {
    long at = from;
    for (; at <= to - Long.BYTES; at += Long.BYTES) {
      countCodes(data.get(LONG, at), 32);
    }
    for (; at < to; at++) {
      countCodes(data.get(ValueLayout.JAVA_BYTE, at) & 0xFF, 4);
    }
  }

  private void countCodes(long codes, int count) {
    long low = codes & LOW_BITS;
    long high = codes >>> 1 & LOW_BITS;
    int one = Long.bitCount(low & ~high);
    int two = Long.bitCount(high & ~low);
    int three = Long.bitCount(low & high);
    counts[0] += count - one - two - three;
    counts[1] += one;
    counts[2] += two;
    counts[3] += three;
  }

  private void countRows(TernaryTensor tensor) {
    byte[] row = new byte[tensor.columns()];
    for (int r = 0; r < tensor.rows(); r++) {
      tensor.decodeRow(r, row, 0);
      for (byte trit : row) {
        counts[trit + 1]++;
      }
    }
  }
}
