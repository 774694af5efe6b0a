package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.spi.TernaryMatrix;
import java.lang.foreign.MemorySegment;

/**
 * A ternary matrix in the layout {@link io.github.bitnet4j.spi.TernaryTensor.Layout#ROW_QUARTERS}.
 * A unit of work is one packed row: up to four rows of the matrix, {@link #units} apart.
 *
 * @param rows output features
 * @param columns input features
 * @param packed {@code units() * columns} bytes
 */
record VectorMatrix(int rows, int columns, MemorySegment packed) implements TernaryMatrix {
  @Override
  public int units() {
    return (rows + 3) / 4;
  }

  @Override
  public long preparedBytes() {
    return 0;
  }
}
