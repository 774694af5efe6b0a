package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A ternary matrix in the layout {@link TernaryLayout#ROW_QUARTERS}. A unit of work is one packed
 * row: up to four rows of the matrix, {@link #units} apart.
 *
 * @param rows output features
 * @param columns input features
 * @param packed {@code units() * columns} bytes
 * @param isCopy whether these are not the file's own bytes
 */
record ScalarMatrix(int rows, int columns, MemorySegment packed, boolean isCopy)
    implements TernaryMatrix {
  /** Uses the tensor in place if it has this layout already, otherwise a copy. */
  static ScalarMatrix of(TernaryTensor tensor, SegmentAllocator memory) {
    TernaryTensor quarters = tensor.toRowQuarters(memory);
    return new ScalarMatrix(
        tensor.rows(), tensor.columns(), quarters.data(), !tensor.isRowQuarters());
  }

  /** Takes a copy that was made earlier. */
  static ScalarMatrix restore(int rows, int columns, MemorySegment copy) {
    if (copy.byteSize() != TernaryLayout.ROW_QUARTERS.byteSize(rows, columns)) {
      throw new IllegalArgumentException(
          "copy: expected %d x %d trits, found %d bytes".formatted(rows, columns, copy.byteSize()));
    }
    for (long at = 0; at < copy.byteSize(); at++) {
      int codes = copy.get(ValueLayout.JAVA_BYTE, at);
      if ((codes & codes >> 1 & 0x55) != 0) {
        throw new IllegalArgumentException(
            "copy: expected codes from 0 to 2, found another one in byte " + at);
      }
    }
    return new ScalarMatrix(rows, columns, copy, true);
  }

  @Override
  public int units() {
    return (rows + 3) / 4;
  }

  @Override
  public Optional<MemorySegment> copy() {
    return isCopy ? Optional.of(packed) : Optional.empty();
  }
}
