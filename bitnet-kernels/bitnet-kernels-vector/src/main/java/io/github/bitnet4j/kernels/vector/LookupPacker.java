package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_TRITS;

import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Puts the rows of a tensor into the words of a {@link LookupMatrix}, a strip at a time.
 *
 * <p>Works on eight trits in the bytes of a long, in plain loops: a model is loaded before vector
 * code is compiled. The loops over longs become vector code as well.
 */
final class LookupPacker {
  /** The two bits of a code, in each byte. */
  private static final long CODES = 0x0303_0303_0303_0303L;

  /** Rows whose words become neighbours in a strip. */
  private static final int ROWS = 4;

  /** Whether words are shorts, see {@link LookupMatrix}. */
  private static final boolean SHORTS = Lanes.BITS == 512;

  /** Ints of a word of a strip. */
  private static final int WORD_INTS = LANES / 2;

  private final int words;
  private final int rows;

  /** Longs for a byte of each word. */
  private final int longs;

  /** A row's codes, a byte each; 0 beyond the columns. */
  private final byte[] codes;

  private final MemorySegment codeBytes;

  /** The codes of the nine columns of each word, {@code [WORD_TRITS][longs]}. */
  private final long[] columns;

  private final MemorySegment columnBytes;

  /** The lower and the upper bytes of the words of four rows, {@code [ROWS][longs]}. */
  private final long[] low;

  private final long[] high;

  /** The words of a strip, {@code [words][WORD_INTS]}. */
  private final int[] strip;

  LookupPacker(LookupMatrix matrix) {
    words = matrix.words();
    rows = matrix.rows();
    longs = (words + Long.BYTES - 1) / Long.BYTES;
    codes = new byte[WORD_TRITS * words];
    codeBytes = MemorySegment.ofArray(codes);
    columns = new long[WORD_TRITS * longs];
    columnBytes = MemorySegment.ofArray(columns);
    low = new long[ROWS * longs];
    high = new long[ROWS * longs];
    strip = new int[longs * Long.BYTES * WORD_INTS];
  }

  /**
   * Returns the words of the rows from {@code first} on, {@code [words][WORD_INTS]}, each row at
   * its place; the array is reused.
   */
  int[] strip(TernaryTensor tensor, int first) {
    for (int place = 0; place < LANES / ROWS; place++) {
      int row = first + (SHORTS ? 2 * place : place);
      int next = SHORTS ? 1 : LANES / ROWS;
      packRow(tensor, row, 0);
      packRow(tensor, row + LANES / 2, 1);
      packRow(tensor, row + next, 2);
      packRow(tensor, row + next + LANES / 2, 3);
      for (int k = 0; k < longs; k++) {
        store(k, place);
      }
    }
    return strip;
  }

  /** Makes the words of a row, or of a row of zeros if there is no such row. */
  private void packRow(TernaryTensor tensor, int row, int which) {
    int shift = 0;
    if (row < rows) {
      shift = tensor.copyCodes(row, codes);
    } else {
      Arrays.fill(codes, (byte) 1);
    }
    for (int j = 0; j < WORD_TRITS; j++) {
      long to = (long) j * longs * Long.BYTES;
      MemorySegment.copy(codeBytes, (long) j * words, columnBytes, to, words);
    }
    makeWords(columns, longs, shift, low, high, which * longs);
  }

  private static void makeWords(
      long[] columns, int longs, int shift, long[] low, long[] high, int offset) {
    for (int k = 0; k < longs; k++) {
      long c0 = columns[k] >>> shift & CODES;
      long c1 = columns[longs + k] >>> shift & CODES;
      long c2 = columns[2 * longs + k] >>> shift & CODES;
      long digit0 = c0 + c1 + (c1 << 1) + c2 + (c2 << 3);
      c0 = columns[3 * longs + k] >>> shift & CODES;
      c1 = columns[4 * longs + k] >>> shift & CODES;
      c2 = columns[5 * longs + k] >>> shift & CODES;
      long digit1 = c0 + c1 + (c1 << 1) + c2 + (c2 << 3);
      c0 = columns[6 * longs + k] >>> shift & CODES;
      c1 = columns[7 * longs + k] >>> shift & CODES;
      c2 = columns[8 * longs + k] >>> shift & CODES;
      long digit2 = c0 + c1 + (c1 << 1) + c2 + (c2 << 3);
      if (SHORTS) {
        low[offset + k] = digit0 | (digit1 & 0x0707_0707_0707_0707L) << 5;
        high[offset + k] = digit1 >>> 3 & 0x0303_0303_0303_0303L | digit2 << 2;
      } else {
        low[offset + k] = digit0 | (digit2 & 0x0707_0707_0707_0707L) << 5;
        high[offset + k] = digit1 | (digit2 >>> 3 & 0x0303_0303_0303_0303L) << 5;
      }
    }
  }

  /**
   * Stores eight words of four rows: transposes the 8 x 8 bytes of their lower and upper halves, so
   * that a long has a word of each row, or its four lower and then its four upper halves.
   */
  private void store(int k, int place) {
    long a = low[k];
    long b = SHORTS ? high[k] : low[longs + k];
    long c = SHORTS ? low[longs + k] : low[2 * longs + k];
    long d = SHORTS ? high[longs + k] : low[3 * longs + k];
    long e = SHORTS ? low[2 * longs + k] : high[k];
    long f = SHORTS ? high[2 * longs + k] : high[longs + k];
    long g = SHORTS ? low[3 * longs + k] : high[2 * longs + k];
    long h = high[3 * longs + k];

    long m = 0x00FF_00FF_00FF_00FFL;
    long t = (a >>> 8 ^ b) & m;
    a ^= t << 8;
    b ^= t;
    t = (c >>> 8 ^ d) & m;
    c ^= t << 8;
    d ^= t;
    t = (e >>> 8 ^ f) & m;
    e ^= t << 8;
    f ^= t;
    t = (g >>> 8 ^ h) & m;
    g ^= t << 8;
    h ^= t;

    m = 0x0000_FFFF_0000_FFFFL;
    t = (a >>> 16 ^ c) & m;
    a ^= t << 16;
    c ^= t;
    t = (b >>> 16 ^ d) & m;
    b ^= t << 16;
    d ^= t;
    t = (e >>> 16 ^ g) & m;
    e ^= t << 16;
    g ^= t;
    t = (f >>> 16 ^ h) & m;
    f ^= t << 16;
    h ^= t;

    m = 0x0000_0000_FFFF_FFFFL;
    t = (a >>> 32 ^ e) & m;
    a ^= t << 32;
    e ^= t;
    t = (b >>> 32 ^ f) & m;
    b ^= t << 32;
    f ^= t;
    t = (c >>> 32 ^ g) & m;
    c ^= t << 32;
    g ^= t;
    t = (d >>> 32 ^ h) & m;
    d ^= t << 32;
    h ^= t;

    store(a, 8 * k, place);
    store(b, 8 * k + 1, place);
    store(c, 8 * k + 2, place);
    store(d, 8 * k + 3, place);
    store(e, 8 * k + 4, place);
    store(f, 8 * k + 5, place);
    store(g, 8 * k + 6, place);
    store(h, 8 * k + 7, place);
  }

  private void store(long rows, int word, int place) {
    int first = word * WORD_INTS + (SHORTS ? 2 * place : place);
    strip[first] = (int) rows;
    strip[first + (SHORTS ? 1 : WORD_INTS / 2)] = (int) (rows >>> 32);
  }
}
