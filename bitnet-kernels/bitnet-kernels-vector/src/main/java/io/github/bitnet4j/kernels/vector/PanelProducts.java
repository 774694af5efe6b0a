package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.Lanes.FLOATS;
import static io.github.bitnet4j.kernels.vector.Lanes.WIDTH;

import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Float rows times a panel of cached keys or values. Lanes are columns of the panel, so no sum
 * crosses lanes, and each load of the panel serves all rows of a group.
 *
 * <p>A group is 4 rows by 2 registers, half a panel apart, the 8 sums in flight that two units of 4
 * cycles take. With registers of 512 bits there are 32 of them, and groups of 8 rows save loads and
 * conversions. The stride of the loops is constant: then the compiler checks bounds before a loop,
 * not inside.
 */
final class PanelProducts {
  private static final int PANEL = Kernels.PANEL;

  /** From the first register of a group to the second, in columns. */
  private static final int SECOND = PANEL / 2;

  private static final long SECOND_BYTES = (long) SECOND * Float.BYTES;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;

  private PanelProducts() {}

  static void multiply(
      float[] x,
      int xOffset,
      int xStride,
      int rows,
      DenseType type,
      MemorySegment data,
      long panel,
      int length,
      float[] out,
      int outOffset,
      int outStride) {
    boolean half = type == DenseType.F16;
    for (int lane = 0; lane < SECOND; lane += WIDTH) {
      long from = panel + (long) lane * Float.BYTES; // of F16, two elements
      int o = outOffset + lane;
      int row = 0;
      if (WIDTH == 16) {
        for (; row <= rows - 8; row += 8) {
          int x0 = xOffset + row * xStride;
          int o0 = o + row * outStride;
          if (half) {
            eightF16(x, x0, xStride, data, from, length, out, o0, outStride);
          } else {
            eightF32(x, x0, xStride, data, from, length, out, o0, outStride);
          }
        }
      }
      for (; row < rows; row += 4) {
        // In a group that is not full, the last row stands in for the missing ones.
        int r1 = Math.min(row + 1, rows - 1);
        int r2 = Math.min(row + 2, rows - 1);
        int r3 = Math.min(row + 3, rows - 1);
        int x0 = xOffset + row * xStride;
        int x1 = xOffset + r1 * xStride;
        int x2 = xOffset + r2 * xStride;
        int x3 = xOffset + r3 * xStride;
        int o0 = o + row * outStride;
        int o1 = o + r1 * outStride;
        int o2 = o + r2 * outStride;
        int o3 = o + r3 * outStride;
        if (half) {
          fourF16(x, x0, x1, x2, x3, data, from, length, out, o0, o1, o2, o3);
        } else {
          fourF32(x, x0, x1, x2, x3, data, from, length, out, o0, o1, o2, o3);
        }
      }
    }
  }

  /** Four rows; x0 to x3 and o0 to o3 are where they start in x and out. */
  private static void fourF32(
      float[] x,
      int x0,
      int x1,
      int x2,
      int x3,
      MemorySegment data,
      long from,
      int length,
      float[] out,
      int o0,
      int o1,
      int o2,
      int o3) {
    FloatVector a0 = FloatVector.fromArray(FLOATS, out, o0);
    FloatVector b0 = FloatVector.fromArray(FLOATS, out, o0 + SECOND);
    FloatVector a1 = FloatVector.fromArray(FLOATS, out, o1);
    FloatVector b1 = FloatVector.fromArray(FLOATS, out, o1 + SECOND);
    FloatVector a2 = FloatVector.fromArray(FLOATS, out, o2);
    FloatVector b2 = FloatVector.fromArray(FLOATS, out, o2 + SECOND);
    FloatVector a3 = FloatVector.fromArray(FLOATS, out, o3);
    FloatVector b3 = FloatVector.fromArray(FLOATS, out, o3 + SECOND);
    for (int i = 0; i < length; i++) {
      long at = from + (long) i * (PANEL * Float.BYTES);
      FloatVector p = loadF32(data, at);
      FloatVector q = loadF32(data, at + SECOND_BYTES);
      FloatVector xi = FloatVector.broadcast(FLOATS, x[x0 + i]);
      a0 = p.fma(xi, a0);
      b0 = q.fma(xi, b0);
      xi = FloatVector.broadcast(FLOATS, x[x1 + i]);
      a1 = p.fma(xi, a1);
      b1 = q.fma(xi, b1);
      xi = FloatVector.broadcast(FLOATS, x[x2 + i]);
      a2 = p.fma(xi, a2);
      b2 = q.fma(xi, b2);
      xi = FloatVector.broadcast(FLOATS, x[x3 + i]);
      a3 = p.fma(xi, a3);
      b3 = q.fma(xi, b3);
    }
    a0.intoArray(out, o0);
    b0.intoArray(out, o0 + SECOND);
    a1.intoArray(out, o1);
    b1.intoArray(out, o1 + SECOND);
    a2.intoArray(out, o2);
    b2.intoArray(out, o2 + SECOND);
    a3.intoArray(out, o3);
    b3.intoArray(out, o3 + SECOND);
  }

