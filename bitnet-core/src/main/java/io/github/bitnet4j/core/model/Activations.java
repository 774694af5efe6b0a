package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.batching.Batch;
import io.github.bitnet4j.core.batching.BatchRequest;
import io.github.bitnet4j.core.compute.Tracer;
import io.github.bitnet4j.core.compute.Workers;
import io.github.bitnet4j.core.weights.ModelConfig;
import java.util.List;

/**
 * The values of the forward pass in progress: one row for each token of the batch, row-major, and
 * reused from layer to layer and pass to pass; and what all blocks share to compute them. For one
 * pass at a time.
 */
final class Activations {
  final ModelConfig config;
  final Workers workers;
  final Tracer tracer;

  /** The rows of the pass. */
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

  /** The outputs of all heads side by side, {@code [rows x queryWidth]}. */
  float[] attended = {};

  /** Inside the feed-forward network, {@code [rows x intermediateSize]}. */
  float[] gate = {};

  float[] up = {};

  /** {@link #q}, {@link #k} and {@link #v}: the outputs of layers with the same input. */
  float[][] qkv = {};

  /** {@link #gate} and {@link #up}. */
  float[][] gateUp = {};

  /** The normalized input of one linear layer, in families where each has a norm of its own. */
  float[] linearInput = {};

  /** The quantized input of linear layers, {@code [rows x its width]}. */
  byte[] int8 = {};

  /** Its scales 127/absmax, {@code [rows]}. */
  float[] scales = {};

  /** Exact products of up to three layers with the same input, {@code [rows x output width]}. */
  int[][] products = {};

  /** Cosines and sines of the rows' positions, {@code [rows x headDim / 2]}. */
  float[] cos = {};

  float[] sin = {};

  private int capacity;

  /** Creates buffers for one row. */
  Activations(ModelConfig config, Workers workers, Tracer tracer) {
    this.config = config;
    this.workers = workers;
    this.tracer = tracer;
    reserveRows(1);
  }

  /** Returns the number of rows of the batch. */
  int rows() {
    return batch.rows();
  }

  /** Fills the batch with the tokens of some requests. */
  void begin(List<BatchRequest> requests) {
    int rows = 0;
    for (int i = 0; i < requests.size(); i++) {
      rows += requests.get(i).rows();
    }
    reserveRows(rows);
    for (int i = 0; i < requests.size(); i++) {
      BatchRequest request = requests.get(i);
      for (int position = request.cache().length(); position < request.end(); position++) {
        batch.add(request.ids()[position], request.cache(), position);
      }
    }
  }

  /** Makes the buffers large enough for a batch of the given rows, and the batch empty. */
  void reserveRows(int rows) {
    if (rows > capacity) {
      int hidden = config.hiddenSize();
      int intermediate = config.intermediateSize();
      int query = config.queryWidth();
      int kv = config.kvWidth();
      int widest = Math.max(Math.max(hidden, intermediate), Math.max(query, kv));
      batch = new Batch(rows);
      x = floats(rows, hidden);
      normed = floats(rows, hidden);
      projected = floats(rows, hidden);
      q = floats(rows, query);
      k = floats(rows, kv);
      v = floats(rows, kv);
      attended = floats(rows, query);
      gate = floats(rows, intermediate);
      up = floats(rows, intermediate);
      qkv = new float[][] {q, k, v};
      gateUp = new float[][] {gate, up};
      linearInput = floats(config.linearNorms() ? rows : 0, widest);
      int8 = new byte[Math.multiplyExact(rows, widest)];
      scales = new float[rows];
      products =
          new int[][] {ints(rows, widest), ints(rows, Math.max(intermediate, kv)), ints(rows, kv)};
      cos = floats(rows, config.headDim() / 2);
      sin = floats(rows, config.headDim() / 2);
      capacity = rows; // last: if memory runs out, the next batch tries again
    }
    batch.clear();
  }

  /** Releases the memory of an unusually large batch. */
  void releaseAbove(int rows) {
    if (capacity > rows) {
      capacity = 0;
      reserveRows(1);
    }
  }

  private static float[] floats(int rows, int columns) {
    return new float[Math.multiplyExact(rows, columns)];
  }

  private static int[] ints(int rows, int columns) {
    return new int[Math.multiplyExact(rows, columns)];
  }
}
