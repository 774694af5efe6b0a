package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.BLOCK_ROWS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.CHUNK_WORDS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_DIGITS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_TRITS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Ternary matrix times int8 rows in plain loops, which the JVM compiles soon, and to vector code of
 * its own: a model computes with them until its vector kernels are compiled.
 *
 * <p>An int holds a word of two rows. Its digits are taken apart by multiplication: of a digit
 * {@code d = c0 + 3 c1 + 9 c2}, {@code d / 3 = c1 + 3 c2} and {@code d / 9 = c2} are products with
 * reciprocals, so {@code c0 x0 + c1 x1 + c2 x2 = d x0 + (d / 3)(x1 - 3 x0) + (d / 9)(x2 - 3 x1)}.
 * Each product is with both rows' numbers at once, which lie 16 bits apart, and so do the sums. A
 * lower number that is negative or too large for 16 bits changes the upper one. That does not
 * matter as long as both sums fit 16 bits when {@link #flush} takes them apart.
 *
 * <p>The compiler makes vector code of small loops, if all arrays have the same index: of others it
 * cannot tell whether a store changes what is loaded next. So each word of a chunk has an array of
 * its own. Parts and sums are so few that they stay in the first-level cache.
 *
 * <p>Scratch memory of one thread.
 */
final class PlainProducts {
  /** Rows of activations that use words once they are taken apart. */
  private static final int MAX_TOKENS = 8;

  /** Ints of a word of a strip. */
  private static final int STRIP_INTS = LANES / 2;

  /** Ints of a word of a block. */
  private static final int WORD_INTS = BLOCK_ROWS / 2;

  /** Words over which no sum leaves 16 bits: codes are at most 2, activations 128. */
  private static final int MAX_WORDS = Short.MAX_VALUE / (WORD_TRITS * 2 * 128);

  /** Of each digit of a word: itself, a third of it and a ninth. */
  private static final int WORD_PARTS = 3 * WORD_DIGITS;

  /** The bits of a digit, of a third of it and of a ninth, in both halves of an int. */
  private static final int DIGITS = 0x001F_001F;

  private static final int THIRDS = 0x000F_000F;
  private static final int NINTHS = 0x0003_0003;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The row of each half of an int of a strip. */
  private static final int[] ROWS = rows();

  /** A chunk of a block, as it is stored. */
  private final int[] chunk = new int[CHUNK_WORDS * WORD_INTS];

  /** The words of a chunk as {@code digit0 | digit1 << 5 | digit2 << 10}. */
  private final int[][] words = new int[CHUNK_WORDS][WORD_INTS];

  /** The parts of a word. */
  private final int[][] parts = new int[WORD_PARTS][WORD_INTS];

  /** One row of activations; 0 beyond the columns of the matrix. */
  private int[] columns = {};

  /** What each part is multiplied with, {@code [tokens][words][WORD_PARTS]}. */
  private int[] factors = {};

  /** The sums of two rows in an int, for each row of activations. */
  private final int[][] sums = new int[MAX_TOKENS][WORD_INTS];

  /** What has been moved out of the lower halves of the sums, and out of the upper ones. */
  private final int[][] lower = new int[MAX_TOKENS][WORD_INTS];

  private final int[][] upper = new int[MAX_TOKENS][WORD_INTS];

  private static int[] rows() {
    int[] places = LookupMatrix.places();
    int[] rows = new int[LANES];
    for (int row = 0; row < LANES; row++) {
      int place = places[row];
      // In a word of bytes, those at even places are the halves of the first ints.
      int half = Lanes.BITS == 512 ? place : place % 2 * STRIP_INTS + place / 2;
      rows[half] = row;
    }
    return rows;
  }

  void multiply(LookupMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit) {
    for (int first = 0; first < tokens; first += MAX_TOKENS) {
      int count = Math.min(MAX_TOKENS, tokens - first);
      setFactors(w, x, first, count);
      for (int unit = fromUnit; unit < toUnit; unit++) {
        int fromRow = unit * BLOCK_ROWS;
        addProducts(w, fromRow, count);
        for (int t = 0; t < count; t++) {
          int sum = sum(x, (first + t) * w.columns(), w.columns());
          store(w, fromRow, t, sum, out, (first + t) * w.rows());
        }
      }
    }
  }

  private void setFactors(LookupMatrix w, byte[] x, int first, int count) {
    int length = w.words() * WORD_PARTS;
    if (factors.length < MAX_TOKENS * length) {
      factors = new int[MAX_TOKENS * length];
      columns = new int[w.words() * WORD_TRITS];
    }
    Arrays.fill(columns, w.columns(), w.words() * WORD_TRITS, 0);
    for (int t = 0; t < count; t++) {
      widen(x, (first + t) * w.columns(), columns, w.columns());
      setFactors(columns, w.words(), factors, t * length);
    }
  }

  private static void widen(byte[] x, int from, int[] columns, int length) {
    for (int c = 0; c < length; c++) {
      columns[c] = x[from + c];
    }
  }

  private static void setFactors(int[] columns, int words, int[] factors, int to) {
    for (int k = 0; k < words; k++) {
      for (int digit = 0; digit < WORD_DIGITS; digit++) {
        int x0 = columns[3 * digit * words + k];
        int x1 = columns[(3 * digit + 1) * words + k];
        int x2 = columns[(3 * digit + 2) * words + k];
        factors[to] = x0;
        factors[to + 1] = x1 - 3 * x0;
        factors[to + 2] = x2 - 3 * x1;
        to += 3;
      }
    }
  }

  private static int sum(byte[] x, int from, int length) {
    int sum = 0;
    for (int i = from; i < from + length; i++) {
      sum += x[i];
    }
    return sum;
  }

  /** Computes the totals of a block. */
  private void addProducts(LookupMatrix w, int fromRow, int count) {
    int ints = w.paddedRows(fromRow) / 2;
    for (int t = 0; t < count; t++) {
      Arrays.fill(sums[t], 0, ints, 0);
      Arrays.fill(lower[t], 0, ints, 0);
      Arrays.fill(upper[t], 0, ints, 0);
    }
    int added = 0;
    for (int c = 0; c < w.chunks(); c++) {
      gather(w, fromRow, c, ints);
      for (int k = 0; k < CHUNK_WORDS; k++) {
        addWord(w, c * CHUNK_WORDS + k, words[k], count, ints);
      }
      added += CHUNK_WORDS;
      if (added + CHUNK_WORDS > MAX_WORDS || c + 1 == w.chunks()) {
        for (int t = 0; t < count; t++) {
          flush(sums[t], lower[t], upper[t], ints);
        }
        added = 0;
      }
    }
  }

  /** Copies the words of a chunk, so that the strips of a word lie together. */
  private void gather(LookupMatrix w, int fromRow, int fromChunk, int ints) {
    MemorySegment.copy(w.packed(), INT, w.offset(fromRow, fromChunk), chunk, 0, CHUNK_WORDS * ints);
    for (int k = 0; k < CHUNK_WORDS; k++) {
      for (int strip = 0; strip < ints; strip += STRIP_INTS) {
        int from = strip * CHUNK_WORDS + k * STRIP_INTS;
        if (Lanes.BITS == 512) {
          System.arraycopy(chunk, from, words[k], strip, STRIP_INTS);
        } else {
          joinBytes(chunk, from, words[k], strip);
        }
      }
    }
  }

  /** Makes 16 ints of a word whose bytes lie apart, see {@link LookupMatrix}. */
  private static void joinBytes(int[] chunk, int from, int[] words, int to) {
    for (int i = 0; i < STRIP_INTS / 2; i++) {
      int lower = chunk[from + i];
      int upper = chunk[from + STRIP_INTS / 2 + i];
      words[to + i] = joinBytes(lower, upper);
      words[to + STRIP_INTS / 2 + i] = joinBytes(lower >>> 8, upper >>> 8);
    }
  }

  private static int joinBytes(int lower, int upper) {
    return lower & DIGITS
        | (upper & DIGITS) << 5
        | (lower & 0x00E0_00E0) << 5
        | (upper & 0x0060_0060) << 8;
  }

  private static void takeApart(
      int[] words, int shift, int[] digits, int[] thirds, int[] ninths, int n) {
    for (int i = 0; i < n; i++) {
      int digit = words[i] >>> shift & DIGITS;
      digits[i] = digit;
      thirds[i] = digit * 43 >>> 7 & THIRDS; // up to 31, 43 / 128 is as good as 1 / 3
      ninths[i] = digit * 57 >>> 9 & NINTHS; // and 57 / 512 as 1 / 9
    }
  }

  private void addWord(LookupMatrix w, int word, int[] words, int count, int ints) {
    for (int part = 0; part < WORD_PARTS; part += 3) {
      int shift = 5 * part / 3;
      takeApart(words, shift, parts[part], parts[part + 1], parts[part + 2], ints);
    }
    for (int t = 0; t < count; t++) {
      int factor = (t * w.words() + word) * WORD_PARTS;
      for (int part = 0; part < WORD_PARTS; part += 3) {
        add(
            sums[t],
            parts[part],
            factors[factor + part],
            parts[part + 1],
            factors[factor + part + 1],
            parts[part + 2],
            factors[factor + part + 2],
            ints);
      }
    }
  }

  private static void add(int[] sums, int[] a, int x, int[] b, int y, int[] c, int z, int n) {
    for (int i = 0; i < n; i++) {
      sums[i] += a[i] * x + b[i] * y + c[i] * z;
    }
  }

  private static void flush(int[] sums, int[] lower, int[] upper, int n) {
    for (int i = 0; i < n; i++) {
      int low = sums[i] << 16 >> 16;
      lower[i] += low;
      upper[i] += sums[i] - low >> 16;
      sums[i] = 0;
    }
  }

  /**
   * Stores the products of a block.
   *
   * @param sum of the row of activations: the products are with codes, which are trits plus one
   */
  private void store(LookupMatrix w, int fromRow, int t, int sum, int[] out, int offset) {
    int ints = w.paddedRows(fromRow) / 2;
    int rows = Math.min(BLOCK_ROWS, w.rows() - fromRow);
    for (int half = 0; half < 2 * ints; half++) {
      int row = half / LANES * LANES + ROWS[half % LANES];
      if (row < rows) {
        int total = (half % 2 == 0 ? lower[t] : upper[t])[half / 2];
        out[offset + fromRow + row] = total - sum;
      }
    }
  }
}