  /** {@link #fourF32} for IEEE half precision. */
  private static void fourF16(
      float[] x,
      int x0,
      int x1,
      int x2,
      int x3,
      MemorySegment data,
      long from,
      int length,
      float[] out,
      int o0,
      int o1,
      int o2,
      int o3) {
    FloatVector a0 = FloatVector.fromArray(FLOATS, out, o0);
    FloatVector b0 = FloatVector.fromArray(FLOATS, out, o0 + SECOND);
    FloatVector a1 = FloatVector.fromArray(FLOATS, out, o1);
    FloatVector b1 = FloatVector.fromArray(FLOATS, out, o1 + SECOND);
    FloatVector a2 = FloatVector.fromArray(FLOATS, out, o2);
    FloatVector b2 = FloatVector.fromArray(FLOATS, out, o2 + SECOND);
    FloatVector a3 = FloatVector.fromArray(FLOATS, out, o3);
    FloatVector b3 = FloatVector.fromArray(FLOATS, out, o3 + SECOND);
    for (int i = 0; i < length; i++) {
      long at = from + (long) i * (PANEL * Short.BYTES);
      IntVector pairs = IntVector.fromMemorySegment(Lanes.INTS, data, at, LITTLE);
      FloatVector p = Lanes.halves(pairs.lanewise(VectorOperators.LSHL, 16));
      FloatVector q = Lanes.halves(pairs);
      FloatVector xi = FloatVector.broadcast(FLOATS, x[x0 + i]);
      a0 = p.fma(xi, a0);
      b0 = q.fma(xi, b0);
      xi = FloatVector.broadcast(FLOATS, x[x1 + i]);
      a1 = p.fma(xi, a1);
      b1 = q.fma(xi, b1);
      xi = FloatVector.broadcast(FLOATS, x[x2 + i]);
      a2 = p.fma(xi, a2);
      b2 = q.fma(xi, b2);
      xi = FloatVector.broadcast(FLOATS, x[x3 + i]);
      a3 = p.fma(xi, a3);
      b3 = q.fma(xi, b3);
    }
    a0.intoArray(out, o0);
    b0.intoArray(out, o0 + SECOND);
    a1.intoArray(out, o1);
    b1.intoArray(out, o1 + SECOND);
    a2.intoArray(out, o2);
    b2.intoArray(out, o2 + SECOND);
    a3.intoArray(out, o3);
    b3.intoArray(out, o3 + SECOND);
  }

