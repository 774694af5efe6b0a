package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.spi.Kernels;
import org.jspecify.annotations.Nullable;

/** Scratch memory of one thread, for the kernels that need some. Each takes its own when needed. */
final class VectorScratch implements Kernels.Scratch {
  /** The stored accumulators of float sums: of a group of rows, or of a softmax. */
  final float[] laneSums = new float[DotProducts.GROUP * Lanes.SUM];

  private float[] weights = {};
  private @Nullable LookupTables lookup;
  private @Nullable CombinationProducts combinations;
  private @Nullable TileProducts tiles;
  private @Nullable PlainProducts plainProducts;

  /** Returns the scratch memory that a caller hands to an operation. */
  static VectorScratch of(Kernels.Scratch scratch) {
    if (scratch instanceof VectorScratch own) {
      return own;
    }
    throw new IllegalArgumentException("not scratch memory of these kernels: " + scratch);
  }

  /** Returns room for a row of decoded weights, which may be longer. */
  float[] weights(int columns) {
    if (weights.length < columns) {
      weights = new float[columns];
    }
    return weights;
  }

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

  PlainProducts plainProducts() {
    PlainProducts products = plainProducts;
    if (products == null) {
      products = new PlainProducts();
      plainProducts = products;
    }
    return products;
  }

  TileProducts tiles() {
    TileProducts products = tiles;
    if (products == null) {
      products = new TileProducts();
      tiles = products;
    }
    return products;
  }
}
