package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.spi.Kernels;
import org.jspecify.annotations.Nullable;

/** Scratch memory of one thread, for the kernels that need some. Each takes its own when needed. */
final class VectorScratch implements Kernels.Scratch {
  private @Nullable LookupTables lookup;
  private @Nullable CombinationProducts combinations;

  LookupTables lookup() {
    LookupTables tables = lookup;
    if (tables == null) {
      tables = new LookupTables();
      lookup = tables;
    }
    return tables;
  }

  CombinationProducts combinations() {
    CombinationProducts products = combinations;
    if (products == null) {
      products = new CombinationProducts();
      combinations = products;
    }
    return products;
  }
}
