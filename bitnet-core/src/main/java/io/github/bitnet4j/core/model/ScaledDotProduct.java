package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.spi.Kernels;

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
  private static final int BLOCK_PANELS = KvCache.BLOCK / Kernels.PANEL;

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
    int valuePanels = kvHeads * KvCache.valuePanels(acts.config);
    acts.team.run(valuePanels, Math.max(1, valuePanels / acts.team.threads()), weighValues);
  }

  /**
   * Returns whether few rows see many positions, as in decode: then threads share each tile, and
   * read the cache in the order in which it lies in memory.
   */
  private boolean isOneLongTile() {
    int rows = acts.rows();
    return rows <= tileRows
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
        tile.weigh();
        row = end;
      }
    }
  }

  /**
   * Computes scores: {@code from} and {@code to} count panels of keys in the order in which they
   * lie in memory, which is block by block, and in a block tile by tile.
   */
  private void scoreKeys(int from, int to, int worker) {
    int blockUnits = acts.config.numKvHeads() * BLOCK_PANELS;
    int allPanels = acts.tiles[0].keyPanels();
    for (int unit = from; unit < to; ) {
      int block = unit / blockUnits * BLOCK_PANELS;
      int panels = Math.min(BLOCK_PANELS, allPanels - block);
      int first = unit % blockUnits % panels;
      int end = Math.min(panels, first + to - unit);
      acts.tiles[unit % blockUnits / panels].score(block + first, block + end);
      unit += end - first;
    }
  }

  private void normalizeScores(int from, int to, int worker) {
    int queries = acts.tiles[0].queries();
    for (int unit = from; unit < to; unit++) {
      acts.tiles[unit / queries].normalize(unit % queries, unit % queries + 1);
    }
  }

  /**
   * Computes outputs: {@code from} and {@code to} count panels of values through all tiles. Blocks
   * come one after the other, and in a block the tiles, as they lie in memory.
   */
  private void weighValues(int from, int to, int worker) {
    int panels = KvCache.valuePanels(acts.config);
    int end = acts.tiles[0].end();
    for (int unit = from; unit < to; unit++) {
      acts.tiles[unit / panels].clear(unit % panels, unit % panels + 1);
    }
    for (int position = 0; position < end; position += KvCache.BLOCK) {
      for (int unit = from; unit < to; unit++) {
        acts.tiles[unit / panels].addBlock(position, unit % panels, unit % panels + 1);
      }
    }
    for (int unit = from; unit < to; unit++) {
      acts.tiles[unit / panels].store(unit % panels, unit % panels + 1);
    }
  }
}