  /** Eight rows at a stride. */
  private static void eightF32(
      float[] x,
      int x0,
      int xStride,
      MemorySegment data,
      long from,
      int length,
      float[] out,
      int o0,
      int outStride) {
    int x1 = x0 + xStride;
    int x2 = x0 + 2 * xStride;
    int x3 = x0 + 3 * xStride;
    int x4 = x0 + 4 * xStride;
    int x5 = x0 + 5 * xStride;
    int x6 = x0 + 6 * xStride;
    int x7 = x0 + 7 * xStride;
    int o1 = o0 + outStride;
    int o2 = o0 + 2 * outStride;
    int o3 = o0 + 3 * outStride;
    int o4 = o0 + 4 * outStride;
    int o5 = o0 + 5 * outStride;
    int o6 = o0 + 6 * outStride;
    int o7 = o0 + 7 * outStride;
    FloatVector a0 = FloatVector.fromArray(FLOATS, out, o0);
    FloatVector b0 = FloatVector.fromArray(FLOATS, out, o0 + SECOND);
    FloatVector a1 = FloatVector.fromArray(FLOATS, out, o1);
    FloatVector b1 = FloatVector.fromArray(FLOATS, out, o1 + SECOND);
    FloatVector a2 = FloatVector.fromArray(FLOATS, out, o2);
    FloatVector b2 = FloatVector.fromArray(FLOATS, out, o2 + SECOND);
    FloatVector a3 = FloatVector.fromArray(FLOATS, out, o3);
    FloatVector b3 = FloatVector.fromArray(FLOATS, out, o3 + SECOND);
    FloatVector a4 = FloatVector.fromArray(FLOATS, out, o4);
    FloatVector b4 = FloatVector.fromArray(FLOATS, out, o4 + SECOND);
    FloatVector a5 = FloatVector.fromArray(FLOATS, out, o5);
    FloatVector b5 = FloatVector.fromArray(FLOATS, out, o5 + SECOND);
    FloatVector a6 = FloatVector.fromArray(FLOATS, out, o6);
    FloatVector b6 = FloatVector.fromArray(FLOATS, out, o6 + SECOND);
    FloatVector a7 = FloatVector.fromArray(FLOATS, out, o7);
    FloatVector b7 = FloatVector.fromArray(FLOATS, out, o7 + SECOND);
    for (int i = 0; i < length; i++) {
      long at = from + (long) i * (PANEL * Float.BYTES);
      FloatVector p = loadF32(data, at);
      FloatVector q = loadF32(data, at + SECOND_BYTES);
      FloatVector xi = FloatVector.broadcast(FLOATS, x[x0 + i]);
      a0 = p.fma(xi, a0);
      b0 = q.fma(xi, b0);
      xi = FloatVector.broadcast(FLOATS, x[x1 + i]);
      a1 = p.fma(xi, a1);
      b1 = q.fma(xi, b1);
      xi = FloatVector.broadcast(FLOATS, x[x2 + i]);
      a2 = p.fma(xi, a2);
      b2 = q.fma(xi, b2);
      xi = FloatVector.broadcast(FLOATS, x[x3 + i]);
      a3 = p.fma(xi, a3);
      b3 = q.fma(xi, b3);
      xi = FloatVector.broadcast(FLOATS, x[x4 + i]);
      a4 = p.fma(xi, a4);
      b4 = q.fma(xi, b4);
      xi = FloatVector.broadcast(FLOATS, x[x5 + i]);
      a5 = p.fma(xi, a5);
      b5 = q.fma(xi, b5);
      xi = FloatVector.broadcast(FLOATS, x[x6 + i]);
      a6 = p.fma(xi, a6);
      b6 = q.fma(xi, b6);
      xi = FloatVector.broadcast(FLOATS, x[x7 + i]);
      a7 = p.fma(xi, a7);
      b7 = q.fma(xi, b7);
    }
    a0.intoArray(out, o0);
    b0.intoArray(out, o0 + SECOND);
    a1.intoArray(out, o1);
    b1.intoArray(out, o1 + SECOND);
    a2.intoArray(out, o2);
    b2.intoArray(out, o2 + SECOND);
    a3.intoArray(out, o3);
    b3.intoArray(out, o3 + SECOND);
    a4.intoArray(out, o4);
    b4.intoArray(out, o4 + SECOND);
    a5.intoArray(out, o5);
    b5.intoArray(out, o5 + SECOND);
    a6.intoArray(out, o6);
    b6.intoArray(out, o6 + SECOND);
    a7.intoArray(out, o7);
    b7.intoArray(out, o7 + SECOND);
  }

