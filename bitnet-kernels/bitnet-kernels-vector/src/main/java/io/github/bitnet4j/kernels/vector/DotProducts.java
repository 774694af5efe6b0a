package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.Lanes.FLOATS;
import static io.github.bitnet4j.kernels.vector.Lanes.REGISTERS;
import static io.github.bitnet4j.kernels.vector.Lanes.WIDTH;

import io.github.bitnet4j.spi.DenseMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Lane sums of float rows in memory times a vector: the LM head and attention scores.
 *
 * <p>Four registers accumulate at once, because a fused multiply-add takes four cycles: 4 rows of
 * one register, 2 rows of two, or 1 row of four. So accumulator register k belongs to row {@code k
 * / REGISTERS} of the group and to columns {@code k % REGISTERS * WIDTH} on of every 16. Eight are
 * no faster in cache, and make methods so large that the compiler boxes vectors (6 to 10 times
 * slower).
 */
final class DotProducts {
  /** Rows computed together: 4, 2 or 1. */
  static final int GROUP = 4 / REGISTERS;

  private static final VectorSpecies<Short> HALVES = Lanes.species(short.class, Lanes.BITS / 2);

  /** First columns of the accumulator registers 1 to 3. */
  private static final int COLUMN_1 = 1 % REGISTERS * WIDTH;

  private static final int COLUMN_2 = 2 % REGISTERS * WIDTH;
  private static final int COLUMN_3 = 3 % REGISTERS * WIDTH;

  private DotProducts() {}

  static void multiply(
      DenseMatrix w,
      float[] x,
      int tokens,
      float[] out,
      int fromRow,
      int toRow,
      VectorScratch scratch) {
    if (w.type().blockSize() == 1) {
      multiplyPlain(w, x, tokens, out, fromRow, toRow, scratch.laneSums);
    } else {
      multiplyBlocks(w, x, tokens, out, fromRow, toRow, scratch);
    }
  }

  /** As {@link #multiply} for one row of x and a list of rows, which need not be neighbours. */
  static void multiplyRows(
      DenseMatrix w,
      int[] rows,
      float[] x,
      int xOffset,
      float[] out,
      int from,
      int to,
      VectorScratch scratch) {
    boolean plain = w.type().blockSize() == 1;
    float[] decoded = scratch.weights(plain ? 0 : w.columns());
    float[] sums = scratch.laneSums;
    for (int i = from; i < to; i++) {
      if (plain) {
        plainGroup(w, rows[i], 1, x, xOffset, sums, out, i);
      } else {
        w.copyRow(rows[i], decoded, 0);
        out[i] = dot(decoded, w.columns(), x, xOffset, sums);
      }
    }
  }

  /** Types that are stored in blocks are decoded row by row. */
  private static void multiplyBlocks(
      DenseMatrix w,
      float[] x,
      int tokens,
      float[] out,
      int fromRow,
      int toRow,
      VectorScratch scratch) {
    int columns = w.columns();
    float[] decoded = scratch.weights(columns);
    float[] sums = scratch.laneSums;
    for (int row = fromRow; row < toRow; row++) {
      w.copyRow(row, decoded, 0);
      for (int t = 0; t < tokens; t++) {
        out[t * w.rows() + row] = dot(decoded, columns, x, t * columns, sums);
      }
    }
  }

