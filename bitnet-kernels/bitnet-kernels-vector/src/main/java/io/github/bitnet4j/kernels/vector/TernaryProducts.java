package io.github.bitnet4j.kernels.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Ternary matrix times int8 rows, on packed rows as the file has them.
 *
 * <p>A trit is its code less 1, so a row's product is the sum of {@code code * x} less the sum of
 * x. Packed bytes are computed with in pairs, as 16-bit lanes: {@code e} is the byte of an even
 * column and {@code o} of the odd one next to it, both below 256, and x is split in the same way.
 * With
 *
 * <pre>
 *   a_j = sum of (e >>> 2j) * x_even + (o >>> 2j) * x_odd      j = 0..3
 * </pre>
 *
 * row j's sum of {@code code * x} is {@code a_j - 4 a_(j+1)}, and a_3 for the last: codes are never
 * masked. The a_j wrap around, but the rows' sums are exact as long as they fit 16 bits, because
 * all of it is arithmetic modulo 2^16. A step adds two products of at most 2 * 128 to each lane, so
 * 64 steps reach from -32768 to 32512 and just fit.
 *
 * <p>Two packed rows share each load of x. Further tokens find the pair in the first-level cache;
 * keeping several tokens in registers as well gains 15 % with 32 registers, and loses with 16.
 */
final class TernaryProducts {
  private static final VectorSpecies<Byte> BYTES = Lanes.species(byte.class, Lanes.BITS);
  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final int WIDTH = SHORTS.length();

  /** Columns that one step of the loop takes. */
  private static final int STEP = BYTES.length();

  /** Columns after which 16-bit sums are full. */
  private static final int BLOCK = 64 * STEP;

  /** Sums of a pair of packed rows, of four rows each. */
  static final int SUMS = 8;

  /** Lanes that are stored of a pair. */
  static final int PARTIAL = SUMS * WIDTH;

  private TernaryProducts() {}

  static void multiply(
      VectorMatrix w,
      byte[] x,
      int tokens,
      int[] out,
      int fromUnit,
      int toUnit,
      VectorScratch scratch) {
    int first = 0;
    while (tokens - first >= CombinationProducts.MIN_TOKENS) {
      int count = Math.min(tokens - first, CombinationProducts.TOKENS);
      int xOffset = first * w.columns();
      int outOffset = first * w.rows();
      scratch.combinations().multiply(w, x, xOffset, count, out, outOffset, fromUnit, toUnit);
      first += count;
    }
    if (first < tokens) {
      multiplyPairs(w, x, first, tokens, out, fromUnit, toUnit, scratch);
    }
  }

  /** Multiplies the rows of activations from {@code first} on, up to {@code tokens}. */
  private static void multiplyPairs(
      VectorMatrix w,
      byte[] x,
      int first,
      int tokens,
      int[] out,
      int fromUnit,
      int toUnit,
      VectorScratch scratch) {
    // The compiler boxes vectors where a method gets large, so partial sums pass through memory.
    short[] partial = scratch.partial;
    int[] sums = scratch.sums;
    storeNegativeSums(w, x, first, tokens, out, fromUnit, toUnit);
    for (int unit = fromUnit; unit < toUnit; unit += 2) {
      boolean single = unit + 1 == toUnit;
      for (int t = first; t < tokens; t++) {
        pair(w, unit, single ? unit : unit + 1, x, t * w.columns(), partial, sums);
        addRows(w, unit, sums, 0, out, t * w.rows());
        if (!single) {
          addRows(w, unit + 1, sums, SUMS / 2, out, t * w.rows());
        }
      }
    }
  }

  /** Sets the units' rows of {@code out} to minus the sum of x. */
  private static void storeNegativeSums(
      VectorMatrix w, byte[] x, int first, int tokens, int[] out, int fromUnit, int toUnit) {
    for (int t = first; t < tokens; t++) {
      int sum = 0;
      for (int i = t * w.columns(); i < (t + 1) * w.columns(); i++) {
        sum += x[i];
      }
      for (int block = 0; block < w.rows(); block += w.units()) {
        int from = Math.min(block + fromUnit, w.rows());
        int to = Math.min(block + toUnit, w.rows());
        Arrays.fill(out, t * w.rows() + from, t * w.rows() + to, -sum);
      }
    }
  }

  private static void addRows(
      VectorMatrix w, int unit, int[] sums, int from, int[] out, int outOffset) {
    for (int j = 0, row = unit; j < 4 && row < w.rows(); j++, row += w.units()) {
      out[outOffset + row] += sums[from + j];
    }
  }

