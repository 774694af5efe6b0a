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
import org.jspecify.annotations.Nullable;

/**
 * Dense matrix times float rows: the LM head.
 *
 * <p>Eight registers accumulate at once: 8 rows of one register, 4 rows of two, or 2 rows of four.
 * Accumulator register k belongs to row {@code k / REGISTERS} of the group and to columns {@code k
 * % REGISTERS * WIDTH} on of every 16. So many rows share each load of x because x, twice as large
 * as a row of bfloat16, otherwise takes most of what the first-level cache can load.
 *
 * <p>The rows of a call are {@code from} to {@code to - 1} of the matrix or, if a list of rows is
 * given, of that list. If a group is not full, its last row stands in for the missing ones.
 */
final class DenseProducts {
  /** Rows computed together: 8, 4 or 2. */
  private static final int GROUP = 8 / REGISTERS;

  private static final VectorSpecies<Short> HALVES = Lanes.species(short.class, Lanes.BITS / 2);

  /** First columns of the accumulator registers 1 to 3; those of 4 to 7 are the same. */
  private static final int COLUMN_1 = 1 % REGISTERS * WIDTH;

  private static final int COLUMN_2 = 2 % REGISTERS * WIDTH;
  private static final int COLUMN_3 = 3 % REGISTERS * WIDTH;

  private DenseProducts() {}

  static void multiply(DenseMatrix w, float[] x, int tokens, float[] out, int fromRow, int toRow) {
    if (isPlain(w)) {
      for (int row = fromRow; row < toRow; row += GROUP) {
        int end = Math.min(toRow, row + GROUP);
        for (int t = 0; t < tokens; t++) {
          group(w, null, row, end, x, t * w.columns(), out, t * w.rows() + row);
        }
      }
    } else {
      float[] decoded = new float[w.columns()];
      float[] sums = new float[Lanes.SUM];
      for (int row = fromRow; row < toRow; row++) {
        w.copyRow(row, decoded, 0);
        for (int t = 0; t < tokens; t++) {
          out[t * w.rows() + row] = dot(decoded, x, t * w.columns(), sums);
        }
      }
    }
  }

  static void multiplyRows(
      DenseMatrix w, int[] rows, float[] x, int xOffset, float[] out, int from, int to) {
    if (isPlain(w)) {
      for (int i = from; i < to; i += GROUP) {
        group(w, rows, i, Math.min(to, i + GROUP), x, xOffset, out, i);
      }
    } else {
      float[] decoded = new float[w.columns()];
      float[] sums = new float[Lanes.SUM];
      for (int i = from; i < to; i++) {
        w.copyRow(rows[i], decoded, 0);
        out[i] = dot(decoded, x, xOffset, sums);
      }
    }
  }

  /** Types that are stored in blocks, and columns that fill no registers, are decoded first. */
  private static boolean isPlain(DenseMatrix w) {
    return w.type().blockSize() == 1 && w.columns() % Lanes.SUM == 0;
  }

  private static void group(
      DenseMatrix w,
      int @Nullable [] rows,
      int from,
      int to,
      float[] x,
      int xOffset,
      float[] out,
      int outOffset) {
    MemorySegment data = w.data();
    long stride = w.rowBytes();
    int columns = w.columns();
    switch (w.type()) {
      case F32 -> f32(data, stride, rows, from, to, x, xOffset, columns, out, outOffset);
      case F16 -> f16(data, stride, rows, from, to, x, xOffset, columns, out, outOffset);
      case BF16 -> bf16(data, stride, rows, from, to, x, xOffset, columns, out, outOffset);
      default -> throw new AssertionError(w.type());
    }
  }

