package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A matrix of int8 in a layout that kernels read in one stream, whatever the width of their
 * registers: see {@link Kernels#int8Products}.
 *
 * <p>Columns are cut into <b>lines</b> of 64 (the last one is filled up with zeros), rows into
 * <b>groups</b> of 4. A group is stored line by line, and of each line the 64 bytes of its four
 * rows in turn, in the order of the columns.
 *
 * <p>Kernels compute with 16-bit lanes of an even and an odd column each. So that nothing has to be
 * moved, what such a matrix is multiplied with has another order inside each line: first its 32
 * even columns, then the odd ones; see {@link #position}.
 *
 * <p>Filled once, group by group, then read only; then safe for use by many threads.
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

  /** Checks that the data has the size that the shape asks for. */
  public Int8Matrix {
    if (rows < 1 || columns < 1 || data.byteSize() != byteSize(rows, columns)) {
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
    return new Int8Matrix(rows, columns, memory.allocate(byteSize(rows, columns), LINE));
  }

  /** Returns the size of the data of a matrix. */
  public static long byteSize(int rows, int columns) {
    return (long) Math.ceilDiv(rows, GROUP) * GROUP * Math.ceilDiv(columns, LINE) * LINE;
  }

  /** Returns the number of lines. */
  public int lines() {
    return Math.ceilDiv(columns, LINE);
  }

  /** Returns where a line of a row starts. */
  public long lineOffset(int row, int line) {
    return groupBytes() * (row / GROUP) + offsetInGroup(row % GROUP, line);
  }

  /** Returns where a line of a row starts in its group; the row is one of 0 to 3. */
  public static int offsetInGroup(int row, int line) {
    return (line * GROUP + row) * LINE;
  }

  private long groupBytes() {
    return (long) lines() * GROUP * LINE;
  }

  /**
   * Sets four rows.
   *
   * @param row the first of them, a multiple of 4
   * @param values {@code lines() * 256}, each line at its {@link #offsetInGroup}; what follows the
   *     last column must be 0, and so must rows that the matrix lacks
   */
  public void setGroup(int row, byte[] values) {
    Objects.checkIndex(row, rows);
    if (row % GROUP != 0 || values.length != groupBytes()) {
      throw new IllegalArgumentException(
          "expected %d bytes from a row on that is a multiple of %d, found %d from row %d"
              .formatted(groupBytes(), GROUP, values.length, row));
    }
    MemorySegment.copy(values, 0, data, ValueLayout.JAVA_BYTE, lineOffset(row, 0), values.length);
  }

  /** Returns where a column's number stands in what a matrix is multiplied with. */
  public static int position(int column) {
    int inLine = column % LINE;
    return column - inLine + inLine % 2 * (LINE / 2) + inLine / 2;
  }
}
