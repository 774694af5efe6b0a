package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.CHUNK_WORDS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_DIGITS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_TRITS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sums that are looked up for a few rows of activations: for each three columns the 27 values
 * of {@code t0 x0 + t1 x1 + t2 x2}, as shorts for {@link ShortLookups}. For {@link ByteLookups}
 * they are bytes: a table of the low bits of {@code value + BIAS} and one of the others.
 *
 * <p>Scratch memory of one thread. It is not filled again from the {@link LastInput}.
 */
final class LookupTables {
  /** Most rows of activations with tables at a time. */
  static final int MAX_TOKENS = 8;

  /** Makes values positive: they are at least -384. */
  static final int BIAS = 400;

  /** Bits of a value in the first of two tables of bytes; the others are not more. */
  static final int LOW_BITS = 5;

  /** Bytes of the tables of a digit: a register of 512 bits, or two tables of bytes. */
  private static final long DIGIT_BYTES = (long) LANES * Short.BYTES;

  /** Bytes of the tables of a chunk. */
  static final long CHUNK_BYTES = DIGIT_BYTES * WORD_DIGITS * CHUNK_WORDS;

  /** Shorts for the sums of a block. */
  static final int BLOCK_SUMS = (Lanes.BITS == 512 ? 1 : 2) * LookupMatrix.BLOCK_ROWS;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /** Keeps the tables of all rows in the second-level cache. */
  private static final int MAX_TABLE_BYTES = 640 << 10;

  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final VectorSpecies<Byte> BYTES = Lanes.species(byte.class, Lanes.BITS / 2);
  private static final int LOW = (1 << LOW_BITS) - 1;
  private static final short[][] TRITS = trits();

  /** The trits of even and of odd entries. */
  private static final short[][] EVEN = everySecond(0);

  private static final short[][] ODD = everySecond(1);

  private final LastInput lastInput = new LastInput();
  private int words;

  /** One row of activations, in the order of columns. */
  private short[] padded = {};

  /** The sum of the magnitudes of each word's nine columns. */
  private short[] magnitudes = {};

  /**
   * {@code [tokens][chunks][CHUNK_WORDS][WORD_DIGITS][DIGIT_BYTES]}. Outside the heap, because
   * registers of 512 bits are read from two cache lines unless they are aligned, and arrays are
   * not.
   */
  private MemorySegment tables = MemorySegment.NULL;

  /** The largest magnitude that a sum over a chunk can reach, {@code [tokens][chunks]}. */
  private int[] reach = {};

  /** 16-bit sums of the rows of a block, {@code [tokens][BLOCK_SUMS]}. */
  final short[] sums = new short[MAX_TOKENS * BLOCK_SUMS];

  /** What the 16-bit sums of each row may have reached, {@code [tokens]}. */
  final int[] reached = new int[MAX_TOKENS];

  /** Their totals so far. */
  final int[] totals = new int[MAX_TOKENS * LookupMatrix.BLOCK_ROWS];

  /** The trits of table entry e: column m has digit {@code e / 3^m % 3}. Entries past 26 are 0. */
  private static short[][] trits() {
    short[][] trits = new short[3][LANES];
    for (int e = 0; e < 27; e++) {
      trits[0][e] = (short) (e % 3 - 1);
      trits[1][e] = (short) (e / 3 % 3 - 1);
      trits[2][e] = (short) (e / 9 - 1);
    }
    return trits;
  }

  private static short[][] everySecond(int first) {
    short[][] trits = new short[3][LANES / 2];
    for (int m = 0; m < 3; m++) {
      for (int e = 0; e < LANES / 2; e++) {
        trits[m][e] = TRITS[m][2 * e + first];
      }
    }
    return trits;
  }

  /** Returns for how many rows there may be tables at a time. */
  static int tokensAtATime(LookupMatrix w) {
    return Math.clamp(MAX_TABLE_BYTES / (w.chunks() * CHUNK_BYTES), 1, MAX_TOKENS);
  }

  /**
   * Fills the tables for some rows of activations.
   *
   * @param x the rows start at {@code xOffset}
   * @param tokens number of rows, at most {@link #tokensAtATime}
   */
  void fill(LookupMatrix w, byte[] x, int xOffset, int tokens) {
    if (lastInput.is(w, x, xOffset, tokens)) {
      return;
    }
    int columns = w.columns();
    words = w.words();
    long all = (long) tokens * w.chunks() * CHUNK_BYTES;
    if (tables.byteSize() < all) {
      tables = Arena.ofAuto().allocate(all, DIGIT_BYTES);
    }
    if (reach.length < tokens * w.chunks()) {
      reach = new int[tokens * w.chunks()];
    }
    if (padded.length < WORD_TRITS * words) {
      padded = new short[WORD_TRITS * words];
      magnitudes = new short[words];
    }
    for (int t = 0; t < tokens; t++) {
      widen(x, xOffset + t * columns, columns, padded);
      Arrays.fill(padded, columns, WORD_TRITS * words, (short) 0);
      if (Lanes.BITS == 512) {
        fillTables(padded, words, tables, offset(w, t, 0));
        fillReach(t * w.chunks(), w.chunks());
      } else {
        fillByteTables(padded, words, tables, offset(w, t, 0));
      }
    }
    lastInput.set(w, x, xOffset, tokens);
  }

