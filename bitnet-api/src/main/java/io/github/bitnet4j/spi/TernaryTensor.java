package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;

/**
 * Ternary weights as a model file stores them. Immutable; safe for use by many threads.
 *
 * @param name the tensor's name in the file, for messages
 * @param layout how trits are laid out in the bytes
 * @param rows output features
 * @param columns input features
 * @param interleavedHead 0 if stored rows are in order. Otherwise the number of rows of an
 *     attention head, and within each head the stored row {@code 2j + b} is row {@code b *
 *     interleavedHead / 2 + j}: GGUF files of architecture {@code llama} store queries and keys so
 * @param data exactly {@link TernaryLayout#byteSize} bytes; codes are valid
 */
public record TernaryTensor(
    String name,
    TernaryLayout layout,
    int rows,
    int columns,
    int interleavedHead,
    MemorySegment data) {

  /** Checks that the data has the size that layout and shape ask for. */
  public TernaryTensor {
    Objects.requireNonNull(name, "name");
    if (rows < 1 || columns < 1 || data.byteSize() != layout.byteSize(rows, columns)) {
      throw new IllegalArgumentException(
          "%s: expected %d bytes for %s of %d x %d, found %d"
              .formatted(
                  name,
                  layout.byteSize(Math.max(rows, 1), Math.max(columns, 1)),
                  layout,
                  rows,
                  columns,
                  data.byteSize()));
    }
    if (interleavedHead != 0 && (interleavedHead % 2 != 0 || rows % interleavedHead != 0)) {
      throw new IllegalArgumentException(
          "%s: expected heads of an even number of rows that divides %d, found %d"
              .formatted(name, rows, interleavedHead));
    }
  }

  /** Creates a tensor whose rows are stored in order. */
  public TernaryTensor(
      String name, TernaryLayout layout, int rows, int columns, MemorySegment data) {
    this(name, layout, rows, columns, 0, data);
  }

  /**
   * Decodes one row, whatever the layout.
   *
   * @param row from 0 to {@code rows - 1}
   * @param trits receives {@code columns} values of -1, 0 and 1
   * @param offset where in {@code trits}
   */
  public void decodeRow(int row, byte[] trits, int offset) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(offset, columns, trits.length);
    layout.decodeRow(data, rows, columns, storedRow(row), trits, offset);
  }

  /**
   * Copies the codes of one row, trit + 1, for kernels that lay them out anew: the code of column c
   * is {@code codes[c] >> shift & 3}. Faster than decoding where a byte of the file holds one trit
   * of a row.
   *
   * @param row from 0 to {@code rows - 1}
   * @param codes receives {@code columns} bytes
   * @return the shift, from 0 to 6
   */
  public int copyCodes(int row, byte[] codes) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(0, columns, codes.length);
    return layout.copyCodes(data, rows, columns, storedRow(row), codes);
  }

  private int storedRow(int row) {
    if (interleavedHead == 0) {
      return row;
    }
    int half = interleavedHead / 2;
    int inHead = row % interleavedHead;
    return row - inHead + 2 * (inHead % half) + inHead / half;
  }

  /** Returns whether this is {@link TernaryLayout#ROW_QUARTERS} with rows in order. */
  public boolean isRowQuarters() {
    return layout == TernaryLayout.ROW_QUARTERS && interleavedHead == 0;
  }

  /**
   * Returns the same weights as {@link TernaryLayout#ROW_QUARTERS} with rows in order: this tensor
   * itself if it is so already, otherwise a copy.
   *
   * @param memory for the copy
   */
  public TernaryTensor toRowQuarters(SegmentAllocator memory) {
    if (isRowQuarters()) {
      return this;
    }
    int quarter = (rows + 3) / 4;
    MemorySegment packed =
        memory.allocate(TernaryLayout.ROW_QUARTERS.byteSize(rows, columns), Long.BYTES);
    byte[] trits = new byte[columns];
    byte[] codes = new byte[columns];
    for (int r = 0; r < quarter; r++) {
      Arrays.fill(codes, (byte) 0);
      for (int j = 0; j < 4 && j * quarter + r < rows; j++) {
        decodeRow(j * quarter + r, trits, 0);
        for (int c = 0; c < columns; c++) {
          codes[c] |= (byte) (trits[c] + 1 << 2 * j);
        }
      }
      MemorySegment.copy(codes, 0, packed, ValueLayout.JAVA_BYTE, (long) r * columns, columns);
    }
    return new TernaryTensor(name, TernaryLayout.ROW_QUARTERS, rows, columns, packed);
  }
}
