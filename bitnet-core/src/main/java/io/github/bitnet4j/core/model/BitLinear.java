package io.github.bitnet4j.core.model;

import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.core.weights.TernaryWeight;
import io.github.bitnet4j.spi.TernaryMatrix;

/**
 * Linear layers of BitNet b1.58 with the same input, such as q, k and v: int8 activations times
 * ternary weights, an exact integer product, then one rescaling to float.
 *
 * <p>The input is normalized (in the families whose linear layers do that) and quantized here, and
 * nowhere else. Layers whose quantized input is the same share it, and their units of work are
 * distributed among the threads together, so that small layers keep all threads busy too. Layers
 * that normalize the input with weights of their own are computed one after the other.
 */
final class BitLinear {
  private final Activations acts;
  private final Layer[] layers;
  private final RowNorm[] norms;

  /** How many consecutive layers have the same quantized input: all of them, or 1. */
  private final int layersPerInput;

  private final float[][] singleOut = new float[1][];
  private final RangeTask quantize = this::quantize;
  private final RangeTask multiply = this::multiply;
  private final RangeTask rescale = this::rescale;

  // What is being computed: layers first..end-1 over x, [rows x columns].
  private float[] x = {};
  private int columns;
  private int first;
  private int end;

  // What is being rescaled.
  private Layer layer;
  private int[] products = {};
  private float[] out = {};

  /**
   * One linear layer.
   *
   * @param name in traces and messages
   */
  record Layer(String name, TernaryWeight weight) {
    TernaryMatrix matrix() {
      return weight.matrix();
    }
  }

  /**
   * Creates layers with the same input.
   *
   * @param layers at most 3; all of them have a norm of their own, or none
   */
  BitLinear(Activations acts, Layer... layers) {
    this.acts = acts;
    this.layers = layers;
    layer = layers[0];
    norms = new RowNorm[layers.length];
    for (int i = 0; i < layers.length; i++) {
      norms[i] = RowNorm.of(layers[i].weight.inputNorm(), layers[i].name + ".inner_norm", acts);
    }
    layersPerInput = layer.weight.inputNorm() == null ? layers.length : 1;
  }

  /**
   * Computes {@code out = W x} with the only layer, for all rows of the batch.
   *
   * @param x {@code [rows x in]}
   * @param out {@code [rows x out]}
   */
  void forward(float[] x, float[] out) {
    singleOut[0] = out;
    forward(x, singleOut);
  }

  /**
   * Computes {@code outs[i] = W[i] x} for all rows of the batch.
   *
   * @param x {@code [rows x in]}
   * @param outs one for each layer, {@code [rows x its out]}
   * @throws NonFiniteValueException if x has a NaN or an infinity
   */
  void forward(float[] x, float[][] outs) {
    for (int i = 0; i < layers.length; i += layersPerInput) {
      this.x = norms[i].forward(x, acts.linearInput);
      columns = layers[i].matrix().columns();
      first = i;
      end = i + layersPerInput;
      acts.workers.run(acts.rows(), 1, quantize); // x -> acts.int8, acts.scales
      multiply(); // acts.int8 -> acts.products
      rescale(outs); // acts.products -> outs
    }
  }

  private void quantize(int fromRow, int toRow, int worker) {
    WorkerKernels kernels = acts.workers.kernels(worker);
    for (int row = fromRow; row < toRow; row++) {
      float scale = kernels.dense().quantize(x, row * columns, columns, acts.int8, row * columns);
      if (!(scale > 0)) { // 0 after an infinity, NaN after a NaN
        throw new NonFiniteValueException(
            "%s: expected finite inputs, found %s at position %d; the weights are damaged"
                .formatted(
                    layers[first].name,
                    scale == 0 ? "an infinity" : "NaN",
                    acts.batch.position(row)));
      }
      acts.scales[row] = scale;
    }
  }

  private void multiply() {
    int units = 0;
    long unitWeights = 0;
    for (int i = first; i < end; i++) {
      TernaryMatrix w = layers[i].matrix();
      units += w.units();
      long rowsOfUnit = Math.max(1, w.rows() / w.units());
      unitWeights = Math.max(unitWeights, rowsOfUnit * w.columns());
    }
    acts.workers.run(units, grain(units, unitWeights), multiply);
  }

  /**
   * Returns the fewest units that a thread should compute at a time. Kernels are fastest over many
   * units, and build tables of x for each range: so one range for each thread, or a few where there
   * is enough for that, which evens out what threads are slowed by. Below about 32 K weights a
   * hand-over to another thread costs more than it saves.
   */
  private int grain(int units, long unitWeights) {
    int threads = acts.workers.threads();
    int ranges = acts.rows() > 1 ? threads : threads * Math.clamp(units / 5 / threads, 1, 4);
    return (int) Math.max(Math.max(1, 32_768 / unitWeights), units / ranges);
  }

  /** Computes products; units are numbered through all layers, one layer after the other. */
  private void multiply(int fromUnit, int toUnit, int worker) {
    WorkerKernels kernels = acts.workers.kernels(worker);
    int offset = 0;
    for (int i = first; i < end; i++) {
      TernaryMatrix w = layers[i].matrix();
      int from = Math.max(fromUnit - offset, 0);
      int to = Math.min(toUnit - offset, w.units());
      if (from < to) {
        kernels.ternaryMatMul(w, acts.int8, acts.rows(), acts.products[i - first], from, to);
      }
      offset += w.units();
    }
  }

  private void rescale(float[][] outs) {
    for (int i = first; i < end; i++) {
      layer = layers[i];
      products = acts.products[i - first];
      out = outs[i];
      acts.workers.run(acts.rows(), 1, rescale);
      acts.tracer.trace(layer.name, ".act_int8", columns, acts.int8);
      acts.tracer.trace(layer.name, ".act_scale", 1, acts.scales);
      acts.tracer.trace(layer.name, "", layer.matrix().rows(), out);
    }
  }

  private void rescale(int fromRow, int toRow, int worker) {
    int width = layer.matrix().rows();
    float weightScale = layer.weight.scale();
    int[] products = this.products;
    float[] out = this.out;
    for (int row = fromRow; row < toRow; row++) {
      float s = acts.scales[row];
      int end = (row + 1) * width;
      switch (acts.config.scaleRule()) {
        case MULTIPLY -> {
          for (int i = row * width; i < end; i++) {
            out[i] = products[i] / s * weightScale;
          }
        }
        case DIVIDE -> {
          float divisor = weightScale * s;
          for (int i = row * width; i < end; i++) {
            out[i] = products[i] / divisor;
          }
        }
      }
    }
  }
}
