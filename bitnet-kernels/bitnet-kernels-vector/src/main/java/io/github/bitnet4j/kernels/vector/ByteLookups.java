package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.BLOCK_ROWS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.STRIP_BYTES;
import static io.github.bitnet4j.kernels.vector.LookupTables.LOW_BITS;

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
 * Products of a block by table lookup, for registers of 128 and 256 bits, which hold the 27 sums of
 * three columns as bytes only.
 *
 * <p>A sum v is looked up in two tables, of the low five bits and of the rest of v + {@link
 * LookupTables#BIAS}. Neither reaches 32, so six of them add up in a byte, those of a chunk; only
 * then they are widened. A register of bytes is two registers of shorts that way: added as shorts,
 * the byte of an even lane is what remains when the sum of the odd lanes' bytes, which is kept as
 * well, is taken away 256 times. All of it is exact for every input.
 *
 * <p>The tables of a chunk, 18 columns, stay in registers while the rows of a block stream by.
 */
final class ByteLookups {
  private static final VectorSpecies<Byte> BYTES = Lanes.species(byte.class, Lanes.BITS);
  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final VectorSpecies<Integer> INTS = Lanes.INTS;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /** Shorts of a strip's sums: of even and odd lanes of the low, and of the high parts. */
  private static final int STRIP_SUMS = 2 * LANES;

  /** Chunks that bytes of at most 31 can be summed over in unsigned shorts, six in each. */
  private static final int MAX_CHUNKS = 0xFFFF / (6 * 31);

  private ByteLookups() {}

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
    int digits = w.words() * LookupMatrix.WORD_DIGITS;
    Arrays.fill(totals, 0, tokens * BLOCK_ROWS, -digits * LookupTables.BIAS);
    Arrays.fill(sums, 0, tokens * LookupTables.BLOCK_SUMS, (short) 0);
    for (int chunk = 0; chunk < w.chunks(); chunk++) {
      long at = w.offset(fromRow, chunk);
      for (int t = 0; t < tokens; t++) {
        long table = tables.offset(w, t, chunk);
        int to = t * LookupTables.BLOCK_SUMS;
        addChunk(w.packed(), at, strips, tables.tables(), table, sums, to);
      }
      if ((chunk + 1) % MAX_CHUNKS == 0 || chunk == w.chunks() - 1) {
        for (int t = 0; t < tokens; t++) {
          flush(sums, t * LookupTables.BLOCK_SUMS, totals, t * BLOCK_ROWS, strips);
        }
      }
    }
    for (int t = 0; t < tokens; t++) {
      System.arraycopy(totals, t * BLOCK_ROWS, out, (firstToken + t) * w.rows() + fromRow, rows);
    }
  }

  /**
   * Moves 16-bit sums to their totals. Rows of a strip lie in lanes such that the halves of ints
   * are rows in order, see {@link LookupMatrix}. One flat method: vectors that are passed to
   * another one are objects on the heap, unless the compiler happens to inline it.
   */
  private static void flush(short[] sums, int from, int[] totals, int to, int strips) {
    ShortVector zero = ShortVector.zero(SHORTS);
    for (int v = 0; v < strips; v++) {
      for (int part = 0; part < LANES / 2; part += SHORTS.length()) {
        int s = from + v * STRIP_SUMS + part;
        IntVector low = ShortVector.fromArray(SHORTS, sums, s).reinterpretAsInts();
        IntVector lowOdd = ShortVector.fromArray(SHORTS, sums, s + 16).reinterpretAsInts();
        IntVector high = ShortVector.fromArray(SHORTS, sums, s + 32).reinterpretAsInts();
        IntVector highOdd = ShortVector.fromArray(SHORTS, sums, s + 48).reinterpretAsInts();
        int t = to + v * LANES + part / 2;
        IntVector a = lowOdd.and(0xFFFF);
        IntVector b = highOdd.and(0xFFFF);
        IntVector sum = a.add(b.lanewise(VectorOperators.LSHL, LOW_BITS));
        IntVector.fromArray(INTS, totals, t + 16).add(sum).intoArray(totals, t + 16);
        a = low.and(0xFFFF).sub(a.lanewise(VectorOperators.LSHL, 8)).and(0xFFFF);
        b = high.and(0xFFFF).sub(b.lanewise(VectorOperators.LSHL, 8)).and(0xFFFF);
        sum = a.add(b.lanewise(VectorOperators.LSHL, LOW_BITS));
        IntVector.fromArray(INTS, totals, t).add(sum).intoArray(totals, t);
        a = lowOdd.lanewise(VectorOperators.LSHR, 16);
        b = highOdd.lanewise(VectorOperators.LSHR, 16);
        sum = a.add(b.lanewise(VectorOperators.LSHL, LOW_BITS));
        IntVector.fromArray(INTS, totals, t + 24).add(sum).intoArray(totals, t + 24);
        low = low.lanewise(VectorOperators.LSHR, 16);
        high = high.lanewise(VectorOperators.LSHR, 16);
        a = low.sub(a.lanewise(VectorOperators.LSHL, 8)).and(0xFFFF);
        b = high.sub(b.lanewise(VectorOperators.LSHL, 8)).and(0xFFFF);
        sum = a.add(b.lanewise(VectorOperators.LSHL, LOW_BITS));
        IntVector.fromArray(INTS, totals, t + 8).add(sum).intoArray(totals, t + 8);
      }
      for (int i = 0; i < STRIP_SUMS; i += SHORTS.length()) {
        zero.intoArray(sums, from + v * STRIP_SUMS + i);
      }
    }
  }

  /** Adds the products of a chunk to the sums of some strips. */
  private static void addChunk(
      MemorySegment packed,
      long start,
      int strips,
      MemorySegment tables,
      long table,
      short[] sums,
      int offset) {
    sums[offset] += (short) (packed.get(ValueLayout.JAVA_BYTE, start) & 0); // see ShortLookups
    if (Lanes.BITS == 256) {
      addChunk256(packed, start, strips, tables, table, sums, offset);
    } else {
      addChunk128(packed, start, strips, tables, table, sums, offset);
    }
  }

  private static void addChunk256(
      MemorySegment packed,
      long start,
      int strips,
      MemorySegment tables,
      long table,
      short[] sums,
      int offset) {
    ByteVector low0 = ByteVector.fromMemorySegment(BYTES, tables, table + 0, ORDER);
    ByteVector high0 = ByteVector.fromMemorySegment(BYTES, tables, table + 32, ORDER);
    ByteVector low1 = ByteVector.fromMemorySegment(BYTES, tables, table + 64, ORDER);
    ByteVector high1 = ByteVector.fromMemorySegment(BYTES, tables, table + 96, ORDER);
    ByteVector low2 = ByteVector.fromMemorySegment(BYTES, tables, table + 128, ORDER);
    ByteVector high2 = ByteVector.fromMemorySegment(BYTES, tables, table + 160, ORDER);
    ByteVector low3 = ByteVector.fromMemorySegment(BYTES, tables, table + 192, ORDER);
    ByteVector high3 = ByteVector.fromMemorySegment(BYTES, tables, table + 224, ORDER);
    ByteVector low4 = ByteVector.fromMemorySegment(BYTES, tables, table + 256, ORDER);
    ByteVector high4 = ByteVector.fromMemorySegment(BYTES, tables, table + 288, ORDER);
    ByteVector low5 = ByteVector.fromMemorySegment(BYTES, tables, table + 320, ORDER);
    ByteVector high5 = ByteVector.fromMemorySegment(BYTES, tables, table + 352, ORDER);
    long end = start + strips * (long) STRIP_BYTES;
    int to = offset;
    for (long at = start; at != end; at += STRIP_BYTES) { // not "<": see ShortLookups
      ByteVector a0 = ByteVector.fromMemorySegment(BYTES, packed, at + 0, ORDER);
      ByteVector b0 = ByteVector.fromMemorySegment(BYTES, packed, at + 32, ORDER);
      IntVector c0 = a0.reinterpretAsInts().lanewise(VectorOperators.LSHR, 5).and(0x07070707);
      c0 = c0.or(b0.reinterpretAsInts().lanewise(VectorOperators.LSHR, 2).and(0x18181818));
      ByteVector d0 = c0.reinterpretAsBytes();
      ByteVector low = a0.selectFrom(low0);
      ByteVector high = a0.selectFrom(high0);
      low = low.add(b0.selectFrom(low1));
      high = high.add(b0.selectFrom(high1));
      low = low.add(d0.selectFrom(low2));
      high = high.add(d0.selectFrom(high2));
      ByteVector a1 = ByteVector.fromMemorySegment(BYTES, packed, at + 64, ORDER);
      ByteVector b1 = ByteVector.fromMemorySegment(BYTES, packed, at + 96, ORDER);
      IntVector c1 = a1.reinterpretAsInts().lanewise(VectorOperators.LSHR, 5).and(0x07070707);
      c1 = c1.or(b1.reinterpretAsInts().lanewise(VectorOperators.LSHR, 2).and(0x18181818));
      ByteVector d1 = c1.reinterpretAsBytes();
      low = low.add(a1.selectFrom(low3));
      high = high.add(a1.selectFrom(high3));
      low = low.add(b1.selectFrom(low4));
      high = high.add(b1.selectFrom(high4));
      low = low.add(d1.selectFrom(low5));
      high = high.add(d1.selectFrom(high5));
      ShortVector lowBoth = low.reinterpretAsShorts();
      IntVector lowOdd = low.reinterpretAsInts().lanewise(VectorOperators.LSHR, 8).and(0x00FF00FF);
      int lowTo = to;
      ShortVector.fromArray(SHORTS, sums, lowTo).add(lowBoth).intoArray(sums, lowTo);
      int lowOddTo = to + 16;
      ShortVector.fromArray(SHORTS, sums, lowOddTo)
          .add(lowOdd.reinterpretAsShorts())
          .intoArray(sums, lowOddTo);
      ShortVector highBoth = high.reinterpretAsShorts();
      IntVector highOdd =
          high.reinterpretAsInts().lanewise(VectorOperators.LSHR, 8).and(0x00FF00FF);
      int highTo = to + 32;
      ShortVector.fromArray(SHORTS, sums, highTo).add(highBoth).intoArray(sums, highTo);
      int highOddTo = to + 48;
      ShortVector.fromArray(SHORTS, sums, highOddTo)
          .add(highOdd.reinterpretAsShorts())
          .intoArray(sums, highOddTo);
      to += STRIP_SUMS;
    }
  }

  /** As {@link #addChunk256}; a table takes two registers, a strip is looked up in halves. */
  private static void addChunk128(
      MemorySegment packed,
      long start,
      int strips,
      MemorySegment tables,
      long table,
      short[] sums,
      int offset) {
    ByteVector low0 = ByteVector.fromMemorySegment(BYTES, tables, table + 0, ORDER);
    ByteVector low0b = ByteVector.fromMemorySegment(BYTES, tables, table + 16, ORDER);
    ByteVector high0 = ByteVector.fromMemorySegment(BYTES, tables, table + 32, ORDER);
    ByteVector high0b = ByteVector.fromMemorySegment(BYTES, tables, table + 48, ORDER);
    ByteVector low1 = ByteVector.fromMemorySegment(BYTES, tables, table + 64, ORDER);
    ByteVector low1b = ByteVector.fromMemorySegment(BYTES, tables, table + 80, ORDER);
    ByteVector high1 = ByteVector.fromMemorySegment(BYTES, tables, table + 96, ORDER);
    ByteVector high1b = ByteVector.fromMemorySegment(BYTES, tables, table + 112, ORDER);
    ByteVector low2 = ByteVector.fromMemorySegment(BYTES, tables, table + 128, ORDER);
    ByteVector low2b = ByteVector.fromMemorySegment(BYTES, tables, table + 144, ORDER);
    ByteVector high2 = ByteVector.fromMemorySegment(BYTES, tables, table + 160, ORDER);
    ByteVector high2b = ByteVector.fromMemorySegment(BYTES, tables, table + 176, ORDER);
    ByteVector low3 = ByteVector.fromMemorySegment(BYTES, tables, table + 192, ORDER);
    ByteVector low3b = ByteVector.fromMemorySegment(BYTES, tables, table + 208, ORDER);
    ByteVector high3 = ByteVector.fromMemorySegment(BYTES, tables, table + 224, ORDER);
    ByteVector high3b = ByteVector.fromMemorySegment(BYTES, tables, table + 240, ORDER);
    ByteVector low4 = ByteVector.fromMemorySegment(BYTES, tables, table + 256, ORDER);
    ByteVector low4b = ByteVector.fromMemorySegment(BYTES, tables, table + 272, ORDER);
    ByteVector high4 = ByteVector.fromMemorySegment(BYTES, tables, table + 288, ORDER);
    ByteVector high4b = ByteVector.fromMemorySegment(BYTES, tables, table + 304, ORDER);
    ByteVector low5 = ByteVector.fromMemorySegment(BYTES, tables, table + 320, ORDER);
    ByteVector low5b = ByteVector.fromMemorySegment(BYTES, tables, table + 336, ORDER);
    ByteVector high5 = ByteVector.fromMemorySegment(BYTES, tables, table + 352, ORDER);
    ByteVector high5b = ByteVector.fromMemorySegment(BYTES, tables, table + 368, ORDER);
    long end = start + strips * (long) STRIP_BYTES;
    int to = offset;
    for (long at = start; at != end; at += STRIP_BYTES) { // not "<": see ShortLookups
      for (int half = 0; half < LANES; half += LANES / 2) {
        ByteVector a0 = ByteVector.fromMemorySegment(BYTES, packed, at + 0 + half, ORDER);
        ByteVector b0 = ByteVector.fromMemorySegment(BYTES, packed, at + 32 + half, ORDER);
        IntVector c0 = a0.reinterpretAsInts().lanewise(VectorOperators.LSHR, 5).and(0x07070707);
        c0 = c0.or(b0.reinterpretAsInts().lanewise(VectorOperators.LSHR, 2).and(0x18181818));
        ByteVector d0 = c0.reinterpretAsBytes();
        ByteVector low = a0.selectFrom(low0, low0b);
        ByteVector high = a0.selectFrom(high0, high0b);
        low = low.add(b0.selectFrom(low1, low1b));
        high = high.add(b0.selectFrom(high1, high1b));
        low = low.add(d0.selectFrom(low2, low2b));
        high = high.add(d0.selectFrom(high2, high2b));
        ByteVector a1 = ByteVector.fromMemorySegment(BYTES, packed, at + 64 + half, ORDER);
        ByteVector b1 = ByteVector.fromMemorySegment(BYTES, packed, at + 96 + half, ORDER);
        IntVector c1 = a1.reinterpretAsInts().lanewise(VectorOperators.LSHR, 5).and(0x07070707);
        c1 = c1.or(b1.reinterpretAsInts().lanewise(VectorOperators.LSHR, 2).and(0x18181818));
        ByteVector d1 = c1.reinterpretAsBytes();
        low = low.add(a1.selectFrom(low3, low3b));
        high = high.add(a1.selectFrom(high3, high3b));
        low = low.add(b1.selectFrom(low4, low4b));
        high = high.add(b1.selectFrom(high4, high4b));
        low = low.add(d1.selectFrom(low5, low5b));
        high = high.add(d1.selectFrom(high5, high5b));
        ShortVector lowBoth = low.reinterpretAsShorts();
        IntVector lowOdd =
            low.reinterpretAsInts().lanewise(VectorOperators.LSHR, 8).and(0x00FF00FF);
        int lowTo = to;
        ShortVector.fromArray(SHORTS, sums, lowTo).add(lowBoth).intoArray(sums, lowTo);
        int lowOddTo = to + 16;
        ShortVector.fromArray(SHORTS, sums, lowOddTo)
            .add(lowOdd.reinterpretAsShorts())
            .intoArray(sums, lowOddTo);
        ShortVector highBoth = high.reinterpretAsShorts();
        IntVector highOdd =
            high.reinterpretAsInts().lanewise(VectorOperators.LSHR, 8).and(0x00FF00FF);
        int highTo = to + 32;
        ShortVector.fromArray(SHORTS, sums, highTo).add(highBoth).intoArray(sums, highTo);
        int highOddTo = to + 48;
        ShortVector.fromArray(SHORTS, sums, highOddTo)
            .add(highOdd.reinterpretAsShorts())
            .intoArray(sums, highOddTo);
        to += LANES / 4;
      }
      to += STRIP_SUMS - LANES / 2;
    }
  }
}
