package io.github.bitnet4j.core.model;

import io.github.bitnet4j.TraceListener;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The values of the forward pass in progress: one row for each token of the batch, row-major, and
 * reused from layer to layer and call to call. A model has one; {@link Transformer} lets one
 * forward pass at a time use it.
 */
final class Activations {
  final ModelConfig config;
  final WorkerTeam team;

  /**
   * The kernels that compute at present, but for products of ternary matrices: the model's own, or
   * those that stand in for them.
   */
  Kernels kernels;

  /** Their scratch memory for each thread of the team. */
  Kernels.Scratch[] scratch;

  private final Kernels ownKernels;
  private final Kernels.Scratch[] ownScratch;
  private final @Nullable Kernels plain;
  private final Kernels.Scratch[] plainScratch;
  private boolean usesPlain;

  Batch batch = new Batch(0);

  /** The residual stream, {@code [rows x hiddenSize]}. */
  float[] x = {};

  /** A normalized copy of the residual stream, {@code [rows x hiddenSize]}. */
  float[] normed = {};

  /** The output of attention or feed-forward, {@code [rows x hiddenSize]}. */
  float[] projected = {};

  /** Queries, {@code [rows x queryWidth]}. */
  float[] q = {};

  /** Keys and values of the new tokens, {@code [rows x kvWidth]}. */
  float[] k = {};

  float[] v = {};

  /** The heads' outputs side by side, {@code [rows x queryWidth]}. */
  float[] attended = {};

  /** Inside the feed-forward network, {@code [rows x intermediateSize]}. */
  float[] gate = {};

  float[] up = {};

  /** The normalized input of one linear layer, in families where each has its own norm. */
  float[] linearInput = {};

  /** The quantized input of the next linear layers, {@code [rows x its width]}. */
  byte[] int8 = {};

  /** Its scales 127/absmax, {@code [rows]}. */
  float[] scales = {};

  /** The exact products of a linear layer, {@code [rows x its output width]}. */
  int[] products = {};

  /**
   * As {@link #products}, for linear layers that are computed together: the first ones are they.
   */
  int[][] groupProducts = {};

  /**
   * Queries, keys and values; gate and up: as above, for linear layers that are computed together.
   */
  float[][] qkv = {};

  float[][] gateUp = {};

  /** Cosines and sines of the rows' positions, {@code [rows x headDim / 2]}. */
  float[] cos = {};

  float[] sin = {};

  /** Attention in progress: one for each thread of the team, and one for each key/value head. */
  final AttentionTile[] tiles;

  /** Hears all values; null in ordinary generation. */
  @Nullable TraceListener trace;

  private int capacity;

  /**
   * Creates buffers for one row.
   *
   * @param kernels the model's own
   * @param plain kernels that may compute in their place, if any
   */
  Activations(ModelConfig config, Kernels kernels, @Nullable Kernels plain, WorkerTeam team) {
    this.config = config;
    this.kernels = kernels;
    this.plain = plain;
    this.team = team;
    ownKernels = kernels;
    ownScratch = scratch(kernels, team);
    scratch = ownScratch;
    plainScratch = plain == null ? new Kernels.Scratch[0] : scratch(plain, team);
    reserveRows(1);
    tiles = new AttentionTile[Math.max(team.threads(), config.numKvHeads())];
    for (int i = 0; i < tiles.length; i++) {
      tiles[i] = new AttentionTile(this);
    }
  }

  private static Kernels.Scratch[] scratch(Kernels kernels, WorkerTeam team) {
    Kernels.Scratch[] scratch = new Kernels.Scratch[team.threads()];
    Arrays.setAll(scratch, worker -> kernels.newScratch());
    return scratch;
  }

  /** Chooses who computes from now on: plain kernels, if there are any, or the model's own. */
  void usePlain(boolean use) {
    usesPlain = use && plain != null;
    if (use && plain != null) {
      kernels = plain;
      scratch = plainScratch;
    } else {
      kernels = ownKernels;
      scratch = ownScratch;
    }
  }

  /** Multiplies some units of a ternary matrix with the quantized rows. */
  void ternaryMatMul(TernaryMatrix w, int[] products, int fromUnit, int toUnit, int worker) {
    Kernels.Scratch own = ownScratch[worker];
    if (usesPlain) {
      ownKernels.plainTernaryMatMul(w, int8, rows(), products, fromUnit, toUnit, own);
    } else {
      ownKernels.ternaryMatMul(w, int8, rows(), products, fromUnit, toUnit, own);
    }
  }

  int rows() {
    return batch.rows();
  }

  /** Makes the buffers large enough for a batch of the given rows, and the batch empty. */
  void reserveRows(int rows) {
    if (rows > capacity) {
      int hidden = config.hiddenSize();
      int intermediate = config.intermediateSize();
      int query = config.queryWidth();
      int widest = Math.max(Math.max(hidden, intermediate), Math.max(query, config.kvWidth()));
      batch = new Batch(rows);
      x = floats(rows, hidden);
      normed = floats(rows, hidden);
      projected = floats(rows, hidden);
      q = floats(rows, query);
      k = floats(rows, config.kvWidth());
      v = floats(rows, config.kvWidth());
      attended = floats(rows, query);
      gate = floats(rows, intermediate);
      up = floats(rows, intermediate);
      int8 = new byte[Math.multiplyExact(rows, widest)];
      scales = new float[rows];
      products = new int[Math.multiplyExact(rows, widest)];
      int second = Math.max(intermediate, config.kvWidth());
      groupProducts =
          new int[][] {
            products,
            new int[Math.multiplyExact(rows, second)],
            new int[Math.multiplyExact(rows, config.kvWidth())]
          };
      qkv = new float[][] {q, k, v};
      gateUp = new float[][] {gate, up};
      cos = floats(rows, config.headDim() / 2);
      sin = floats(rows, config.headDim() / 2);
      capacity = rows; // last: if memory runs out, the next batch tries again
    }
    batch.clear();
  }

  /** Makes room for the inputs of linear layers that normalize them. */
  void reserveLinearInput() {
    if (linearInput.length < int8.length) {
      linearInput = new float[int8.length];
    }
  }

  /** Gives back the memory of an unusually large batch. */
  void releaseAbove(int rows) {
    if (capacity > rows) {
      capacity = 0;
      linearInput = new float[0];
      reserveRows(1);
    }
  }

  /** Reports values, if someone listens; only then is the name put together. */
  void trace(String prefix, String step, int columns, float[] values) {
    if (trace != null) {
      trace.onFloats(prefix + step, rows(), columns, values);
    }
  }

  void trace(String prefix, String step, int columns, byte[] values) {
    if (trace != null) {
      trace.onBytes(prefix + step, rows(), columns, values);
    }
  }

  private static float[] floats(int rows, int columns) {
    return new float[Math.multiplyExact(rows, columns)];
  }
}
