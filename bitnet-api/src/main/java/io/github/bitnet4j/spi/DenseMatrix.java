package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A dense matrix as a model file stores it: embeddings, the LM head, norms. Row-major,
 * little-endian, without alignment. Immutable; safe for use by many threads.
 *
 * @param name the tensor's name in the file, for messages
 * @param type how elements are stored
 * @param rows number of rows
 * @param columns number of columns; a multiple of {@link DenseType#blockSize}
 * @param data exactly {@code rows * type.rowBytes(columns)} bytes, mapped from the file
 */
public record DenseMatrix(String name, DenseType type, int rows, int columns, MemorySegment data) {
  /** Checks that the data has the size that type and shape ask for. */
  public DenseMatrix {
    Objects.requireNonNull(name, "name");
    if (rows < 1
        || columns < 1
        || columns % type.blockSize() != 0
        || data.byteSize() != rows * type.rowBytes(columns)) {
      throw new IllegalArgumentException(
          "%s: expected %d x %d elements of %s, found %d bytes"
              .formatted(name, rows, columns, type, data.byteSize()));
    }
  }

  /** Returns the number of bytes of a row. */
  public long rowBytes() {
    return type.rowBytes(columns);
  }

  /** Returns the element at the row and column. Reading whole rows is faster. */
  public float get(int row, int column) {
    Objects.checkIndex(row, rows);
    Objects.checkIndex(column, columns);
    return type.get(data, row * rowBytes(), column);
  }

  /**
   * Copies one row as floats.
   *
   * @param row from 0 to {@code rows - 1}
   * @param out receives {@code columns} values
   * @param offset where in {@code out}
   */
  public void copyRow(int row, float[] out, int offset) {
    copyRows(row, 1, out, offset);
  }

  /**
   * Copies rows as floats.
   *
   * @param row the first row
   * @param count number of rows
   * @param out receives {@code count x columns} values
   * @param offset where in {@code out}
   */
  public void copyRows(int row, int count, float[] out, int offset) {
    Objects.checkFromIndexSize(row, count, rows);
    int values = Math.multiplyExact(count, columns);
    Objects.checkFromIndexSize(offset, values, out.length);
    type.decode(data, row * rowBytes(), out, offset, values);
  }

  /**
   * Copies some columns of one row as floats.
   *
   * @param row from 0 to {@code rows - 1}
   * @param column the first column; a multiple of {@link DenseType#blockSize}
   * @param count number of columns; a multiple of it too
   * @param out receives {@code count} values
   * @param offset where in {@code out}
   */
  public void copyColumns(int row, int column, int count, float[] out, int offset) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(column, count, columns);
    Objects.checkFromIndexSize(offset, count, out.length);
    if (column % type.blockSize() != 0 || count % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          "%s: expected whole blocks of %d columns, found %d from column %d"
              .formatted(name, type.blockSize(), count, column));
    }
    type.decode(data, row * rowBytes() + type.rowBytes(column), out, offset, count);
  }
}
