package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.LookupMatrix.BLOCK_ROWS;

/**
 * Ternary matrix times int8 rows: many rows by {@link CombinationProducts} unless registers have
 * 512 bits, others by table lookup.
 */
final class LookupProducts {
  private LookupProducts() {}

  static void multiply(
      LookupMatrix w,
      byte[] x,
      int tokens,
      int[] out,
      int fromUnit,
      int toUnit,
      VectorScratch scratch) {
    int fromRow = fromUnit * BLOCK_ROWS;
    int toRow = Math.min(toUnit * BLOCK_ROWS, w.rows());
    int first = 0;
    if (Lanes.BITS < 512) {
      while (tokens - first >= CombinationProducts.MIN_TOKENS) {
        CombinationProducts combinations = scratch.combinations();
        first += combinations.multiply(w, x, first, tokens - first, out, fromRow, toRow);
      }
    }
    int atATime = LookupTables.tokensAtATime(w);
    while (first < tokens) {
      int count = Math.min(atATime, tokens - first);
      LookupTables tables = scratch.lookup();
      tables.fill(w, x, first * w.columns(), count);
      int row = fromRow;
      while (row < toRow) {
        int next = Math.min(toRow, row + BLOCK_ROWS);
        if (Lanes.BITS == 512) {
          ShortLookups.multiplyBlock(w, row, next - row, count, out, first, tables);
        } else {
          ByteLookups.multiplyBlock(w, row, next - row, count, out, first, tables);
        }
        row = next;
      }
      first += count;
    }
  }
}
