package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.threads.RangeTask;

/**
 * Scaled dot-product attention of all rows and heads, {@code softmax(q k / sqrt(headDim)) v}: reads
 * {@code q} and the cache, where each row's own keys and values already are, and leaves its output
 * in {@code attended}.
 *
 * <p>The work is cut into {@link AttentionTile}s. With many rows each thread computes whole tiles.
 * In decode there is one for each key/value head; then all threads compute scores, all threads
 * softmax, and all threads outputs.
 */
final class ScaledDotProduct {
  /** Positions from which on sharing a tile among threads is worth two more barriers. */
  private static final int SHARED_FROM = 128;

  private final int layer;
  private final Activations acts;
  private final int tileRows;
  private final RangeTask attendTiles = this::attendTiles;
  private final RangeTask scoreKeys = this::scoreKeys;
  private final RangeTask normalizeScores = this::normalizeScores;
  private final RangeTask weighValues = this::weighValues;

  ScaledDotProduct(int layer, Activations acts) {
    this.layer = layer;
    this.acts = acts;
    tileRows = AttentionTile.rows(acts.config);
  }

  void forward() {
    int kvHeads = acts.config.numKvHeads();
    if (!isOneLongTile()) {
      acts.team.run(Math.ceilDiv(acts.rows(), tileRows) * kvHeads, 1, attendTiles);
      return;
    }
    for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
      acts.tiles[kvHead].start(layer, kvHead, 0, acts.rows());
    }
    acts.team.run(kvHeads * acts.tiles[0].keyPanels(), 1, scoreKeys);
    acts.team.run(kvHeads * acts.tiles[0].queries(), 1, normalizeScores);
    acts.team.run(kvHeads * KvCache.valuePanels(acts.config), 1, weighValues);
  }

  /** Returns whether few rows see many positions, as in decode: then threads share each tile. */
  private boolean isOneLongTile() {
    int rows = acts.rows();
    return acts.team.threads() > 1
        && rows <= tileRows
        && acts.batch.endOfCache(0, rows) == rows
        && acts.batch.position(0) >= SHARED_FROM;
  }

  /** Computes whole tiles: {@code from} and {@code to} count key/value heads through all tiles. */
  private void attendTiles(int from, int to, int worker) {
    int kvHeads = acts.config.numKvHeads();
    AttentionTile tile = acts.tiles[worker];
    for (int unit = from; unit < to; unit++) {
      int limit = (unit / kvHeads + 1) * tileRows;
      for (int row = limit - tileRows; row < Math.min(limit, acts.rows()); ) {
        int end = acts.batch.endOfCache(row, limit);
        tile.start(layer, unit % kvHeads, row, end - row);
        tile.score(0, tile.keyPanels());
        tile.normalize(0, tile.queries());
        tile.weigh(0, KvCache.valuePanels(acts.config));
        row = end;
      }
    }
  }

  /** Computes scores: {@code from} and {@code to} count panels of keys through all tiles. */
  private void scoreKeys(int from, int to, int worker) {
    int panels = acts.tiles[0].keyPanels();
    for (int unit = from; unit < to; ) {
      int end = Math.min(to, (unit / panels + 1) * panels);
      int first = unit % panels;
      acts.tiles[unit / panels].score(first, first + end - unit);
      unit = end;
    }
  }

  private void normalizeScores(int from, int to, int worker) {
    int queries = acts.tiles[0].queries();
    for (int unit = from; unit < to; unit++) {
      acts.tiles[unit / queries].normalize(unit % queries, unit % queries + 1);
    }
  }

  /** Computes outputs: {@code from} and {@code to} count panels of values through all tiles. */
  private void weighValues(int from, int to, int worker) {
    int panels = KvCache.valuePanels(acts.config);
    for (int unit = from; unit < to; ) {
      int end = Math.min(to, (unit / panels + 1) * panels);
      int first = unit % panels;
      acts.tiles[unit / panels].weigh(first, first + end - unit);
      unit = end;
    }
  }
}
