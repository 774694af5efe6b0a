package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * A ternary matrix in the layout of {@link LookupProducts}: 16 bits hold nine trits of a row, as
 * three digits of five bits, so 1.78 bits a trit.
 *
 * <p>A digit is {@code (t0 + 1) + 3 (t1 + 1) + 9 (t2 + 1)}, from 0 to 26. Word k of a row, of
 * {@code words()}, holds the columns {@code j * words() + k}, j from 0 to 8; digit p those with j =
 * 3p, 3p + 1 and 3p + 2. Columns that do not exist are 0 in the product's input, whatever their
 * digits. Columns that stand together in a word are far apart in the matrix because words of
 * neighbouring columns are then made with the same operations.
 *
 * <p>Words lie in the order in which the kernel reads them: {@code [block of rows][chunk of
 * words][strip of 32 rows][word of the chunk][row]}. A unit of work is a block, so it is read as
 * one stream.
 *
 * <p>A word of a strip is 64 bytes. For registers of 512 bits they are 32 shorts, {@code digit0 |
 * digit1 << 5 | digit2 << 10}; row i is at place 2i and row 16 + i at place 2i + 1: the halves of
 * ints then are rows in order. For narrower registers they are 32 bytes {@code digit0 | digit2 <<
 * 5} and 32 bytes {@code digit1 | digit2 >> 3 << 5}; at 4i are the rows i, 16 + i, 8 + i and 24 +
 * i, which makes the halves of halves of ints rows in order.
 *
 * @param rows output features
 * @param columns input features
 * @param packed the words of all units
 */
record LookupMatrix(int rows, int columns, MemorySegment packed) implements TernaryMatrix {
  /** Name of this layout; to be changed with it. */
  static final String LAYOUT =
      Lanes.BITS == 512
          ? "lookup shorts, strips of 32 rows, blocks of 640, chunks of 6"
          : "lookup bytes, strips of 32 rows, blocks of 320, chunks of 2 words";

  /**
   * Rows of a block: so many that loading tables into registers weighs little, and so few that
   * there are enough blocks to share among threads. Their 16-bit sums stay in the first-level
   * cache.
   */
  static final int BLOCK_ROWS = Lanes.BITS == 512 ? 640 : 320;

  /** Rows in the lanes of a register. */
  static final int LANES = 32;

  /** Words that the kernel reads between two additions to its sums. */
  static final int CHUNK_WORDS = Lanes.BITS == 512 ? 6 : 2;

  /** Digits in a word. */
  static final int WORD_DIGITS = 3;

  /** Trits in a word. */
  static final int WORD_TRITS = 3 * WORD_DIGITS;

  /** Bytes of a word of {@link #LANES} rows. */
  static final int WORD_BYTES = LANES * Short.BYTES;

  /** Bytes of a chunk of {@link #LANES} rows. */
  static final int STRIP_BYTES = CHUNK_WORDS * WORD_BYTES;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Copies a tensor. */
  static LookupMatrix of(TernaryTensor tensor, SegmentAllocator memory) {
    int rows = tensor.rows();
    int columns = tensor.columns();
    LookupMatrix matrix =
        new LookupMatrix(rows, columns, memory.allocate(bytes(rows, columns), 64));
    matrix.pack(tensor);
    return matrix;
  }

  /** Takes a copy that was made earlier. */
  static LookupMatrix restore(int rows, int columns, MemorySegment copy) {
    if (copy.byteSize() != bytes(rows, columns)) {
      throw new IllegalArgumentException(
          "copy: expected %d x %d trits, found %d bytes".formatted(rows, columns, copy.byteSize()));
    }
    long at = findInvalidDigit(copy);
    if (at >= 0) {
      throw new IllegalArgumentException(
          "copy: expected digits from 0 to 26, found another one near byte " + at);
    }
    return new LookupMatrix(rows, columns, copy);
  }