  /** Sums {@code code * x} over all columns for the four rows of unit a and those of unit b. */
  private static void pair(
      VectorMatrix w, int a, int b, byte[] x, int xOffset, short[] partial, int[] sums) {
    int columns = w.columns();
    long startA = (long) a * columns;
    long startB = (long) b * columns;
    int bulk = columns - columns % STEP;
    Arrays.fill(sums, 0);
    for (int c = 0; c < bulk; c += BLOCK) {
      int length = Math.min(BLOCK, bulk - c);
      block(w.packed(), startA + c, startB + c, x, xOffset + c, length, partial);
      addPartial(partial, sums);
    }
    for (int c = bulk; c < columns; c++) {
      int codesA = w.packed().get(ValueLayout.JAVA_BYTE, startA + c);
      int codesB = w.packed().get(ValueLayout.JAVA_BYTE, startB + c);
      for (int j = 0; j < 4; j++) {
        sums[j] += (codesA >> 2 * j & 3) * x[xOffset + c];
        sums[4 + j] += (codesB >> 2 * j & 3) * x[xOffset + c];
      }
    }
  }

  /** Stores a_0 to a_3 of both packed rows over at most {@link #BLOCK} columns. */
  private static void block(
      MemorySegment packed,
      long startA,
      long startB,
      byte[] x,
      int xOffset,
      int length,
      short[] partial) {
    // A plain access marks the compiled method: HotSpot then answers a fault in it (a mapped file
    // that another process cut short) with an InternalError instead of ending the JVM.
    partial[0] = packed.get(ValueLayout.JAVA_BYTE, startA);
    ShortVector a0 = ShortVector.zero(SHORTS);
    ShortVector a1 = a0;
    ShortVector a2 = a0;
    ShortVector a3 = a0;
    ShortVector b0 = a0;
    ShortVector b1 = a0;
    ShortVector b2 = a0;
    ShortVector b3 = a0;
    long delta = startB - startA;
    long end = startA + length;
    int at = xOffset;
    for (long a = startA; a != end; a += STEP) { // not "<", see LookupProducts
      ShortVector xs = ByteVector.fromArray(BYTES, x, at).reinterpretAsShorts();
      ShortVector xe = xs.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8);
      ShortVector xo = xs.lanewise(VectorOperators.ASHR, 8);
      ShortVector v = load(packed, a);
      ShortVector e = v.and((short) 0xFF);
      ShortVector o = v.lanewise(VectorOperators.LSHR, 8);
      a0 = a0.add(e.mul(xe)).add(o.mul(xo));
      e = e.lanewise(VectorOperators.LSHR, 2);
      o = o.lanewise(VectorOperators.LSHR, 2);
      a1 = a1.add(e.mul(xe)).add(o.mul(xo));
      e = e.lanewise(VectorOperators.LSHR, 2);
      o = o.lanewise(VectorOperators.LSHR, 2);
      a2 = a2.add(e.mul(xe)).add(o.mul(xo));
      e = e.lanewise(VectorOperators.LSHR, 2);
      o = o.lanewise(VectorOperators.LSHR, 2);
      a3 = a3.add(e.mul(xe)).add(o.mul(xo));
      v = load(packed, a + delta);
      e = v.and((short) 0xFF);
      o = v.lanewise(VectorOperators.LSHR, 8);
      b0 = b0.add(e.mul(xe)).add(o.mul(xo));
      e = e.lanewise(VectorOperators.LSHR, 2);
      o = o.lanewise(VectorOperators.LSHR, 2);
      b1 = b1.add(e.mul(xe)).add(o.mul(xo));
      e = e.lanewise(VectorOperators.LSHR, 2);
      o = o.lanewise(VectorOperators.LSHR, 2);
      b2 = b2.add(e.mul(xe)).add(o.mul(xo));
      e = e.lanewise(VectorOperators.LSHR, 2);
      o = o.lanewise(VectorOperators.LSHR, 2);
      b3 = b3.add(e.mul(xe)).add(o.mul(xo));
      at += STEP;
    }
    a0.intoArray(partial, 0);
    a1.intoArray(partial, WIDTH);
    a2.intoArray(partial, 2 * WIDTH);
    a3.intoArray(partial, 3 * WIDTH);
    b0.intoArray(partial, 4 * WIDTH);
    b1.intoArray(partial, 5 * WIDTH);
    b2.intoArray(partial, 6 * WIDTH);
    b3.intoArray(partial, 7 * WIDTH);
  }

  /** Turns the stored a_j into rows' sums of {@code code * x} and adds them. */
  private static void addPartial(short[] partial, int[] sums) {
    for (int k = 0; k < SUMS; k++) {
      ShortVector v = ShortVector.fromArray(SHORTS, partial, k * WIDTH);
      if (k % 4 < 3) {
        ShortVector next = ShortVector.fromArray(SHORTS, partial, (k + 1) * WIDTH);
        v = v.sub(next.lanewise(VectorOperators.LSHL, 2));
      }
      IntVector pairs = v.reinterpretAsInts();
      IntVector even = pairs.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
      IntVector odd = pairs.lanewise(VectorOperators.ASHR, 16);
      sums[k] += even.add(odd).reduceLanes(VectorOperators.ADD);
    }
  }

  private static ShortVector load(MemorySegment packed, long offset) {
    return ShortVector.fromMemorySegment(SHORTS, packed, offset, ByteOrder.LITTLE_ENDIAN);
  }
}