  /** Returns the lane sum of a whole number of blocks, which is a multiple of 16. */
  private static float dot(float[] a, int length, float[] x, int xOffset, float[] sums) {
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int i = 0; i < length; i += Lanes.SUM) {
      int o = xOffset + i;
      s0 = FloatVector.fromArray(FLOATS, a, i).fma(FloatVector.fromArray(FLOATS, x, o), s0);
      if (REGISTERS > 1) {
        FloatVector x1 = FloatVector.fromArray(FLOATS, x, o + COLUMN_1);
        s1 = FloatVector.fromArray(FLOATS, a, i + COLUMN_1).fma(x1, s1);
      }
      if (REGISTERS > 2) {
        FloatVector x2 = FloatVector.fromArray(FLOATS, x, o + COLUMN_2);
        FloatVector x3 = FloatVector.fromArray(FLOATS, x, o + COLUMN_3);
        s2 = FloatVector.fromArray(FLOATS, a, i + COLUMN_2).fma(x2, s2);
        s3 = FloatVector.fromArray(FLOATS, a, i + COLUMN_3).fma(x3, s3);
      }
    }
    if (REGISTERS > 2) {
      s3.intoArray(sums, COLUMN_3);
      s2.intoArray(sums, COLUMN_2);
    }
    if (REGISTERS > 1) {
      s1.intoArray(sums, COLUMN_1);
    }
    s0.intoArray(sums, 0);
    return Lanes.total(sums, 0);
  }

  private static void multiplyPlain(
      DenseMatrix w, float[] x, int tokens, float[] out, int fromRow, int toRow, float[] sums) {
    for (int row = fromRow; row < toRow; row += GROUP) {
      int group = Math.min(GROUP, toRow - row);
      for (int t = 0; t < tokens; t++) {
        plainGroup(w, row, group, x, t * w.columns(), sums, out, t * w.rows() + row);
      }
    }
  }

  /** Multiplies at most {@link #GROUP} neighbouring rows with one row of x. */
  private static void plainGroup(
      DenseMatrix w,
      int row,
      int group,
      float[] x,
      int xOffset,
      float[] sums,
      float[] out,
      int outOffset) {
    int columns = w.columns();
    int bulk = columns - columns % Lanes.SUM;
    long stride = w.rowBytes();
    long start = row * stride;
    switch (w.type()) {
      case F32 -> f32(w.data(), start, stride, group, x, xOffset, bulk, sums);
      case F16 -> f16(w.data(), start, stride, group, x, xOffset, bulk, sums);
      case BF16 -> bf16(w.data(), start, stride, group, x, xOffset, bulk, sums);
      default -> throw new AssertionError(w.type());
    }
    for (int k = 0; k < group; k++) {
      int sum = k * Lanes.SUM;
      for (int i = bulk; i < columns; i++) {
        int lane = sum + i - bulk;
        sums[lane] = Math.fma(w.get(row + k, i), x[xOffset + i], sums[lane]);
      }
      out[outOffset + k] = Lanes.total(sums, sum);
    }
  }

  /**
   * Stores the accumulators of a group of rows over the first {@code length} columns, a multiple of
   * 16. If the group is not full, its last row stands in for the missing ones.
   */
  private static void f32(
      MemorySegment data,
      long start,
      long stride,
      int group,
      float[] x,
      int xOffset,
      int length,
      float[] sums) {
    long o0 = start;
    long o1 = start + offset(1, group, stride, Float.BYTES);
    long o2 = start + offset(2, group, stride, Float.BYTES);
    long o3 = start + offset(3, group, stride, Float.BYTES);
    sums[0] = data.get(ValueLayout.JAVA_BYTE, start); // see ShortLookups.addChunk
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int c = 0; c < length; c += Lanes.SUM) {
      long b = (long) c * Float.BYTES;
      FloatVector x0 = FloatVector.fromArray(FLOATS, x, xOffset + c);
      FloatVector x1 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_1);
      FloatVector x2 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_2);
      FloatVector x3 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_3);
      s0 = FloatVector.fromMemorySegment(FLOATS, data, o0 + b, ByteOrder.LITTLE_ENDIAN).fma(x0, s0);
      s1 = FloatVector.fromMemorySegment(FLOATS, data, o1 + b, ByteOrder.LITTLE_ENDIAN).fma(x1, s1);
      s2 = FloatVector.fromMemorySegment(FLOATS, data, o2 + b, ByteOrder.LITTLE_ENDIAN).fma(x2, s2);
      s3 = FloatVector.fromMemorySegment(FLOATS, data, o3 + b, ByteOrder.LITTLE_ENDIAN).fma(x3, s3);
    }
    s0.intoArray(sums, 0);
    s1.intoArray(sums, WIDTH);
    s2.intoArray(sums, 2 * WIDTH);
    s3.intoArray(sums, 3 * WIDTH);
  }

  /** {@link #f32} for bfloat16. */
  private static void bf16(
      MemorySegment data,
      long start,
      long stride,
      int group,
      float[] x,
      int xOffset,
      int length,
      float[] sums) {
    long o0 = start;
    long o1 = start + offset(1, group, stride, Short.BYTES);
    long o2 = start + offset(2, group, stride, Short.BYTES);
    long o3 = start + offset(3, group, stride, Short.BYTES);
    sums[0] = data.get(ValueLayout.JAVA_BYTE, start); // see ShortLookups.addChunk
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int c = 0; c < length; c += Lanes.SUM) {
      long b = (long) c * Short.BYTES;
      FloatVector x0 = FloatVector.fromArray(FLOATS, x, xOffset + c);
      FloatVector x1 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_1);
      FloatVector x2 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_2);
      FloatVector x3 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_3);
      s0 = loadBf16(data, o0 + b).fma(x0, s0);
      s1 = loadBf16(data, o1 + b).fma(x1, s1);
      s2 = loadBf16(data, o2 + b).fma(x2, s2);
      s3 = loadBf16(data, o3 + b).fma(x3, s3);
    }
    s0.intoArray(sums, 0);
    s1.intoArray(sums, WIDTH);
    s2.intoArray(sums, 2 * WIDTH);
    s3.intoArray(sums, 3 * WIDTH);
  }

  /** {@link #f32} for IEEE half precision. */
  private static void f16(
      MemorySegment data,
      long start,
      long stride,
      int group,
      float[] x,
      int xOffset,
      int length,
      float[] sums) {
    long o0 = start;
    long o1 = start + offset(1, group, stride, Short.BYTES);
    long o2 = start + offset(2, group, stride, Short.BYTES);
    long o3 = start + offset(3, group, stride, Short.BYTES);
    sums[0] = data.get(ValueLayout.JAVA_BYTE, start); // see ShortLookups.addChunk
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int c = 0; c < length; c += Lanes.SUM) {
      long b = (long) c * Short.BYTES;
      FloatVector x0 = FloatVector.fromArray(FLOATS, x, xOffset + c);
      FloatVector x1 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_1);
      FloatVector x2 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_2);
      FloatVector x3 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_3);
      s0 = loadF16(data, o0 + b).fma(x0, s0);
      s1 = loadF16(data, o1 + b).fma(x1, s1);
      s2 = loadF16(data, o2 + b).fma(x2, s2);
      s3 = loadF16(data, o3 + b).fma(x3, s3);
    }
    s0.intoArray(sums, 0);
    s1.intoArray(sums, WIDTH);
    s2.intoArray(sums, 2 * WIDTH);
    s3.intoArray(sums, 3 * WIDTH);
  }

  /** Returns where accumulator register k starts to read, in bytes from the group's start. */
  private static long offset(int k, int group, long stride, int elementBytes) {
    int row = Math.min(k / REGISTERS, group - 1);
    return row * stride + (long) (k % REGISTERS) * WIDTH * elementBytes;
  }

  private static FloatVector loadBf16(MemorySegment data, long offset) {
    return loadShorts(data, offset).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /**
   * Moves sign, exponent and mantissa to their places in a float (sign extension has left copies of
   * the sign in between). As a float that is the value times 2^-112, also for subnormals; undoing
   * it is exact.
   */
  private static FloatVector loadF16(MemorySegment data, long offset) {
    return loadShorts(data, offset)
        .lanewise(VectorOperators.LSHL, 13)
        .and(0x8FFFE000)
        .reinterpretAsFloats()
        .mul(0x1p112f);
  }

  private static IntVector loadShorts(MemorySegment data, long offset) {
    return ShortVector.fromMemorySegment(HALVES, data, offset, ByteOrder.LITTLE_ENDIAN)
        .convertShape(VectorOperators.S2I, Lanes.INTS, 0)
        .reinterpretAsInts();
  }
}
