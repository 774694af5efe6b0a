package io.github.bitnet4j.spi;

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
   * Returns the memory outside the heap taken for a copy; 0 if the file's data is used in place.
   */
  long preparedBytes();
}
