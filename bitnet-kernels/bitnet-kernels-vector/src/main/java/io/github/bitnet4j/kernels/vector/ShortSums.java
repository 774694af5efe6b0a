package io.github.bitnet4j.kernels.vector;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Sums in shorts, which are moved to ints before they could leave 16 bits. */
final class ShortSums {
  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final int HALF = SHORTS.length() / 2;

  private ShortSums() {}

  /**
   * Adds sums to their totals, and sets them to 0. In each register, even lanes are the first half
   * of the totals and odd lanes the second.
   */
  static void flush(short[] sums, int[] totals, int from, int to) {
    for (int i = from; i < to; i += 2 * HALF) {
      IntVector pairs = ShortVector.fromArray(SHORTS, sums, i).reinterpretAsInts();
      IntVector first = pairs.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
      IntVector second = pairs.lanewise(VectorOperators.ASHR, 16);
      IntVector.fromArray(Lanes.INTS, totals, i).add(first).intoArray(totals, i);
      IntVector.fromArray(Lanes.INTS, totals, i + HALF).add(second).intoArray(totals, i + HALF);
      ShortVector.zero(SHORTS).intoArray(sums, i);
    }
  }
}
