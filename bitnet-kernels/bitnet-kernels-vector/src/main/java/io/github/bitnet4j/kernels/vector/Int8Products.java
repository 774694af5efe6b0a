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
 * bits, as they are at most 2 * 128 * 127; pairs of such lanes are then added up as ints. Four rows
 * share each load of x. At 512 bits one thread computes twice as fast as memory delivers.
 */
final class Int8Products {
  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int WIDTH = SHORTS.length();
  private static final int LINE = Int8Matrix.LINE;
  private static final int GROUP = Int8Matrix.GROUP;

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
    for (int k = 0; k < lineCount; k++) {
      int column = lines[k] * LINE;
      long at = start + (long) column * GROUP;
      for (int half = 0; half < LINE / 2; half += WIDTH) {
        long o = at + 2L * half;
        ShortVector xe = ShortVector.fromArray(SHORTS, x, column + half);
        ShortVector xo = ShortVector.fromArray(SHORTS, x, column + LINE / 2 + half);
        ShortVector v = ShortVector.fromMemorySegment(SHORTS, data, o, ORDER);
        ShortVector e = v.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8);
        ShortVector p = e.mul(xe).add(v.lanewise(VectorOperators.ASHR, 8).mul(xo));
        IntVector pairs = p.reinterpretAsInts();
        s0 = s0.add(pairs.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16));
        s0 = s0.add(pairs.lanewise(VectorOperators.ASHR, 16));
        v = ShortVector.fromMemorySegment(SHORTS, data, o + LINE, ORDER);
        e = v.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8);
        p = e.mul(xe).add(v.lanewise(VectorOperators.ASHR, 8).mul(xo));
        pairs = p.reinterpretAsInts();
        s1 = s1.add(pairs.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16));
        s1 = s1.add(pairs.lanewise(VectorOperators.ASHR, 16));
        v = ShortVector.fromMemorySegment(SHORTS, data, o + 2 * LINE, ORDER);
        e = v.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8);
        p = e.mul(xe).add(v.lanewise(VectorOperators.ASHR, 8).mul(xo));
        pairs = p.reinterpretAsInts();
        s2 = s2.add(pairs.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16));
        s2 = s2.add(pairs.lanewise(VectorOperators.ASHR, 16));
        v = ShortVector.fromMemorySegment(SHORTS, data, o + 3 * LINE, ORDER);
        e = v.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8);
        p = e.mul(xe).add(v.lanewise(VectorOperators.ASHR, 8).mul(xo));
        pairs = p.reinterpretAsInts();
        s3 = s3.add(pairs.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16));
        s3 = s3.add(pairs.lanewise(VectorOperators.ASHR, 16));
      }
    }
    out[outOffset] = s0.reduceLanes(VectorOperators.ADD);
    out[outOffset + 1] = s1.reduceLanes(VectorOperators.ADD);
    out[outOffset + 2] = s2.reduceLanes(VectorOperators.ADD);
    out[outOffset + 3] = s3.reduceLanes(VectorOperators.ADD);
  }
}
