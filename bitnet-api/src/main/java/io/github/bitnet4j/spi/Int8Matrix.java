package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A matrix of int8 in a layout that kernels read in one stream, whatever the width of their
 * registers: see {@link Kernels#int8Products}.
 *
 * <p>Columns are cut into <b>lines</b> of 64 (the last one is filled up with zeros), rows into
 * <b>groups</b> of 4. A group is stored line by line, and of each line the 64 bytes of its four
 * rows in turn. In those bytes, column j of the line is byte {@code 2 j} and column {@code 32 + j}
 * is byte {@code 2 j + 1}: as 16-bit lanes, the halves of a line lie in order.
 *
 * <p>Filled once, row by row, then read only; then safe for use by many threads.
 *
 * @param rows number of rows
 * @param columns number of columns
 * @param data {@code ceil(rows / 4) * 4 * lines() * 64} bytes
 */
public record Int8Matrix(int rows, int columns, MemorySegment data) {
  /** Columns of a line, and bytes of a row's part of it. */
  public static final int LINE = 64;

  /** Rows of a group. */
  public static final int GROUP = 4;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Checks that the data has the size that the shape asks for. */
  public Int8Matrix {
    if (rows < 1 || columns < 1 || data.byteSize() != bytes(rows, columns)) {
      throw new IllegalArgumentException(
          "expected %d x %d int8, found %d bytes".formatted(rows, columns, data.byteSize()));
    }
  }

  /**
   * Returns a matrix of zeros.
   *
   * @param memory gives the memory
   */
  public static Int8Matrix allocate(int rows, int columns, SegmentAllocator memory) {
    return new Int8Matrix(rows, columns, memory.allocate(bytes(rows, columns), LINE));
  }

  private static long bytes(int rows, int columns) {
    return (long) Math.ceilDiv(rows, GROUP) * GROUP * Math.ceilDiv(columns, LINE) * LINE;
  }

  /** Returns the number of lines. */
  public int lines() {
    return Math.ceilDiv(columns, LINE);
  }

  /** Returns where a line of a row starts. */
  public long lineOffset(int row, int line) {
    long lineOfGroup = (long) (row / GROUP) * lines() + line;
    return (lineOfGroup * GROUP + row % GROUP) * LINE;
  }

  /**
   * Sets a row.
   *
   * @param values {@code lines() * 64}; what follows the last column must be 0
   */
  public void setRow(int row, byte[] values) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(0, lines() * LINE, values.length);
    for (int line = 0; line < lines(); line++) {
      long at = lineOffset(row, line);
      int column = line * LINE;
      for (int j = 0; j < LINE / 2; j++) {
        int pair = (values[column + j] & 0xFF) | values[column + LINE / 2 + j] << 8;
        data.set(SHORT, at + 2L * j, (short) pair);
      }
    }
  }
}
