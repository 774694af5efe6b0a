package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A dense matrix as a model file stores it: embeddings and the LM head. Row-major, little-endian,
 * without alignment. Immutable; safe for use by many threads.
 *
 * @param name the tensor's name in the file, for messages
 * @param type how an element is stored
 * @param rows number of rows
 * @param columns number of columns
 * @param data exactly {@code rows * columns * type.bytes()} bytes, mapped from the file
 */
public record DenseMatrix(String name, Type type, int rows, int columns, MemorySegment data) {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Checks that the data has the size that type and shape ask for. */
  public DenseMatrix {
    Objects.requireNonNull(name, "name");
    if (rows < 1 || columns < 1 || data.byteSize() != (long) rows * columns * type.bytes()) {
      throw new IllegalArgumentException(
          "%s: expected %d x %d elements of %s, found %d bytes"
              .formatted(name, rows, columns, type, data.byteSize()));
    }
  }

  /** How an element is stored. Every value of every type is exact in a float. */
  public enum Type {
    /** IEEE single precision. */
    F32(4),
    /** IEEE half precision. */
    F16(2),
    /** The upper half of a float. */
    BF16(2);

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }

    /** Returns the size of an element in bytes. */
    public int bytes() {
      return bytes;
    }
  }

  /** Returns the element at the row and column. */
  public float get(int row, int column) {
    long index = (long) row * columns + column;
    return switch (type) {
      case F32 -> data.get(FLOAT, index * 4);
      case F16 -> Float.float16ToFloat(data.get(SHORT, index * 2));
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, index * 2) << 16);
    };
  }

  /**
   * Copies one row.
   *
   * @param row from 0 to {@code rows - 1}
   * @param out receives {@code columns} values
   * @param offset where in {@code out}
   */
  public void copyRow(int row, float[] out, int offset) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(offset, columns, out.length);
    for (int c = 0; c < columns; c++) {
      out[offset + c] = get(row, c);
    }
  }
}
