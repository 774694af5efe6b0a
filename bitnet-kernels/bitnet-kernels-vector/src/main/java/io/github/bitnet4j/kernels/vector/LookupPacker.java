package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.LANES;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_DIGITS;
import static io.github.bitnet4j.kernels.vector.LookupMatrix.WORD_TRITS;

import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Puts the rows of a tensor into the words of a {@link LookupMatrix}, a strip at a time.
 *
 * <p>Works on eight trits in the bytes of a long, in plain loops: a model is loaded before vector
 * code is compiled. The loops over longs are so small that the compiler makes vector code of them.
 *
 * <p>Where a byte of the tensor holds trits of four rows, one for each quarter of them, strips of
 * all quarters are packed together, so that every byte is fetched from memory once.
 */
final class LookupPacker {
  /** The two bits of a code, in each byte. */
  private static final long CODES = 0x0303_0303_0303_0303L;

  /** Rows whose words become neighbours in a strip. */
  private static final int ROWS = 4;

  /** Bytes of the words of that many rows. */
  private static final int ROWS_BYTES = ROWS * Short.BYTES;

  /** Whether words are shorts, see {@link LookupMatrix}. */
  private static final boolean SHORTS = Lanes.BITS == 512;

  /** Ints of a word of a strip. */
  private static final int WORD_INTS = LANES / 2;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final TernaryTensor tensor;
  private final int words;

  /** Longs for a byte of each word. */
  private final int longs;

  /** A row's codes, a byte each; then some bytes whose digits are not used. */
  private final byte[] codes;

  /** Each digit of the words of a row, {@code [WORD_DIGITS][longs]}. */
  private final long[][] digits;

  /** Each byte of the words of some rows, {@code [strips][ROWS_BYTES][longs]}. */
  private final long[][][] bytes;

  /** The words of strips, {@code [strips][words][WORD_INTS]}. */
  private final int[][] packed;

  LookupPacker(TernaryTensor tensor, int words) {
    this.tensor = tensor;
    this.words = words;
    longs = (words + Long.BYTES - 1) / Long.BYTES;
    codes = new byte[WORD_TRITS * words + Long.BYTES];
    digits = new long[WORD_DIGITS][longs];
    int strips = tensor.isRowQuarters() && tensor.rows() % (4 * LANES) == 0 ? 4 : 1;
    bytes = new long[strips][ROWS_BYTES][longs];
    packed = new int[strips][longs * Long.BYTES * WORD_INTS];
  }

  /** Returns how many strips are packed together: one of each such part of all rows. */
  int strips() {
    return packed.length;
  }

  /**
   * Returns the words of the strip of row {@code first}, and of those that far into the other
   * parts, {@code [strips][words][WORD_INTS]}, each row at its place; the arrays are reused.
   */
  int[][] pack(int first) {
    for (int place = 0; place < LANES / ROWS; place++) {
      int row = first + (SHORTS ? 2 * place : place);
      int next = SHORTS ? 1 : LANES / ROWS;
      packRow(row, 0);
      packRow(row + LANES / 2, 1);
      packRow(row + next, 2);
      packRow(row + next + LANES / 2, 3);
      for (int strip = 0; strip < packed.length; strip++) {
        transpose(bytes[strip], longs);
        store(bytes[strip], longs, packed[strip], SHORTS ? 2 * place : place);
      }
    }
    return packed;
  }

  /** Makes the words of a row of each strip, or of a row of zeros if there is no such row. */
  private void packRow(int row, int which) {
    int shift = 0;
    if (row < tensor.rows()) {
      shift = tensor.copyCodes(row, codes);
    } else {
      Arrays.fill(codes, (byte) 1);
    }
    int low = SHORTS ? 2 * which : which;
    int high = SHORTS ? low + 1 : ROWS + which;
    for (long[][] strip : bytes) {
      for (int p = 0; p < WORD_DIGITS; p++) {
        makeDigits(codes, 3 * p * words, words, shift, digits[p], longs);
      }
      join(digits[0], digits[1], digits[2], strip[low], strip[high], longs);
      shift += 2; // the same bytes hold a row of the next strip
    }
  }

  /** Makes digits of the codes of three columns, which are so many words apart. */
  private static void makeDigits(
      byte[] codes, int from, int words, int shift, long[] digits, int longs) {
    for (int k = 0; k < longs; k++) {
      long c0 = (long) LONGS.get(codes, from + 8 * k) >>> shift & CODES;
      long c1 = (long) LONGS.get(codes, from + words + 8 * k) >>> shift & CODES;
      long c2 = (long) LONGS.get(codes, from + 2 * words + 8 * k) >>> shift & CODES;
      digits[k] = c0 + c1 + (c1 << 1) + c2 + (c2 << 3);
    }
  }

  private static void join(
      long[] digits0, long[] digits1, long[] digits2, long[] low, long[] high, int longs) {
    for (int k = 0; k < longs; k++) {
      long digit0 = digits0[k];
      long digit1 = digits1[k];
      long digit2 = digits2[k];
      if (SHORTS) {
        low[k] = digit0 | (digit1 & 0x0707_0707_0707_0707L) << 5;
        high[k] = digit1 >>> 3 & 0x0303_0303_0303_0303L | digit2 << 2;
      } else {
        low[k] = digit0 | (digit2 & 0x0707_0707_0707_0707L) << 5;
        high[k] = digit1 | (digit2 >>> 3 & 0x0303_0303_0303_0303L) << 5;
      }
    }
  }

  /**
   * Transposes matrices of 8 x 8 bytes: a long, which has a byte of eight words, then has a word of
   * each of the four rows, or their four lower and then their four upper halves.
   */
  private static void transpose(long[][] bytes, int longs) {
    for (int apart = 1; apart < ROWS_BYTES; apart *= 2) {
      int shift = Byte.SIZE * apart;
      long lowerHalves = Long.divideUnsigned(-1, (1L << shift) + 1);
      for (int i = 0; i < ROWS_BYTES; i++) {
        if ((i & apart) == 0) {
          exchange(bytes[i], bytes[i + apart], shift, lowerHalves, longs);
        }
      }
    }
  }

  /** Exchanges the upper halves in one array with the lower ones in another. */
  private static void exchange(long[] a, long[] b, int shift, long mask, int longs) {
    for (int k = 0; k < longs; k++) {
      long t = (a[k] >>> shift ^ b[k]) & mask;
      a[k] ^= t << shift;
      b[k] ^= t;
    }
  }

  private static void store(long[][] bytes, int longs, int[] strip, int place) {
    for (int i = 0; i < ROWS_BYTES; i++) {
      store(bytes[i], longs, strip, i * WORD_INTS + place);
    }
  }

  /** Stores every eighth word of four rows. */
  private static void store(long[] words, int longs, int[] strip, int first) {
    for (int k = 0; k < longs; k++) {
      int at = k * Long.BYTES * WORD_INTS + first;
      strip[at] = (int) words[k];
      strip[at + (SHORTS ? 1 : WORD_INTS / 2)] = (int) (words[k] >>> 32);
    }
  }
}