  /** Copies int8 numbers to shorts. */
  private static void widen(byte[] x, int from, int length, short[] out) {
    int i = 0;
    for (; i <= length - SHORTS.length(); i += SHORTS.length()) {
      ByteVector.fromArray(BYTES, x, from + i)
          .convertShape(VectorOperators.B2S, SHORTS, 0)
          .reinterpretAsShorts()
          .intoArray(out, i);
    }
    for (; i < length; i++) {
      out[i] = x[from + i];
    }
  }

  /** Sums up the magnitudes of each word's nine columns. */
  private static void fillMagnitudes(short[] x, int words, short[] magnitudes) {
    int k = 0;
    for (; k <= words - SHORTS.length(); k += SHORTS.length()) {
      ShortVector sum = ShortVector.fromArray(SHORTS, x, k).abs();
      for (int j = 1; j < WORD_TRITS; j++) {
        sum = sum.add(ShortVector.fromArray(SHORTS, x, j * words + k).abs());
      }
      sum.intoArray(magnitudes, k);
    }
    for (; k < words; k++) {
      int sum = 0;
      for (int j = 0; j < WORD_TRITS; j++) {
        sum += Math.abs(x[j * words + k]);
      }
      magnitudes[k] = (short) sum;
    }
  }

  /** Fills the three tables of each word. */
  private static void fillTables(short[] x, int words, MemorySegment tables, long offset) {
    ShortVector t0 = ShortVector.fromArray(SHORTS, TRITS[0], 0);
    ShortVector t1 = ShortVector.fromArray(SHORTS, TRITS[1], 0);
    ShortVector t2 = ShortVector.fromArray(SHORTS, TRITS[2], 0);
    long at = offset;
    for (int k = 0; k != words; k++) {
      ShortVector a = t0.mul(x[k]).add(t1.mul(x[k + words])).add(t2.mul(x[k + 2 * words]));
      a.intoMemorySegment(tables, at, ORDER);
      int b = k + 3 * words;
      a = t0.mul(x[b]).add(t1.mul(x[b + words])).add(t2.mul(x[b + 2 * words]));
      a.intoMemorySegment(tables, at + DIGIT_BYTES, ORDER);
      int c = k + 6 * words;
      a = t0.mul(x[c]).add(t1.mul(x[c + words])).add(t2.mul(x[c + 2 * words]));
      a.intoMemorySegment(tables, at + 2 * DIGIT_BYTES, ORDER);
      at += 3 * DIGIT_BYTES;
    }
  }

  /** Fills the three pairs of tables of each word. */
  private static void fillByteTables(short[] x, int words, MemorySegment tables, long offset) {
    long at = offset;
    for (int k = 0; k != words; k++) {
      for (int digit = 0; digit < WORD_DIGITS; digit++) {
        int c = k + 3 * digit * words;
        for (int half = 0; half < LANES / 2; half += SHORTS.length()) {
          ShortVector even = values(EVEN, half, x[c], x[c + words], x[c + 2 * words]);
          ShortVector odd = values(ODD, half, x[c], x[c + words], x[c + 2 * words]);
          lowBits(even)
              .or(lowBits(odd).lanewise(VectorOperators.LSHL, Byte.SIZE))
              .intoMemorySegment(tables, at + 2L * half, ORDER);
          highBits(even)
              .or(highBits(odd).lanewise(VectorOperators.LSHL, Byte.SIZE))
              .intoMemorySegment(tables, at + LANES + 2L * half, ORDER);
        }
        at += DIGIT_BYTES;
      }
    }
  }

  private static ShortVector values(short[][] trits, int from, short x0, short x1, short x2) {
    ShortVector v = ShortVector.fromArray(SHORTS, trits[0], from).mul(x0).add((short) BIAS);
    v = v.add(ShortVector.fromArray(SHORTS, trits[1], from).mul(x1));
    return v.add(ShortVector.fromArray(SHORTS, trits[2], from).mul(x2));
  }

  private static IntVector lowBits(ShortVector values) {
    return values.reinterpretAsInts().and(LOW | LOW << 16);
  }

  /** Shifts ints, see {@link ShortLookups}. */
  private static IntVector highBits(ShortVector values) {
    return values.reinterpretAsInts().lanewise(VectorOperators.LSHR, LOW_BITS).and(LOW | LOW << 16);
  }

  private void fillReach(int offset, int chunks) {
    fillMagnitudes(padded, words, magnitudes);
    for (int chunk = 0; chunk < chunks; chunk++) {
      int sum = 0;
      for (int k = chunk * CHUNK_WORDS; k < (chunk + 1) * CHUNK_WORDS; k++) {
        sum += magnitudes[k];
      }
      reach[offset + chunk] = sum;
    }
  }

  /** Returns the memory of the tables; those of a chunk start at {@link #offset}. */
  MemorySegment tables() {
    return tables;
  }

  long offset(LookupMatrix w, int token, int chunk) {
    return ((long) token * w.chunks() + chunk) * CHUNK_BYTES;
  }

  /** Returns the largest magnitude that a row's sum over a chunk can have. */
  int reach(LookupMatrix w, int token, int chunk) {
    return reach[token * w.chunks() + chunk];
  }
}
