package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.spi.Int8Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of int8 times one row of int8: the LM head's screening pass.
 *
 * <p>A 16-bit lane holds the weights of an even and an odd column. Both products together fit 16
 * bits, as they are at most 2 * 128 * 127, so they may be computed modulo 2^16, with weights that
 * 128 was added to: those are taken apart without shifts of 16-bit lanes, for which C2 loads the
 * count anew each time. What that adds is taken away with the bias, which also makes the sums
 * unsigned. Then two of them can be added as one int, and the sum of upper halves tells them apart.
 * Four rows share each load of x.
 */
final class Int8Products {
  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int WIDTH = SHORTS.length();
  private static final int LINE = Int8Matrix.LINE;
  private static final int GROUP = Int8Matrix.GROUP;

  /** Makes a sum of two products unsigned. */
  private static final int BIAS = 1 << 15;

  /** Adds 128 to each byte of an int. */
  private static final int SIGNS = 0x80808080;

  /** The lower bytes of two 16-bit lanes. */
  private static final int LOWER = 0x00FF00FF;

  private Int8Products() {}

  static void multiply(
      Int8Matrix w, short[] x, int[] lines, int lineCount, int[] out, int fromRow, int toRow) {
    int row = fromRow;
    for (; row <= toRow - GROUP; row += GROUP) {
      group(w.data(), w.lineOffset(row, 0), x, lines, lineCount, out, row - fromRow);
    }
    if (row < toRow) {
      int[] last = new int[GROUP];
      group(w.data(), w.lineOffset(row, 0), x, lines, lineCount, last, 0);
      System.arraycopy(last, 0, out, row - fromRow, toRow - row);
    }
  }

  /**
   * Computes a group of rows that starts at the given byte. One flat method: what another one
   * returns is an object on the heap, unless the compiler happens to inline it.
   */
  private static void group(
      MemorySegment data,
      long start,
      short[] x,
      int[] lines,
      int lineCount,
      int[] out,
      int outOffset) {
    out[outOffset] = data.get(ValueLayout.JAVA_BYTE, start); // see ShortLookups.addChunk
    IntVector s0 = IntVector.zero(Lanes.INTS);
    IntVector s1 = s0;
    IntVector s2 = s0;
    IntVector s3 = s0;
    IntVector h0 = s0;
    IntVector h1 = s0;
    IntVector h2 = s0;
    IntVector h3 = s0;
    for (int k = 0; k < lineCount; k++) {
      int column = lines[k] * LINE;
      long at = start + (long) column * GROUP;
      for (int half = 0; half < LINE / 2; half += WIDTH) {
        long o = at + 2L * half;
        ShortVector xe = ShortVector.fromArray(SHORTS, x, column + half);
        ShortVector xo = ShortVector.fromArray(SHORTS, x, column + LINE / 2 + half);
        ShortVector bias = xe.add(xo).mul((short) -128).add((short) BIAS);
        IntVector v =
            IntVector.fromMemorySegment(Lanes.INTS, data, o, ORDER)
                .lanewise(VectorOperators.XOR, SIGNS);
        ShortVector e = v.and(LOWER).reinterpretAsShorts().mul(xe).add(bias);
        v = v.lanewise(VectorOperators.LSHR, 8).and(LOWER);
        IntVector p = v.reinterpretAsShorts().mul(xo).add(e).reinterpretAsInts();
        s0 = s0.add(p);
        h0 = h0.add(p.lanewise(VectorOperators.LSHR, 16));
        v =
            IntVector.fromMemorySegment(Lanes.INTS, data, o + LINE, ORDER)
                .lanewise(VectorOperators.XOR, SIGNS);
        e = v.and(LOWER).reinterpretAsShorts().mul(xe).add(bias);
        v = v.lanewise(VectorOperators.LSHR, 8).and(LOWER);
        p = v.reinterpretAsShorts().mul(xo).add(e).reinterpretAsInts();
        s1 = s1.add(p);
        h1 = h1.add(p.lanewise(VectorOperators.LSHR, 16));
        v =
            IntVector.fromMemorySegment(Lanes.INTS, data, o + 2 * LINE, ORDER)
                .lanewise(VectorOperators.XOR, SIGNS);
        e = v.and(LOWER).reinterpretAsShorts().mul(xe).add(bias);
        v = v.lanewise(VectorOperators.LSHR, 8).and(LOWER);
        p = v.reinterpretAsShorts().mul(xo).add(e).reinterpretAsInts();
        s2 = s2.add(p);
        h2 = h2.add(p.lanewise(VectorOperators.LSHR, 16));
        v =
            IntVector.fromMemorySegment(Lanes.INTS, data, o + 3 * LINE, ORDER)
                .lanewise(VectorOperators.XOR, SIGNS);
        e = v.and(LOWER).reinterpretAsShorts().mul(xe).add(bias);
        v = v.lanewise(VectorOperators.LSHR, 8).and(LOWER);
        p = v.reinterpretAsShorts().mul(xo).add(e).reinterpretAsInts();
        s3 = s3.add(p);
        h3 = h3.add(p.lanewise(VectorOperators.LSHR, 16));
      }
    }
    int count = LINE / 2 * lineCount;
    out[outOffset] =
        total(s0.reduceLanes(VectorOperators.ADD), h0.reduceLanes(VectorOperators.ADD), count);
    out[outOffset + 1] =
        total(s1.reduceLanes(VectorOperators.ADD), h1.reduceLanes(VectorOperators.ADD), count);
    out[outOffset + 2] =
        total(s2.reduceLanes(VectorOperators.ADD), h2.reduceLanes(VectorOperators.ADD), count);
    out[outOffset + 3] =
        total(s3.reduceLanes(VectorOperators.ADD), h3.reduceLanes(VectorOperators.ADD), count);
  }

  /**
   * Returns the sum of 16-bit lanes without their biases.
   *
   * @param pairs sum of the ints that are two of them
   * @param upper sum of the upper ones
   * @param count number of lanes
   */
  private static int total(int pairs, int upper, int count) {
    int lower = pairs - (upper << 16);
    return lower + upper - count * BIAS;
  }
}
