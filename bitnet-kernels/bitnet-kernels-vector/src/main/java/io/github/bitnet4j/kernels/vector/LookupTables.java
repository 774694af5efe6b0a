package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.CHUNK_WORDS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_TRITS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sums that {@link LookupProducts} looks up for a few rows of activations: for each three
 * columns the 27 values of {@code t0 x0 + t1 x1 + t2 x2}.
 *
 * <p>Scratch memory of one thread. It remembers the rows it was last filled from, because the
 * layers that share an input, and the units of a layer, come one after the other.
 */
final class LookupTables {
  /** Most rows of activations with tables at a time. */
  static final int MAX_TOKENS = 8;

  /** Bytes of a table: one register. */
  static final long REGISTER_BYTES = LANES * Short.BYTES;

  /** Bytes of the tables of a chunk. */
  static final long CHUNK_BYTES = 3 * CHUNK_WORDS * REGISTER_BYTES;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /** Keeps the tables of all rows in the second-level cache. */
  private static final int MAX_TABLE_BYTES = 640 << 10;

  private static final VectorSpecies<Short> SHORTS = Lanes.species(short.class, Lanes.BITS);
  private static final short[][] TRITS = trits();

  private byte[] source = {};
  private int sourceTokens;
  private int words;

  /** One row of activations, in the order of words. */
  private short[] padded = {};

  /** The sum of the magnitudes of each word's nine columns. */
  private short[] magnitudes = {};

  /**
   * {@code [tokens][chunks][3 * CHUNK_WORDS][LANES]}. Outside the heap, because registers of 512
   * bits are read from two cache lines unless they are aligned, and arrays are not.
   */
  private MemorySegment tables = MemorySegment.NULL;

  /** The largest magnitude that a sum over a chunk can reach, {@code [tokens][chunks]}. */
  private int[] reach = {};

  /** 16-bit sums of the rows of a block, {@code [tokens][BLOCK_ROWS]}. */
  final short[] sums = new short[MAX_TOKENS * LookupMatrix.BLOCK_ROWS];

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
    int columns = w.columns();
    int bytes = tokens * columns;
    if (tokens == sourceTokens
        && words == w.words()
        && source.length >= bytes
        && Arrays.equals(source, 0, bytes, x, xOffset, xOffset + bytes)) {
      return;
    }
    sourceTokens = 0; // until the tables are complete
    words = w.words();
    if (source.length < bytes) {
      source = new byte[bytes];
    }
    long all = (long) tokens * w.chunks() * CHUNK_BYTES;
    if (tables.byteSize() < all) {
      tables = Arena.ofAuto().allocate(all, REGISTER_BYTES);
    }
    if (reach.length < tokens * w.chunks()) {
      reach = new int[tokens * w.chunks()];
    }
    if (padded.length < WORD_TRITS * words) {
      padded = new short[WORD_TRITS * words];
      magnitudes = new short[words];
    }
    for (int t = 0; t < tokens; t++) {
      for (int c = 0; c < columns; c++) {
        padded[c] = x[xOffset + t * columns + c];
      }
      Arrays.fill(padded, columns, WORD_TRITS * words, (short) 0);
      fillTables(padded, words, tables, offset(w, t, 0));
      fillReach(t * w.chunks(), w.chunks());
    }
    System.arraycopy(x, xOffset, source, 0, bytes);
    sourceTokens = tokens;
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
      a.intoMemorySegment(tables, at + REGISTER_BYTES, ORDER);
      int c = k + 6 * words;
      a = t0.mul(x[c]).add(t1.mul(x[c + words])).add(t2.mul(x[c + 2 * words]));
      a.intoMemorySegment(tables, at + 2 * REGISTER_BYTES, ORDER);
      at += 3 * REGISTER_BYTES;
    }
  }

  private void fillReach(int offset, int chunks) {
    Arrays.fill(magnitudes, 0, words, (short) 0);
    for (int j = 0; j < WORD_TRITS; j++) {
      for (int k = 0; k < words; k++) {
        magnitudes[k] += (short) Math.abs(padded[j * words + k]);
      }
    }
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
