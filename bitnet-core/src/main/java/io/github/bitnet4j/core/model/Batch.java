package io.github.bitnet4j.core.model;

/**
 * The rows of one forward pass: each is a token at a position of a KV cache. Prefill and decode
 * differ in the number of rows only. Rows of one cache stand in the order of their positions.
 */
final class Batch {
  private final int[] tokenIds;
  private final int[] positions;
  private final KvCache[] caches;
  private int rows;

  Batch(int maxRows) {
    tokenIds = new int[maxRows];
    positions = new int[maxRows];
    caches = new KvCache[maxRows];
  }

  void clear() {
    rows = 0;
  }

  void add(int tokenId, KvCache cache, int position) {
    tokenIds[rows] = tokenId;
    positions[rows] = position;
    caches[rows] = cache;
    rows++;
  }

  int rows() {
    return rows;
  }

  int tokenId(int row) {
    return tokenIds[row];
  }

  int position(int row) {
    return positions[row];
  }

  KvCache cache(int row) {
    return caches[row];
  }

  /** Returns the first row from {@code row} on that is of another cache, at most {@code limit}. */
  int endOfCache(int row, int limit) {
    int end = Math.min(limit, rows);
    for (int next = row + 1; next < end; next++) {
      if (caches[next] != caches[row]) {
        return next;
      }
    }
    return end;
  }
}