  /** Returns the place of a word with a digit above 26, or -1. */
  private static long findInvalidDigit(MemorySegment copy) {
    for (long at = 0; at < copy.byteSize(); at += WORD_BYTES) {
      long invalid = 0;
      for (int i = 0; i < WORD_BYTES / 2; i += Long.BYTES) {
        long first = copy.get(LONG, at + i);
        long second = copy.get(LONG, at + WORD_BYTES / 2 + i);
        if (Lanes.BITS == 512) {
          invalid |= invalidShorts(first) | invalidShorts(second);
        } else {
          // Of bytes: digit0 | digit2 << 5, and digit1 | digit2 >> 3 << 5; then digit2 by itself.
          long digit2 = first >>> 5 & 0x0707070707070707L | second >>> 2 & 0x1818181818181818L;
          invalid |= invalidBytes(first) | invalidBytes(second) | invalidBytes(digit2);
          invalid |= second & 0x8080808080808080L;
        }
      }
      if (invalid != 0) {
        return at;
      }
    }
    return -1;
  }

  /** Returns nonzero if one of the bytes has a digit above 26 in its lower five bits. */
  private static long invalidBytes(long x) {
    return above26(x) & 0x0101010101010101L;
  }

  /** Returns nonzero if one of the shorts is not three digits of at most 26. */
  private static long invalidShorts(long x) {
    return above26(x) & 0x0421042104210421L | x & 0x8000800080008000L;
  }

  /** Sets the lowest bit of a digit of five bits if it is above 26, that is 11011 or 111xx. */
  private static long above26(long x) {
    return x >>> 4 & x >>> 3 & (x >>> 2 | x >>> 1 & x);
  }

  /** Returns the size of the copy of a matrix. */
  static long bytes(int rows, int columns) {
    return (long) (rows + LANES - 1) / LANES * chunks(columns) * STRIP_BYTES;
  }

  private void pack(TernaryTensor tensor) {
    LookupPacker packer = new LookupPacker(tensor, words());
    int end = rows / packer.strips();
    for (int first = 0; first < end; first += LANES) {
      int row = first;
      for (int[] strip : packer.pack(first)) {
        store(strip, row);
        row += end;
      }
    }
  }

  /** Stores a strip, {@code [words][LANES / 2]}. */
  private void store(int[] strip, int row) {
    int ints = STRIP_BYTES / Integer.BYTES;
    for (int chunk = 0; chunk < chunks(); chunk++) {
      MemorySegment.copy(strip, chunk * ints, packed, INT, offset(row, chunk), ints);
    }
  }

  /** Returns the number of words of a row. */
  int words() {
    return chunks() * CHUNK_WORDS;
  }

  /** Returns the number of chunks of a row. */
  int chunks() {
    return chunks(columns);
  }

  private static int chunks(int columns) {
    int perChunk = CHUNK_WORDS * WORD_TRITS;
    return (columns + perChunk - 1) / perChunk;
  }

  /** Returns the place of each row of a strip in its words. */
  static int[] places() {
    int[] places = new int[LANES];
    for (int row = 0; row < LANES; row++) {
      places[row] =
          Lanes.BITS == 512 ? row % 16 * 2 + row / 16 : row % 8 * 4 + row / 8 % 2 * 2 + row / 16;
    }
    return places;
  }

  /** Returns where the words of a chunk start for the strip of a row, in bytes. */
  long offset(int row, int chunk) {
    int block = row / BLOCK_ROWS * BLOCK_ROWS;
    long before = (long) block * chunks() + (long) chunk * paddedRows(block) + (row - block);
    return before / LANES * STRIP_BYTES;
  }

  /** Returns how many rows the block from the given row on has, rounded up to whole strips. */
  int paddedRows(int block) {
    return Math.min(BLOCK_ROWS, (rows - block + LANES - 1) / LANES * LANES);
  }

  @Override
  public int units() {
    return (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  }

  @Override
  public Optional<MemorySegment> copy() {
    return Optional.of(packed);
  }
}
