package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.BLOCK_ROWS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.CHUNK_WORDS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.STRIP_BYTES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_BYTES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_DIGITS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Ternary matrix times int8 rows in plain loops, which the JVM compiles at once: a model computes
 * with them until its vector code is compiled.
 *
 * <p>The sums of three columns are looked up as in {@link ShortLookups}, for four rows of
 * activations together: a table entry is a long with the sum of each in 16 bits, made positive by
 * {@link LookupTables#BIAS}, so that adding longs adds four sums.
 *
 * <p>Scratch memory of one thread.
 */
final class PlainLookups {
  /** Rows of activations in a long. */
  private static final int TOKENS = Long.SIZE / Short.SIZE;

  /** Entries of the table of a digit, which has five bits. */
  private static final int ENTRIES = 32;

  private static final int WORD_ENTRIES = WORD_DIGITS * ENTRIES;

  /** Chunks over which no sum leaves 16 bits: a biased sum of three columns is below 800. */
  private static final int MAX_CHUNKS = 0xFFFF / (800 * WORD_DIGITS * CHUNK_WORDS);

  private static final long BIASES = LookupTables.BIAS * 0x0001_0001_0001_0001L;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The row of each place in a word of a strip. */
  private static final int[] ROWS = rows();

  /** {@code [words][WORD_DIGITS][ENTRIES]}. */
  private long[] tables = {};

  /** Columns of four rows of activations, see {@link #spread}. */
  private long[] columns = {};

  /** The tables of a word, {@code [ENTRIES]}. */
  private final long[] digit0 = new long[ENTRIES];

  private final long[] digit1 = new long[ENTRIES];
  private final long[] digit2 = new long[ENTRIES];

  /** The 16-bit sums of a block, each strip in order of places. */
  private final long[] sums = new long[BLOCK_ROWS];

  /** Their totals so far, {@code [TOKENS][BLOCK_ROWS]}. */
  private final int[] totals = new int[TOKENS * BLOCK_ROWS];

  private static int[] rows() {
    int[] places = LookupMatrix.places();
    int[] rows = new int[LANES];
    for (int row = 0; row < LANES; row++) {
      rows[places[row]] = row;
    }
    return rows;
  }

  void multiply(LookupMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit) {
    for (int first = 0; first < tokens; first += TOKENS) {
      int count = Math.min(TOKENS, tokens - first);
      fillTables(w, x, first, count);
      for (int unit = fromUnit; unit < toUnit; unit++) {
        multiplyBlock(w, unit * BLOCK_ROWS, first, count, out);
      }
    }
  }

  /** Fills the tables for some rows of activations. */
  private void fillTables(LookupMatrix w, byte[] x, int first, int count) {
    int words = w.words();
    if (tables.length < words * WORD_ENTRIES) {
      tables = new long[words * WORD_ENTRIES];
      columns = new long[words * LookupMatrix.WORD_TRITS];
    }
    spread(x, first * w.columns(), w.columns(), count, columns);
    Arrays.fill(columns, w.columns(), words * LookupMatrix.WORD_TRITS, 0);
    for (int digit = 0; digit < WORD_DIGITS; digit++) {
      fillDigit(columns, words, 3 * digit * words, tables, digit * ENTRIES);
    }
  }

  /**
   * Puts the numbers that some rows of activations have in a column into one long, each 16 bits
   * further up: as multiples of powers of two that are added, which is why negative ones borrow
   * from the next. That is undone when a bias is added.
   */
  private static void spread(byte[] x, int from, int columns, int count, long[] out) {
    for (int c = 0; c < columns; c++) {
      long all = 0;
      for (int t = count - 1; t >= 0; t--) {
        all = (all << Short.SIZE) + x[from + t * columns + c];
      }
      out[c] = all;
    }
  }

  private static void fillDigit(long[] columns, int words, int from, long[] tables, int to) {
    for (int k = 0; k < words; k++) {
      long x0 = columns[from + k];
      long x1 = columns[from + words + k];
      long x2 = columns[from + 2 * words + k];
      long sum = BIASES - x0 - x1 - x2;
      int at = to + k * WORD_ENTRIES;
      for (int t2 = 0; t2 < 3; t2++) {
        for (int t1 = 0; t1 < 3; t1++) {
          tables[at] = sum;
          tables[at + 1] = sum + x0;
          tables[at + 2] = sum + x0 + x0;
          at += 3;
          sum += x1;
        }
        sum += x2 - 3 * x1;
      }
    }
  }

  private void multiplyBlock(LookupMatrix w, int fromRow, int first, int count, int[] out) {
    int rows = Math.min(BLOCK_ROWS, w.rows() - fromRow);
    int padded = (rows + LANES - 1) / LANES * LANES;
    Arrays.fill(totals, -w.words() * WORD_DIGITS * LookupTables.BIAS);
    Arrays.fill(sums, 0);
    for (int chunk = 0; chunk < w.chunks(); chunk++) {
      for (int k = 0; k < CHUNK_WORDS; k++) {
        long at = w.offset(fromRow, chunk) + (long) k * WORD_BYTES;
        int table = (chunk * CHUNK_WORDS + k) * WORD_ENTRIES;
        System.arraycopy(tables, table, digit0, 0, ENTRIES);
        System.arraycopy(tables, table + ENTRIES, digit1, 0, ENTRIES);
        System.arraycopy(tables, table + 2 * ENTRIES, digit2, 0, ENTRIES);
        for (int strip = 0; strip < padded; strip += LANES) {
          if (Lanes.BITS == 512) {
            addShorts(w.packed(), at, digit0, digit1, digit2, sums, strip);
          } else {
            addBytes(w.packed(), at, digit0, digit1, digit2, sums, strip);
          }
          at += STRIP_BYTES;
        }
      }
      if ((chunk + 1) % MAX_CHUNKS == 0 || chunk == w.chunks() - 1) {
        flush(sums, totals, padded);
      }
    }
    for (int t = 0; t < count; t++) {
      System.arraycopy(totals, t * BLOCK_ROWS, out, (first + t) * w.rows() + fromRow, rows);
    }
  }

  /**
   * Adds the products of a word of a strip, if words are shorts. Tables are arrays of their own,
   * because an index that is masked with the length of an array needs no bounds check.
   */
  private static void addShorts(
      MemorySegment packed,
      long from,
      long[] digit0,
      long[] digit1,
      long[] digit2,
      long[] sums,
      int to) {
    int mask0 = digit0.length - 1;
    int mask1 = digit1.length - 1;
    int mask2 = digit2.length - 1;
    for (int place = 0; place < LANES; place += 2) {
      int words = packed.get(INT, from + 2L * place);
      sums[to + place] +=
          digit0[words & mask0] + digit1[words >> 5 & mask1] + digit2[words >> 10 & mask2];
      sums[to + place + 1] +=
          digit0[words >> 16 & mask0] + digit1[words >> 21 & mask1] + digit2[words >> 26 & mask2];
    }
  }

  /** As {@link #addShorts}, if words are pairs of bytes. */
  private static void addBytes(
      MemorySegment packed,
      long from,
      long[] digit0,
      long[] digit1,
      long[] digit2,
      long[] sums,
      int to) {
    int mask0 = digit0.length - 1;
    int mask1 = digit1.length - 1;
    int mask2 = digit2.length - 1;
    for (int place = 0; place < LANES; place++) {
      int low = packed.get(ValueLayout.JAVA_BYTE, from + place);
      int high = packed.get(ValueLayout.JAVA_BYTE, from + LANES + place);
      int digit = low >> 5 & 7 | high >> 2 & 24;
      sums[to + place] += digit0[low & mask0] + digit1[high & mask1] + digit2[digit & mask2];
    }
  }

  /** Moves 16-bit sums to their totals. */
  private static void flush(long[] sums, int[] totals, int padded) {
    for (int i = 0; i < padded; i++) {
      long sum = sums[i];
      int row = i / LANES * LANES + ROWS[i % LANES];
      for (int t = 0; t < TOKENS; t++) {
        totals[t * BLOCK_ROWS + row] += (int) (sum >>> t * Short.SIZE) & 0xFFFF;
      }
      sums[i] = 0;
    }
  }
}
