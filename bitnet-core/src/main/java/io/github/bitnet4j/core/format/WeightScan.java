package io.github.bitnet4j.core.format;

import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
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

  /** Returns the offset of the first byte that holds an invalid trit code, or -1. */
  static long findInvalidTrit(TernaryTensor tensor) {
    MemorySegment data = tensor.data();
    return switch (tensor.layout()) {
      case ROW_QUARTERS -> findCode3(data, 0, data.byteSize());
      case I2_S, I2_S_ARM -> findCode3(data, 0, data.byteSize() - 32);
      case TQ2_0 -> findCode3InBlocks(data, 66, 0, 64);
      case IQ2_BN -> {
        long rowBytes = data.byteSize() / tensor.rows();
        yield findCode3InBlocks(data, rowBytes, 4, rowBytes - 4);
      }
      case TQ1_0, IQ1_BN -> -1; // every byte is a sum of valid digits
    };
  }

  private static long findCode3InBlocks(
      MemorySegment data, long blockBytes, long offset, long codeBytes) {
    for (long block = 0; block < data.byteSize(); block += blockBytes) {
      long at = findCode3(data, block + offset, block + offset + codeBytes);
      if (at >= 0) {
        return at;
      }
    }
    return -1;
  }

  private static long findCode3(MemorySegment data, long from, long to) {
    long whole = from + (to - from & ~7L);
    long any = 0;
    for (long i = from; i < whole; i += 8) {
      long codes = data.get(LONG, i);
      any |= codes & codes >>> 1 & 0x5555_5555_5555_5555L;
    }
    for (long i = any != 0 ? from : whole; i < to; i++) { // look again only if there is something
      int codes = data.get(ValueLayout.JAVA_BYTE, i);
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

  /**
   * Classifies one row of a dense matrix.
   *
   * @param scratch of at least {@code columns} elements
   */
  static Row classify(DenseMatrix matrix, int row, float[] scratch) {
    return switch (matrix.type()) {
      case F32 -> classify(matrix, row, 0x7FFF_FFFF_7FFF_FFFFL, 0x7F80_0000_7F80_0000L);
      case F16 -> classify(matrix, row, 0x7FFF_7FFF_7FFF_7FFFL, 0x7C00_7C00_7C00_7C00L);
      case BF16 -> classify(matrix, row, 0x7FFF_7FFF_7FFF_7FFFL, 0x7F80_7F80_7F80_7F80L);
      default -> {
        matrix.copyRow(row, scratch, 0);
        boolean zero = true;
        boolean finite = true;
        for (int c = 0; c < matrix.columns(); c++) {
          zero &= scratch[c] == 0;
          finite &= Float.isFinite(scratch[c]);
        }
        yield row(zero, finite);
      }
    };
  }

  /**
   * Classifies a row of plain floats.
   *
   * @param magnitude the bits of each element in eight bytes that are not its sign
   * @param exponent the bits that are its exponent
   */
  private static Row classify(DenseMatrix matrix, int row, long magnitude, long exponent) {
    MemorySegment data = matrix.data();
    long start = row * matrix.rowBytes();
    long whole = start + (matrix.rowBytes() & ~7L);
    // One unit of the exponent: added to an exponent of all ones it carries into the sign bit.
    long one = exponent & ~(exponent << 1);
    long bits = 0;
    long carries = 0;
    for (long i = start; i < whole; i += 8) {
      long elements = data.get(LONG, i);
      bits |= elements & magnitude;
      carries |= (elements & exponent) + one;
    }
    boolean zero = bits == 0;
    boolean finite = (carries & ~magnitude) == 0;
    int done = (int) ((whole - start) / matrix.type().blockBytes());
    for (int c = done; c < matrix.columns(); c++) {
      float value = matrix.get(row, c);
      zero &= value == 0;
      finite &= Float.isFinite(value);
    }
    return row(zero, finite);
  }

  private static Row row(boolean zero, boolean finite) {
    if (!finite) {
      return Row.NOT_FINITE;
    }
    return zero ? Row.ZERO : Row.ORDINARY;
  }
}
