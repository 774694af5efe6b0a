package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.Kernels;
import java.util.Arrays;

/**
 * Attention of a few rows with the query heads that share one key/value head: {@code softmax(q k /
 * sqrt(headDim)) v}. A tile's queries are all these heads of its first row, then of the next.
 *
 * <p>Each load of keys and values serves all queries. The scores take memory in proportion to the
 * context, for the few rows of a tile only. Panels can be computed in any order and by several
 * threads: a score is one sum over the dimensions, and an output one over the positions, ascending.
 */
final class AttentionTile {
  /** Queries of a full tile: enough to make much of a panel while it is in the cache. */
  private static final int QUERIES = 32;

  private static final int PANEL = Kernels.PANEL;

  private final Activations acts;
  private final int heads;
  private final int headDim;
  private final int valueWidth;
  private final float scoreScale;
  private final float[] queries;
  private final float[] sums;
  private float[] scores = {};
  private int stride;

  private int layer;
  private int kvHead;
  private int fromRow;
  private int rows;

  AttentionTile(Activations acts) {
    ModelConfig config = acts.config;
    this.acts = acts;
    heads = config.numHeads() / config.numKvHeads();
    headDim = config.headDim();
    valueWidth = KvCache.valuePanels(config) * PANEL;
    scoreScale = (float) (1 / Math.sqrt(headDim));
    int most = rows(config) * heads;
    queries = new float[Math.multiplyExact(most, headDim)];
    sums = new float[Math.multiplyExact(most, valueWidth)];
  }

  /** Creates a tile for each thread, and one for each key/value head; no fewer than either. */
  static AttentionTile[] forThreadsAndHeads(Activations acts) {
    AttentionTile[] tiles =
        new AttentionTile[Math.max(acts.workers.threads(), acts.config.numKvHeads())];
    Arrays.setAll(tiles, i -> new AttentionTile(acts));
    return tiles;
  }

  /** Returns the rows of a full tile. */
  static int rows(ModelConfig config) {
    return Math.max(1, QUERIES * config.numKvHeads() / config.numHeads());
  }

  /**
   * Copies the queries of some rows, which are consecutive positions of one cache.
   *
   * @param q {@code [rows of the batch x queryWidth]}
   */
  void start(float[] q, int layer, int kvHead, int fromRow, int rows) {
    this.layer = layer;
    this.kvHead = kvHead;
    this.fromRow = fromRow;
    this.rows = rows;
    stride = keyPanels() * PANEL;
    int needed = Math.multiplyExact(rows * heads, stride);
    if (scores.length < needed) {
      scores =
          new float[Math.max(needed, (int) Math.min(2L * scores.length, Integer.MAX_VALUE / 2))];
    }
    int width = heads * headDim;
    for (int r = 0; r < rows; r++) {
      System.arraycopy(q, headsOffset(r), queries, r * width, width);
    }
  }

  /** Returns the panels that hold the keys that the last row sees. */
  int keyPanels() {
    return Math.ceilDiv(end(), PANEL);
  }

  int queries() {
    return rows * heads;
  }

  /** Computes the scores of some panels of keys, one panel for {@link Kernels#PANEL} positions. */
  void score(WorkerKernels kernels, int fromPanel, int toPanel) {
    for (int query = 0; query < queries(); query++) {
      int start = query * stride;
      Arrays.fill(scores, start + fromPanel * PANEL, start + toPanel * PANEL, 0);
    }
    KvCache cache = acts.batch.cache(fromRow);
    for (int panel = fromPanel; panel < toPanel; panel++) {
      int position = panel * PANEL;
      int first = Math.max(0, position + 1 - visible(0)) * heads; // earlier rows do not see it
      kernels
          .dense()
          .panelMatMul(
              queries,
              first * headDim,
              headDim,
              queries() - first,
              cache.type(),
              cache.block(position),
              cache.keyPanelBytes(layer, kvHead, position),
              headDim,
              scores,
              first * stride + position,
              stride);
    }
  }

  /** Turns the scores of some queries into probabilities. */
  void normalize(WorkerKernels kernels, int fromQuery, int toQuery) {
    for (int query = fromQuery; query < toQuery; query++) {
      kernels.dense().softmax(scores, query * stride, visible(query / heads), scoreScale);
    }
  }

  /**
   * Computes the output.
   *
   * @param out receives it, {@code [rows of the batch x queryWidth]}
   */
  void weigh(WorkerKernels kernels, float[] out) {
    int panels = KvCache.valuePanels(acts.config);
    clear(0, panels);
    for (int position = 0; position < end(); position += KvCache.BLOCK) {
      addBlock(kernels, position, 0, panels);
    }
    store(out, 0, panels);
  }

  /** Returns the number of positions that the last row sees. */
  int end() {
    return visible(rows - 1);
  }

  /** Starts with some panels of the output, one panel for {@link Kernels#PANEL} dimensions. */
  void clear(int fromPanel, int toPanel) {
    for (int query = 0; query < queries(); query++) {
      int start = query * valueWidth;
      Arrays.fill(sums, start + fromPanel * PANEL, start + toPanel * PANEL, 0);
    }
  }

  /** Adds the weighted values of the block that starts at a position; blocks come in order. */
  void addBlock(WorkerKernels kernels, int position, int fromPanel, int toPanel) {
    if (rows == 1 || position + KvCache.BLOCK <= visible(0)) {
      addValues(kernels, position, 0, rows, fromPanel, toPanel);
    } else { // where the rows end, each one by itself
      for (int r = 0; r < rows; r++) {
        addValues(kernels, position, r, 1, fromPanel, toPanel);
      }
    }
  }

  /** Adds the weighted values of a block for {@code count} rows that see the same of it. */
  private void addValues(
      WorkerKernels kernels, int position, int r, int count, int fromPanel, int toPanel) {
    int length = Math.min(KvCache.BLOCK, visible(r) - position);
    KvCache cache = acts.batch.cache(fromRow);
    for (int panel = fromPanel; panel < toPanel && length > 0; panel++) {
      kernels
          .dense()
          .panelMatMul(
              scores,
              r * heads * stride + position,
              stride,
              count * heads,
              cache.type(),
              cache.block(position),
              cache.valuePanelBytes(layer, kvHead, panel),
              length,
              sums,
              r * heads * valueWidth + panel * PANEL,
              valueWidth);
    }
  }

  /**
   * Stores some panels of the output, once all blocks are added.
   *
   * @param out receives them, {@code [rows of the batch x queryWidth]}
   */
  void store(float[] out, int fromPanel, int toPanel) {
    int from = fromPanel * PANEL;
    int width = Math.min(toPanel * PANEL, headDim) - from;
    for (int query = 0; query < queries(); query++) {
      int to = headsOffset(query / heads) + query % heads * headDim;
      System.arraycopy(sums, query * valueWidth + from, out, to + from, width);
    }
  }

  /** Returns the number of positions that a row of the tile sees, its own included. */
  private int visible(int r) {
    return acts.batch.position(fromRow + r) + 1;
  }

  /** Returns where the tile's heads start in a row of the queries and of the output. */
  private int headsOffset(int r) {
    return (fromRow + r) * acts.config.queryWidth() + kvHead * heads * headDim;
  }
}
