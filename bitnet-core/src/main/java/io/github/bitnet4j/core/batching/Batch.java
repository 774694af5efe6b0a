package io.github.bitnet4j.core.batching;

import io.github.bitnet4j.core.cache.KvCache;

/**
 * The rows of one forward pass: each is a token at a position of a KV cache. Prefill and decode
 * differ in the number of rows only. Rows of one cache stand in the order of their positions.
 */
public final class Batch {
  private final int[] tokenIds;
  private final int[] positions;
  private final KvCache[] caches;
  private int rows;

  public Batch(int maxRows) {
    tokenIds = new int[maxRows];
    positions = new int[maxRows];
    caches = new KvCache[maxRows];
  }

  public void clear() {
    rows = 0;
  }

  public void add(int tokenId, KvCache cache, int position) {
    tokenIds[rows] = tokenId;
    positions[rows] = position;
    caches[rows] = cache;
    rows++;
  }

  public int rows() {
    return rows;
  }

  public int tokenId(int row) {
    return tokenIds[row];
  }

  public int position(int row) {
    return positions[row];
  }

  public KvCache cache(int row) {
    return caches[row];
  }

  /** Returns the first row from {@code row} on that is of another cache, at most {@code limit}. */
  public int endOfCache(int row, int limit) {
    int end = Math.min(limit, rows);
    for (int next = row + 1; next < end; next++) {
      if (caches[next] != caches[row]) {
        return next;
      }
    }
    return end;
  }
}
