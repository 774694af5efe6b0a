package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Ternary weights as a model file stores them. Immutable; safe for use by many threads.
 *
 * @param name the tensor's name in the file, for messages
 * @param layout how trits are laid out in the bytes
 * @param rows output features
 * @param columns input features
 * @param data exactly {@link Layout#byteSize} bytes, mapped from the file; codes are valid
 */
public record TernaryTensor(String name, Layout layout, int rows, int columns, MemorySegment data) {

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
  }

  /** How the trits of a matrix are laid out in bytes. */
  public enum Layout {
    /**
     * The packing of Hugging Face {@code bitnet} checkpoints. A trit is coded as trit + 1 in two
     * bits; code 3 is invalid. With {@code R = ceil(rows / 4)}, the packed matrix has R rows of
     * {@code columns} bytes, and the byte at (r, c) holds the trits of column c of the four rows r,
     * R + r, 2R + r and 3R + r, lowest bits first. Rows from {@code rows} on do not exist; their
     * bits are 0.
     *
     * <p>Example with 8 x 2 trits, so R = 2: the byte 0xA1 = 10 10 00 01 at (0, 0) says row 0 has
     * trit 0 (code 01), row 2 has -1 (00), row 4 has +1 (10) and row 6 has +1 (10).
     *
     * <p>Source: {@code unpack_weights} of transformers, {@code integrations/bitnet.py}.
     */
    ROW_QUARTERS {
      @Override
      public long byteSize(int rows, int columns) {
        return (long) quarter(rows) * columns;
      }

      @Override
      void decodeRow(TernaryTensor t, int row, byte[] trits, int offset) {
        int quarter = quarter(t.rows);
        long start = (long) (row % quarter) * t.columns;
        int shift = row / quarter * 2;
        for (int c = 0; c < t.columns; c++) {
          int code = (t.data.get(ValueLayout.JAVA_BYTE, start + c) >> shift) & 3;
          trits[offset + c] = (byte) (code - 1);
        }
      }

      private int quarter(int rows) {
        return (rows + 3) / 4;
      }
    };

    /** Returns the number of bytes that a matrix of this layout takes. */
    public abstract long byteSize(int rows, int columns);

    abstract void decodeRow(TernaryTensor tensor, int row, byte[] trits, int offset);
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
    layout.decodeRow(this, row, trits, offset);
  }
}
