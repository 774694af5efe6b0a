package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A ternary matrix in the layout {@link io.github.bitnet4j.spi.TernaryLayout#ROW_QUARTERS}. A unit
 * of work is one packed row: up to four rows of the matrix, {@link #units} apart.
 *
 * @param rows output features
 * @param columns input features
 * @param packed {@code units() * columns} bytes
 * @param preparedBytes 0 if these are the file's own bytes
 */
record ScalarMatrix(int rows, int columns, MemorySegment packed, long preparedBytes)
    implements TernaryMatrix {
  /** Uses the tensor in place if it has this layout already, otherwise a copy. */
  static ScalarMatrix of(TernaryTensor tensor, SegmentAllocator memory) {
    TernaryTensor quarters = tensor.toRowQuarters(memory);
    long copied = tensor.isRowQuarters() ? 0 : quarters.data().byteSize();
    return new ScalarMatrix(tensor.rows(), tensor.columns(), quarters.data(), copied);
  }

  @Override
  public int units() {
    return (rows + 3) / 4;
  }
}
