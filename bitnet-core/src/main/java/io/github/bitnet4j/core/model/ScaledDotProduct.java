package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.spi.Kernels;

/**
 * Scaled dot-product attention of all rows and heads, {@code softmax(q k / sqrt(headDim)) v}. The
 * keys and values of the rows themselves are in their caches already.
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
  private final AttentionTile[] tiles;
  private final int tileRows;
  private final RangeTask attendTiles = this::attendTiles;
  private final RangeTask scoreKeys = this::scoreKeys;
  private final RangeTask normalizeScores = this::normalizeScores;
  private final RangeTask weighValues = this::weighValues;

  private float[] q = {};
  private float[] out = {};

  /**
   * Creates it.
   *
   * @param tiles shared by all layers
   */
  ScaledDotProduct(int layer, AttentionTile[] tiles, Activations acts) {
    this.layer = layer;
    this.tiles = tiles;
    this.acts = acts;
    tileRows = AttentionTile.rows(acts.config);
  }

  /**
   * Computes attention for all rows of the batch.
   *
   * @param q {@code [rows x queryWidth]}
   * @param out receives {@code [rows x queryWidth]}
   */
  void forward(float[] q, float[] out) {
    this.q = q;
    this.out = out;
    int kvHeads = acts.config.numKvHeads();
    if (!isOneLongTile()) {
      acts.workers.run(Math.ceilDiv(acts.rows(), tileRows) * kvHeads, 1, attendTiles);
      return;
    }
    for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
      tiles[kvHead].start(q, layer, kvHead, 0, acts.rows());
    }
    acts.workers.run(kvHeads * tiles[0].keyPanels(), 1, scoreKeys);
    acts.workers.run(kvHeads * tiles[0].queries(), 1, normalizeScores);
    int valuePanels = kvHeads * KvCache.valuePanels(acts.config);
    acts.workers.run(valuePanels, Math.max(1, valuePanels / acts.workers.threads()), weighValues);
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
    WorkerKernels kernels = acts.workers.kernels(worker);
    AttentionTile tile = tiles[worker];
    for (int unit = from; unit < to; unit++) {
      int limit = (unit / kvHeads + 1) * tileRows;
      for (int row = limit - tileRows; row < Math.min(limit, acts.rows()); ) {
        int end = acts.batch.endOfCache(row, limit);
        tile.start(q, layer, unit % kvHeads, row, end - row);
        tile.score(kernels, 0, tile.keyPanels());
        tile.normalize(kernels, 0, tile.queries());
        tile.weigh(kernels, out);
        row = end;
      }
    }
  }

  /**
   * Computes scores: {@code from} and {@code to} count panels of keys in the order in which they
   * lie in memory, which is block by block, and in a block tile by tile.
   */
  private void scoreKeys(int from, int to, int worker) {
    WorkerKernels kernels = acts.workers.kernels(worker);
    int blockUnits = acts.config.numKvHeads() * BLOCK_PANELS;
    int allPanels = tiles[0].keyPanels();
    for (int unit = from; unit < to; ) {
      int block = unit / blockUnits * BLOCK_PANELS;
      int panels = Math.min(BLOCK_PANELS, allPanels - block);
      int first = unit % blockUnits % panels;
      int end = Math.min(panels, first + to - unit);
      tiles[unit % blockUnits / panels].score(kernels, block + first, block + end);
      unit += end - first;
    }
  }

  private void normalizeScores(int from, int to, int worker) {
    WorkerKernels kernels = acts.workers.kernels(worker);
    int queries = tiles[0].queries();
    for (int unit = from; unit < to; unit++) {
      tiles[unit / queries].normalize(kernels, unit % queries, unit % queries + 1);
    }
  }

  /**
   * Computes outputs: {@code from} and {@code to} count panels of values through all tiles. Blocks
   * come one after the other, and in a block the tiles, as they lie in memory.
   */
  private void weighValues(int from, int to, int worker) {
    WorkerKernels kernels = acts.workers.kernels(worker);
    int panels = KvCache.valuePanels(acts.config);
    int end = tiles[0].end();
    for (int unit = from; unit < to; unit++) {
      tiles[unit / panels].clear(unit % panels, unit % panels + 1);
    }
    for (int position = 0; position < end; position += KvCache.BLOCK) {
      for (int unit = from; unit < to; unit++) {
        tiles[unit / panels].addBlock(kernels, position, unit % panels, unit % panels + 1);
      }
    }
    for (int unit = from; unit < to; unit++) {
      tiles[unit / panels].store(out, unit % panels, unit % panels + 1);
    }
  }
}
