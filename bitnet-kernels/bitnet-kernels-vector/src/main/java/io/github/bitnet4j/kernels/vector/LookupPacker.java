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

  /** Rows whose words become neighbours in a strip: i, i + 16, i + 1 and i + 17. */
  private static final int ROWS = 4;

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

  /** The words of a strip, {@code [words][LANES]}, four in a long. */
  private final long[] strip;

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
    strip = new long[longs * Long.BYTES * LANES / ROWS];
  }

  /**
   * Returns the words of the rows from {@code first} on, {@code [words][LANES]}, each row at its
   * place and four words in a long, the first one lowest; the array is reused.
   */
  long[] strip(TernaryTensor tensor, int first) {
    for (int i = 0; i < LANES / 2; i += 2) {
      packRow(tensor, first + i, 0);
      packRow(tensor, first + i + LANES / 2, 1);
      packRow(tensor, first + i + 1, 2);
      packRow(tensor, first + i + 1 + LANES / 2, 3);
      for (int k = 0; k < longs; k++) {
        store(k, i / 2);
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
      low[offset + k] = digit0 | (digit1 & 0x0707_0707_0707_0707L) << 5;
      high[offset + k] = digit1 >>> 3 & 0x0303_0303_0303_0303L | digit2 << 2;
    }
  }

  /**
   * Stores eight words of four rows: transposes the 8 x 8 bytes of their lower and upper halves.
   */
  private void store(int k, int place) {
    long a = low[k];
    long b = high[k];
    long c = low[longs + k];
    long d = high[longs + k];
    long e = low[2 * longs + k];
    long f = high[2 * longs + k];
    long g = low[3 * longs + k];
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

    int line = LANES / ROWS;
    int to = k * Long.BYTES * line + place;
    strip[to] = a;
    strip[to + line] = b;
    strip[to + 2 * line] = c;
    strip[to + 3 * line] = d;
    strip[to + 4 * line] = e;
    strip[to + 5 * line] = f;
    strip[to + 6 * line] = g;
    strip[to + 7 * line] = h;
  }
}