  /** {@link #eightF32} for IEEE half precision. */
  private static void eightF16(
      float[] x,
      int x0,
      int xStride,
      MemorySegment data,
      long from,
      int length,
      float[] out,
      int o0,
      int outStride) {
    int x1 = x0 + xStride;
    int x2 = x0 + 2 * xStride;
    int x3 = x0 + 3 * xStride;
    int x4 = x0 + 4 * xStride;
    int x5 = x0 + 5 * xStride;
    int x6 = x0 + 6 * xStride;
    int x7 = x0 + 7 * xStride;
    int o1 = o0 + outStride;
    int o2 = o0 + 2 * outStride;
    int o3 = o0 + 3 * outStride;
    int o4 = o0 + 4 * outStride;
    int o5 = o0 + 5 * outStride;
    int o6 = o0 + 6 * outStride;
    int o7 = o0 + 7 * outStride;
    FloatVector a0 = FloatVector.fromArray(FLOATS, out, o0);
    FloatVector b0 = FloatVector.fromArray(FLOATS, out, o0 + SECOND);
    FloatVector a1 = FloatVector.fromArray(FLOATS, out, o1);
    FloatVector b1 = FloatVector.fromArray(FLOATS, out, o1 + SECOND);
    FloatVector a2 = FloatVector.fromArray(FLOATS, out, o2);
    FloatVector b2 = FloatVector.fromArray(FLOATS, out, o2 + SECOND);
    FloatVector a3 = FloatVector.fromArray(FLOATS, out, o3);
    FloatVector b3 = FloatVector.fromArray(FLOATS, out, o3 + SECOND);
    FloatVector a4 = FloatVector.fromArray(FLOATS, out, o4);
    FloatVector b4 = FloatVector.fromArray(FLOATS, out, o4 + SECOND);
    FloatVector a5 = FloatVector.fromArray(FLOATS, out, o5);
    FloatVector b5 = FloatVector.fromArray(FLOATS, out, o5 + SECOND);
    FloatVector a6 = FloatVector.fromArray(FLOATS, out, o6);
    FloatVector b6 = FloatVector.fromArray(FLOATS, out, o6 + SECOND);
    FloatVector a7 = FloatVector.fromArray(FLOATS, out, o7);
    FloatVector b7 = FloatVector.fromArray(FLOATS, out, o7 + SECOND);
    for (int i = 0; i < length; i++) {
      long at = from + (long) i * (PANEL * Short.BYTES);
      IntVector pairs = IntVector.fromMemorySegment(Lanes.INTS, data, at, LITTLE);
      FloatVector p = Lanes.halves(pairs.lanewise(VectorOperators.LSHL, 16));
      FloatVector q = Lanes.halves(pairs);
      FloatVector xi = FloatVector.broadcast(FLOATS, x[x0 + i]);
      a0 = p.fma(xi, a0);
      b0 = q.fma(xi, b0);
      xi = FloatVector.broadcast(FLOATS, x[x1 + i]);
      a1 = p.fma(xi, a1);
      b1 = q.fma(xi, b1);
      xi = FloatVector.broadcast(FLOATS, x[x2 + i]);
      a2 = p.fma(xi, a2);
      b2 = q.fma(xi, b2);
      xi = FloatVector.broadcast(FLOATS, x[x3 + i]);
      a3 = p.fma(xi, a3);
      b3 = q.fma(xi, b3);
      xi = FloatVector.broadcast(FLOATS, x[x4 + i]);
      a4 = p.fma(xi, a4);
      b4 = q.fma(xi, b4);
      xi = FloatVector.broadcast(FLOATS, x[x5 + i]);
      a5 = p.fma(xi, a5);
      b5 = q.fma(xi, b5);
      xi = FloatVector.broadcast(FLOATS, x[x6 + i]);
      a6 = p.fma(xi, a6);
      b6 = q.fma(xi, b6);
      xi = FloatVector.broadcast(FLOATS, x[x7 + i]);
      a7 = p.fma(xi, a7);
      b7 = q.fma(xi, b7);
    }
    a0.intoArray(out, o0);
    b0.intoArray(out, o0 + SECOND);
    a1.intoArray(out, o1);
    b1.intoArray(out, o1 + SECOND);
    a2.intoArray(out, o2);
    b2.intoArray(out, o2 + SECOND);
    a3.intoArray(out, o3);
    b3.intoArray(out, o3 + SECOND);
    a4.intoArray(out, o4);
    b4.intoArray(out, o4 + SECOND);
    a5.intoArray(out, o5);
    b5.intoArray(out, o5 + SECOND);
    a6.intoArray(out, o6);
    b6.intoArray(out, o6 + SECOND);
    a7.intoArray(out, o7);
    b7.intoArray(out, o7 + SECOND);
  }

  private static FloatVector loadF32(MemorySegment data, long offset) {
    return FloatVector.fromMemorySegment(FLOATS, data, offset, LITTLE);
  }
}
