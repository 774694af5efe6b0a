package io.github.bitnet4j.kernels.machinecode;

import io.github.bitnet4j.kernels.machinecode.x86.X86Kernels;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Optional;

/**
 * A ternary matrix in the layout {@link TernaryLayout#ROW_QUARTERS}. A unit of work is one packed
 * row: up to four rows of the matrix, {@link #units} apart.
 *
 * <p>Kernels read packed rows up to a multiple of {@link X86Kernels#PADDING} columns. What follows
 * a row is the next one, whose codes meet zeros; the last packed rows, which have too little behind
 * them, are kept a second time with room behind.
 *
 * @param rows output features
 * @param columns input features
 * @param packed {@code units() * columns} bytes
 * @param isCopy whether these are not the file's own bytes
 * @param directUnits packed rows that kernels read in {@code packed}
 * @param lastUnits the other packed rows
 */
record NativeMatrix(
    int rows,
    int columns,
    MemorySegment packed,
    boolean isCopy,
    int directUnits,
    MemorySegment lastUnits)
    implements TernaryMatrix {

  /** Copies a tensor. */
  static NativeMatrix of(TernaryTensor tensor, SegmentAllocator memory) {
    MemorySegment packed = tensor.toRowQuarters(memory).data();
    return create(
        tensor.rows(),
        tensor.columns(),
        tensor.isRowQuarters() ? copy(packed, memory) : packed,
        memory);
  }

  /**
   * Uses a copy that was made earlier.
   *
   * @param memory for the last packed rows
   */
  static NativeMatrix restore(int rows, int columns, MemorySegment copy, SegmentAllocator memory) {
    if (copy.byteSize() != TernaryLayout.ROW_QUARTERS.byteSize(rows, columns)) {
      throw new IllegalArgumentException(
          "copy: expected %d x %d trits, found %d bytes".formatted(rows, columns, copy.byteSize()));
    }
    return create(rows, columns, copy.isMapped() ? copy(copy, memory) : copy, memory);
  }

  /**
   * Copies packed rows out of a mapped file: machine code that reads a file that was cut short
   * meanwhile would end the process.
   */
  private static MemorySegment copy(MemorySegment packed, SegmentAllocator memory) {
    return memory.allocate(packed.byteSize(), 64).copyFrom(packed);
  }

  /** Returns the size of the copy that is made of a tensor. */
  static long copyBytes(int rows, int columns) {
    int last = lastUnits(rows, columns);
    long lastBytes = last == 0 ? 0 : (long) last * columns + beyond(columns);
    return TernaryLayout.ROW_QUARTERS.byteSize(rows, columns) + lastBytes;
  }

  /** Returns how many bytes kernels read behind a packed row. */
  private static int beyond(int columns) {
    return paddedColumns(columns) - columns;
  }

  /** Returns the number of packed rows that have too little behind them. */
  private static int lastUnits(int rows, int columns) {
    return Math.min((rows + 3) / 4, Math.ceilDiv(beyond(columns), columns));
  }

  private static NativeMatrix create(
      int rows, int columns, MemorySegment packed, SegmentAllocator memory) {
    int units = (rows + 3) / 4;
    int last = lastUnits(rows, columns);
    long start = (long) (units - last) * columns;
    MemorySegment lastUnits =
        last == 0
            ? MemorySegment.NULL
            : memory.allocate((long) last * columns + beyond(columns), 64);
    MemorySegment.copy(packed, start, lastUnits, 0, (long) last * columns);
    return new NativeMatrix(rows, columns, packed, true, units - last, lastUnits);
  }

  /** Returns the number of columns that kernels read. */
  static int paddedColumns(int columns) {
    return Math.ceilDiv(columns, X86Kernels.PADDING) * X86Kernels.PADDING;
  }

  @Override
  public int units() {
    return (rows + 3) / 4;
  }

  @Override
  public Optional<MemorySegment> copy() {
    return isCopy ? Optional.of(packed) : Optional.empty();
  }

  @Override
  public long preparedBytes() {
    return (isCopy ? packed.byteSize() : 0) + lastUnits.byteSize();
  }
}
