package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A ternary weight matrix in the layout that one provider's kernels compute with. Immutable and
 * thread-safe. Made by {@link Kernels#prepare}; only the kernels that made it can use it.
 */
public interface TernaryMatrix {
  /** Returns the number of output features. */
  int rows();

  /** Returns the number of input features. */
  int columns();

  /**
   * Returns the number of units of work: groups of rows, numbered from 0, that can be computed
   * independently. They share no row, and together they are all rows.
   */
  int units();

  /**
   * Returns the copy of the tensor's data, in the layout of the kernels; empty if the file's data
   * is used in place.
   */
  Optional<MemorySegment> copy();

  /** Returns the memory outside the heap taken for a copy; 0 if there is none. */
  default long preparedBytes() {
    return copy().map(MemorySegment::byteSize).orElse(0L);
  }
}
