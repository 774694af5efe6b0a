package io.github.bitnet4j.kernels.machinecode;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** A kernel in variants for 1, 2 and more rows at once. Immutable. */
final class Variants {
  private final List<MemorySegment> functions = new ArrayList<>();

  /**
   * Finds the variants.
   *
   * @param count the most rows
   * @param name returns the name of the variant for a number of rows
   */
  Variants(CodeMemory code, int count, IntFunction<String> name) {
    for (int rows = 1; rows <= count; rows++) {
      functions.add(code.function(name.apply(rows)));
    }
  }

  /** Returns the most rows that one call computes. */
  int maxRows() {
    return functions.size();
  }

  /** Returns the variant for a number of rows. */
  MemorySegment forRows(int rows) {
    return functions.get(rows - 1);
  }
}