  /** Multiplies one group of rows. */
  private static void f32(
      MemorySegment data,
      long stride,
      int @Nullable [] rows,
      int from,
      int to,
      float[] x,
      int xOffset,
      int columns,
      float[] out,
      int outOffset) {
    long o0 = offset(0, rows, from, to, stride, Float.BYTES);
    long o1 = offset(1, rows, from, to, stride, Float.BYTES);
    long o2 = offset(2, rows, from, to, stride, Float.BYTES);
    long o3 = offset(3, rows, from, to, stride, Float.BYTES);
    long o4 = offset(4, rows, from, to, stride, Float.BYTES);
    long o5 = offset(5, rows, from, to, stride, Float.BYTES);
    long o6 = offset(6, rows, from, to, stride, Float.BYTES);
    long o7 = offset(7, rows, from, to, stride, Float.BYTES);
    out[outOffset] = data.get(ValueLayout.JAVA_BYTE, o0); // see TernaryProducts.block
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int c = 0; c < columns; c += Lanes.SUM) {
      long b = (long) c * Float.BYTES;
      FloatVector x0 = FloatVector.fromArray(FLOATS, x, xOffset + c);
      FloatVector x1 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_1);
      FloatVector x2 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_2);
      FloatVector x3 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_3);
      s0 = loadF32(data, o0 + b).fma(x0, s0);
      s1 = loadF32(data, o1 + b).fma(x1, s1);
      s2 = loadF32(data, o2 + b).fma(x2, s2);
      s3 = loadF32(data, o3 + b).fma(x3, s3);
      s4 = loadF32(data, o4 + b).fma(x0, s4);
      s5 = loadF32(data, o5 + b).fma(x1, s5);
      s6 = loadF32(data, o6 + b).fma(x2, s6);
      s7 = loadF32(data, o7 + b).fma(x3, s7);
    }
    store(s0, s1, s2, s3, s4, s5, s6, s7, out, outOffset, to - from);
  }

  /** {@link #f32} for bfloat16. */
  private static void bf16(
      MemorySegment data,
      long stride,
      int @Nullable [] rows,
      int from,
      int to,
      float[] x,
      int xOffset,
      int columns,
      float[] out,
      int outOffset) {
    long o0 = offset(0, rows, from, to, stride, Short.BYTES);
    long o1 = offset(1, rows, from, to, stride, Short.BYTES);
    long o2 = offset(2, rows, from, to, stride, Short.BYTES);
    long o3 = offset(3, rows, from, to, stride, Short.BYTES);
    long o4 = offset(4, rows, from, to, stride, Short.BYTES);
    long o5 = offset(5, rows, from, to, stride, Short.BYTES);
    long o6 = offset(6, rows, from, to, stride, Short.BYTES);
    long o7 = offset(7, rows, from, to, stride, Short.BYTES);
    out[outOffset] = data.get(ValueLayout.JAVA_BYTE, o0); // see TernaryProducts.block
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int c = 0; c < columns; c += Lanes.SUM) {
      long b = (long) c * Short.BYTES;
      FloatVector x0 = FloatVector.fromArray(FLOATS, x, xOffset + c);
      FloatVector x1 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_1);
      FloatVector x2 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_2);
      FloatVector x3 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_3);
      s0 = loadBf16(data, o0 + b).fma(x0, s0);
      s1 = loadBf16(data, o1 + b).fma(x1, s1);
      s2 = loadBf16(data, o2 + b).fma(x2, s2);
      s3 = loadBf16(data, o3 + b).fma(x3, s3);
      s4 = loadBf16(data, o4 + b).fma(x0, s4);
      s5 = loadBf16(data, o5 + b).fma(x1, s5);
      s6 = loadBf16(data, o6 + b).fma(x2, s6);
      s7 = loadBf16(data, o7 + b).fma(x3, s7);
    }
    store(s0, s1, s2, s3, s4, s5, s6, s7, out, outOffset, to - from);
  }

  /** {@link #f32} for IEEE half precision. */
  private static void f16(
      MemorySegment data,
      long stride,
      int @Nullable [] rows,
      int from,
      int to,
      float[] x,
      int xOffset,
      int columns,
      float[] out,
      int outOffset) {
    long o0 = offset(0, rows, from, to, stride, Short.BYTES);
    long o1 = offset(1, rows, from, to, stride, Short.BYTES);
    long o2 = offset(2, rows, from, to, stride, Short.BYTES);
    long o3 = offset(3, rows, from, to, stride, Short.BYTES);
    long o4 = offset(4, rows, from, to, stride, Short.BYTES);
    long o5 = offset(5, rows, from, to, stride, Short.BYTES);
    long o6 = offset(6, rows, from, to, stride, Short.BYTES);
    long o7 = offset(7, rows, from, to, stride, Short.BYTES);
    out[outOffset] = data.get(ValueLayout.JAVA_BYTE, o0); // see TernaryProducts.block
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int c = 0; c < columns; c += Lanes.SUM) {
      long b = (long) c * Short.BYTES;
      FloatVector x0 = FloatVector.fromArray(FLOATS, x, xOffset + c);
      FloatVector x1 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_1);
      FloatVector x2 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_2);
      FloatVector x3 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_3);
      s0 = loadF16(data, o0 + b).fma(x0, s0);
      s1 = loadF16(data, o1 + b).fma(x1, s1);
      s2 = loadF16(data, o2 + b).fma(x2, s2);
      s3 = loadF16(data, o3 + b).fma(x3, s3);
      s4 = loadF16(data, o4 + b).fma(x0, s4);
      s5 = loadF16(data, o5 + b).fma(x1, s5);
      s6 = loadF16(data, o6 + b).fma(x2, s6);
      s7 = loadF16(data, o7 + b).fma(x3, s7);
    }
    store(s0, s1, s2, s3, s4, s5, s6, s7, out, outOffset, to - from);
  }

  /** Returns where accumulator register k starts to read. */
  private static long offset(
      int k, int @Nullable [] rows, int from, int to, long stride, int elementBytes) {
    int at = Math.min(from + k / REGISTERS, to - 1);
    long row = rows == null ? at : rows[at];
    return row * stride + (long) (k % REGISTERS) * WIDTH * elementBytes;
  }

  /** Stores the lane sums of the rows of a group. */
  private static void store(
      FloatVector s0,
      FloatVector s1,
      FloatVector s2,
      FloatVector s3,
      FloatVector s4,
      FloatVector s5,
      FloatVector s6,
      FloatVector s7,
      float[] out,
      int offset,
      int rows) {
    if (REGISTERS == 1) {
      store(Lanes.total(s0), out, offset, 0, rows);
      store(Lanes.total(s1), out, offset, 1, rows);
      store(Lanes.total(s2), out, offset, 2, rows);
      store(Lanes.total(s3), out, offset, 3, rows);
      store(Lanes.total(s4), out, offset, 4, rows);
      store(Lanes.total(s5), out, offset, 5, rows);
      store(Lanes.total(s6), out, offset, 6, rows);
      store(Lanes.total(s7), out, offset, 7, rows);
    } else if (REGISTERS == 2) {
      store(Lanes.total(s0.add(s1)), out, offset, 0, rows);
      store(Lanes.total(s2.add(s3)), out, offset, 1, rows);
      store(Lanes.total(s4.add(s5)), out, offset, 2, rows);
      store(Lanes.total(s6.add(s7)), out, offset, 3, rows);
    } else {
      store(Lanes.total(s0.add(s2).add(s1.add(s3))), out, offset, 0, rows);
      store(Lanes.total(s4.add(s6).add(s5.add(s7))), out, offset, 1, rows);
    }
  }

  private static void store(float total, float[] out, int offset, int row, int rows) {
    if (row < rows) {
      out[offset + row] = total;
    }
  }

  /** Returns the lane sum of a decoded row. */
  private static float dot(float[] a, float[] x, int xOffset, float[] sums) {
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int bulk = a.length - a.length % Lanes.SUM;
    for (int i = 0; i < bulk; i += Lanes.SUM) {
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
    for (int i = bulk; i < a.length; i++) {
      sums[i - bulk] = Math.fma(a[i], x[xOffset + i], sums[i - bulk]);
    }
    return Lanes.total(sums, 0);
  }

  private static FloatVector loadF32(MemorySegment data, long offset) {
    return FloatVector.fromMemorySegment(FLOATS, data, offset, ByteOrder.LITTLE_ENDIAN);
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
