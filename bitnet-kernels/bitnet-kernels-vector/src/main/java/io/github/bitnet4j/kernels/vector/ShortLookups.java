package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.BLOCK_ROWS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.STRIP_BYTES;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of a block by table lookup, for registers of 512 bits.
 *
 * <p>The sums of three columns take 27 values. They fit one register of 32 shorts, and one {@code
 * selectFrom} (vpermw) looks up 32 rows in it: 96 products, ready added, with no multiplication.
 * The tables of a chunk of 54 columns stay in 18 registers while the rows of a block stream by:
 * weights are read once, in order, and the 16-bit sums they are added to lie in the first-level
 * cache. Further rows of activations find the chunk there too, and are taken in pairs: what takes
 * the digits out of the words then serves two lookups.
 *
 * <p>Sums are moved to ints before they could leave 16 bits: {@link LookupTables#reach} bounds what
 * each chunk can add. So the product is exact for every input.
 *
 * <p>Shifts are those of ints, which take a constant count; those of shorts do not. What they carry
 * over from the upper short is beyond the five bits that a lookup looks at.
 */
final class ShortLookups {
  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final VectorSpecies<Integer> INTS = Lanes.INTS;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private ShortLookups() {}

  /** Multiplies rows of one block with the rows of activations that have tables. */
  static void multiplyBlock(
      LookupMatrix w,
      int fromRow,
      int rows,
      int tokens,
      int[] out,
      int firstToken,
      LookupTables tables) {
    int strips = (rows + LANES - 1) / LANES;
    short[] sums = tables.sums;
    int[] totals = tables.totals;
    int[] reached = tables.reached;
    Arrays.fill(totals, 0, tokens * BLOCK_ROWS, 0);
    Arrays.fill(sums, 0, tokens * BLOCK_ROWS, (short) 0);
    Arrays.fill(reached, 0, tokens, 0);
    for (int chunk = 0; chunk < w.chunks(); chunk++) {
      long at = w.offset(fromRow, chunk);
      for (int t = 0; t < tokens; t++) {
        int reach = tables.reach(w, t, chunk);
        if (reached[t] + reach > Short.MAX_VALUE) {
          ShortSums.flush(sums, totals, t * BLOCK_ROWS, t * BLOCK_ROWS + strips * LANES);
          reached[t] = 0;
        }
        reached[t] += reach;
      }
      int t = 0;
      for (; t < tokens - 1; t += 2) {
        long first = tables.offset(w, t, chunk);
        long second = tables.offset(w, t + 1, chunk);
        int to = t * BLOCK_ROWS;
        addHalfChunk(w.packed(), at, strips, tables.tables(), first, second, sums, to);
        first += LookupTables.CHUNK_BYTES / 2;
        second += LookupTables.CHUNK_BYTES / 2;
        long half = at + STRIP_BYTES / 2;
        addHalfChunk(w.packed(), half, strips, tables.tables(), first, second, sums, to);
      }
      if (t < tokens) {
        long table = tables.offset(w, t, chunk);
        addChunk(w.packed(), at, strips, tables.tables(), table, sums, t * BLOCK_ROWS);
      }
    }
    for (int t = 0; t < tokens; t++) {
      ShortSums.flush(sums, totals, t * BLOCK_ROWS, t * BLOCK_ROWS + strips * LANES);
      System.arraycopy(totals, t * BLOCK_ROWS, out, (firstToken + t) * w.rows() + fromRow, rows);
    }
  }

  /**
   * Adds the products of a chunk to the sums of some strips. One flat method: of a larger one the
   * compiler boxes vectors.
   */
  private static void addChunk(
      MemorySegment packed,
      long start,
      int strips,
      MemorySegment tables,
      long table,
      short[] sums,
      int offset) {
    // An access like this one finds a file that was cut short: those of vectors crash the JVM.
    sums[offset] += (short) (packed.get(ValueLayout.JAVA_BYTE, start) & 0);
    ShortVector t0 = ShortVector.fromMemorySegment(SHORTS, tables, table + 0, ORDER);
    ShortVector t1 = ShortVector.fromMemorySegment(SHORTS, tables, table + 64, ORDER);
    ShortVector t2 = ShortVector.fromMemorySegment(SHORTS, tables, table + 128, ORDER);
    ShortVector t3 = ShortVector.fromMemorySegment(SHORTS, tables, table + 192, ORDER);
    ShortVector t4 = ShortVector.fromMemorySegment(SHORTS, tables, table + 256, ORDER);
    ShortVector t5 = ShortVector.fromMemorySegment(SHORTS, tables, table + 320, ORDER);
    ShortVector t6 = ShortVector.fromMemorySegment(SHORTS, tables, table + 384, ORDER);
    ShortVector t7 = ShortVector.fromMemorySegment(SHORTS, tables, table + 448, ORDER);
    ShortVector t8 = ShortVector.fromMemorySegment(SHORTS, tables, table + 512, ORDER);
    ShortVector t9 = ShortVector.fromMemorySegment(SHORTS, tables, table + 576, ORDER);
    ShortVector t10 = ShortVector.fromMemorySegment(SHORTS, tables, table + 640, ORDER);
    ShortVector t11 = ShortVector.fromMemorySegment(SHORTS, tables, table + 704, ORDER);
    ShortVector t12 = ShortVector.fromMemorySegment(SHORTS, tables, table + 768, ORDER);
    ShortVector t13 = ShortVector.fromMemorySegment(SHORTS, tables, table + 832, ORDER);
    ShortVector t14 = ShortVector.fromMemorySegment(SHORTS, tables, table + 896, ORDER);
    ShortVector t15 = ShortVector.fromMemorySegment(SHORTS, tables, table + 960, ORDER);
    ShortVector t16 = ShortVector.fromMemorySegment(SHORTS, tables, table + 1024, ORDER);
    ShortVector t17 = ShortVector.fromMemorySegment(SHORTS, tables, table + 1088, ORDER);
    long end = start + strips * (long) STRIP_BYTES;
    int to = offset;
    // With "<" the compiler would take bounds checks for something to move out of the loop, and
    // compute the moved ones anew for every access: half of the time.
    for (long at = start; at != end; at += STRIP_BYTES) {
      IntVector w0 = IntVector.fromMemorySegment(INTS, packed, at + 0, ORDER);
      ShortVector a = w0.reinterpretAsShorts().selectFrom(t0);
      ShortVector b = w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(t1);
      a = a.add(w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(t2));
      IntVector w1 = IntVector.fromMemorySegment(INTS, packed, at + 64, ORDER);
      b = b.add(w1.reinterpretAsShorts().selectFrom(t3));
      a = a.add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(t4));
      b = b.add(w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(t5));
      IntVector w2 = IntVector.fromMemorySegment(INTS, packed, at + 128, ORDER);
      a = a.add(w2.reinterpretAsShorts().selectFrom(t6));
      b = b.add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(t7));
      a = a.add(w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(t8));
      IntVector w3 = IntVector.fromMemorySegment(INTS, packed, at + 192, ORDER);
      b = b.add(w3.reinterpretAsShorts().selectFrom(t9));
      a = a.add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(t10));
      b = b.add(w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(t11));
      IntVector w4 = IntVector.fromMemorySegment(INTS, packed, at + 256, ORDER);
      a = a.add(w4.reinterpretAsShorts().selectFrom(t12));
      b = b.add(w4.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(t13));
      a = a.add(w4.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(t14));
      IntVector w5 = IntVector.fromMemorySegment(INTS, packed, at + 320, ORDER);
      b = b.add(w5.reinterpretAsShorts().selectFrom(t15));
      a = a.add(w5.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(t16));
      b = b.add(w5.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(t17));
      ShortVector.fromArray(SHORTS, sums, to).add(a).add(b).intoArray(sums, to);
      to += LANES;
    }
  }

  /**
   * Adds the products of the first or the second half of a chunk with two rows of activations to
   * their sums, which lie {@link LookupMatrix#BLOCK_ROWS} apart. More tables do not fit the
   * registers.
   */
  private static void addHalfChunk(
      MemorySegment packed,
      long start,
      int strips,
      MemorySegment tables,
      long table,
      long otherTable,
      short[] sums,
      int offset) {
    sums[offset] += (short) (packed.get(ValueLayout.JAVA_BYTE, start) & 0); // see addChunk
    ShortVector t0 = ShortVector.fromMemorySegment(SHORTS, tables, table + 0, ORDER);
    ShortVector t1 = ShortVector.fromMemorySegment(SHORTS, tables, table + 64, ORDER);
    ShortVector t2 = ShortVector.fromMemorySegment(SHORTS, tables, table + 128, ORDER);
    ShortVector t3 = ShortVector.fromMemorySegment(SHORTS, tables, table + 192, ORDER);
    ShortVector t4 = ShortVector.fromMemorySegment(SHORTS, tables, table + 256, ORDER);
    ShortVector t5 = ShortVector.fromMemorySegment(SHORTS, tables, table + 320, ORDER);
    ShortVector t6 = ShortVector.fromMemorySegment(SHORTS, tables, table + 384, ORDER);
    ShortVector t7 = ShortVector.fromMemorySegment(SHORTS, tables, table + 448, ORDER);
    ShortVector t8 = ShortVector.fromMemorySegment(SHORTS, tables, table + 512, ORDER);
    ShortVector u0 = ShortVector.fromMemorySegment(SHORTS, tables, otherTable + 0, ORDER);
    ShortVector u1 = ShortVector.fromMemorySegment(SHORTS, tables, otherTable + 64, ORDER);
    ShortVector u2 = ShortVector.fromMemorySegment(SHORTS, tables, otherTable + 128, ORDER);
    ShortVector u3 = ShortVector.fromMemorySegment(SHORTS, tables, otherTable + 192, ORDER);
    ShortVector u4 = ShortVector.fromMemorySegment(SHORTS, tables, otherTable + 256, ORDER);
    ShortVector u5 = ShortVector.fromMemorySegment(SHORTS, tables, otherTable + 320, ORDER);
    ShortVector u6 = ShortVector.fromMemorySegment(SHORTS, tables, otherTable + 384, ORDER);
    ShortVector u7 = ShortVector.fromMemorySegment(SHORTS, tables, otherTable + 448, ORDER);
    ShortVector u8 = ShortVector.fromMemorySegment(SHORTS, tables, otherTable + 512, ORDER);
    long end = start + strips * (long) STRIP_BYTES;
    int to = offset;
    for (long at = start; at != end; at += STRIP_BYTES) { // not "<": see addChunk
      IntVector w0 = IntVector.fromMemorySegment(INTS, packed, at + 0, ORDER);
      ShortVector digits = w0.reinterpretAsShorts();
      ShortVector a = digits.selectFrom(t0);
      ShortVector c = digits.selectFrom(u0);
      digits = w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts();
      ShortVector b = digits.selectFrom(t1);
      ShortVector d = digits.selectFrom(u1);
      digits = w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts();
      a = a.add(digits.selectFrom(t2));
      c = c.add(digits.selectFrom(u2));
      IntVector w1 = IntVector.fromMemorySegment(INTS, packed, at + 64, ORDER);
      digits = w1.reinterpretAsShorts();
      b = b.add(digits.selectFrom(t3));
      d = d.add(digits.selectFrom(u3));
      digits = w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts();
      a = a.add(digits.selectFrom(t4));
      c = c.add(digits.selectFrom(u4));
      digits = w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts();
      b = b.add(digits.selectFrom(t5));
      d = d.add(digits.selectFrom(u5));
      IntVector w2 = IntVector.fromMemorySegment(INTS, packed, at + 128, ORDER);
      digits = w2.reinterpretAsShorts();
      a = a.add(digits.selectFrom(t6));
      c = c.add(digits.selectFrom(u6));
      digits = w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts();
      b = b.add(digits.selectFrom(t7));
      d = d.add(digits.selectFrom(u7));
      digits = w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts();
      a = a.add(digits.selectFrom(t8));
      c = c.add(digits.selectFrom(u8));
      ShortVector.fromArray(SHORTS, sums, to).add(a).add(b).intoArray(sums, to);
      int other = to + BLOCK_ROWS;
      ShortVector.fromArray(SHORTS, sums, other).add(c).add(d).intoArray(sums, other);
      to += LANES;
    }
  }
}
