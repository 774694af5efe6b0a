package io.github.bitnet4j.core.format;

import io.github.bitnet4j.spi.DenseMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Looks at every stored weight once, eight bytes at a time, so that a damaged file is found at load
 * and not in the text.
 */
final class WeightScan {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private WeightScan() {}

  /** Returns the offset of the first byte that holds the invalid trit code 3, or -1. */
  static long findInvalidTrit(MemorySegment packed) {
    long whole = packed.byteSize() & ~7L;
    long any = 0;
    for (long i = 0; i < whole; i += 8) {
      long codes = packed.get(LONG, i);
      any |= codes & codes >>> 1 & 0x5555_5555_5555_5555L;
    }
    long from = any != 0 ? 0 : whole; // search again only if there is something to find
    for (long i = from; i < packed.byteSize(); i++) {
      int codes = packed.get(ValueLayout.JAVA_BYTE, i);
      if ((codes & codes >>> 1 & 0x55) != 0) {
        return i;
      }
    }
    return -1;
  }

  /** What a scan of dense rows found. */
  enum Row {
    ORDINARY,
    ZERO,
    NOT_FINITE
  }

  /** Classifies one row of a dense matrix. */
  static Row classify(DenseMatrix matrix, int row) {
    long rowBytes = (long) matrix.columns() * matrix.type().bytes();
    long start = row * rowBytes;
    long whole = start + (rowBytes & ~7L);
    // Bits of each element without its sign; adding one to an exponent of all ones carries into the
    // sign bit.
    long magnitude;
    long exponent;
    long one;
    switch (matrix.type()) {
      case F32 -> {
        magnitude = 0x7FFF_FFFF_7FFF_FFFFL;
        exponent = 0x7F80_0000_7F80_0000L;
        one = 0x0080_0000_0080_0000L;
      }
      case F16 -> {
        magnitude = 0x7FFF_7FFF_7FFF_7FFFL;
        exponent = 0x7C00_7C00_7C00_7C00L;
        one = 0x0400_0400_0400_0400L;
      }
      case BF16 -> {
        magnitude = 0x7FFF_7FFF_7FFF_7FFFL;
        exponent = 0x7F80_7F80_7F80_7F80L;
        one = 0x0080_0080_0080_0080L;
      }
      default -> throw new AssertionError(matrix.type());
    }
    MemorySegment data = matrix.data();
    long bits = 0;
    long carries = 0;
    for (long i = start; i < whole; i += 8) {
      long elements = data.get(LONG, i);
      bits |= elements & magnitude;
      carries |= (elements & exponent) + one;
    }
    boolean finite = (carries & ~magnitude) == 0;
    boolean zero = bits == 0;
    int done = (int) ((whole - start) / matrix.type().bytes());
    for (int c = done; c < matrix.columns(); c++) {
      float value = matrix.get(row, c);
      finite &= Float.isFinite(value);
      zero &= value == 0;
    }
    if (!finite) {
      return Row.NOT_FINITE;
    }
    return zero ? Row.ZERO : Row.ORDINARY;
  }
}
