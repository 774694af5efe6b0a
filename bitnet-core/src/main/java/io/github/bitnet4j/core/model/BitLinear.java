package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.model.ModelConfig.ScaleRule;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.spi.TernaryMatrix;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer of BitNet b1.58: int8 activations times ternary weights, an exact integer product,
 * then one rescaling to float.
 *
 * <p>Layers with the same input share its quantized rows: a {@link Quantizer} puts them into the
 * activations first. In families where each layer normalizes its input itself it does both here.
 */
final class BitLinear {
  private final String name;
  private final TernaryMatrix matrix;
  private final float weightScale;
  private final ScaleRule scaleRule;
  private final Activations acts;
  private final @Nullable RmsNorm inputNorm;
  private final Quantizer ownQuantizer;
  private final RangeTask normalize = this::normalize;
  private final RangeTask multiply = this::multiply;
  private final RangeTask rescale = this::rescale;
  private float[] x = {};
  private float[] out = {};
  private int[] products = {};

  BitLinear(String name, TernaryWeight weight, ScaleRule scaleRule, Activations acts) {
    this.name = name;
    matrix = weight.matrix();
    weightScale = weight.scale();
    this.scaleRule = scaleRule;
    this.acts = acts;
    inputNorm = weight.inputNorm();
    ownQuantizer = new Quantizer(name, matrix.columns(), acts);
  }

  /**
   * Computes {@code out = W x} for all rows of the batch.
   *
   * @param x {@code [rows x in]}, quantized already unless this layer normalizes it itself
   * @param out {@code [rows x out]}
   */
  void forward(float[] x, float[] out) {
    if (inputNorm != null) {
      this.x = x;
      acts.reserveLinearInput();
      acts.team.run(acts.rows(), 1, normalize);
      acts.trace(name, ".inner_norm", matrix.columns(), acts.linearInput);
      ownQuantizer.forward(acts.linearInput);
    }
    begin(out, acts.products);
    acts.team.run(units(), grain(units(), unitWeights(), acts), multiply);
    end();
  }

  /** Takes the places of the results, for {@link #multiply} and {@link #end}. */
  void begin(float[] out, int[] products) {
    this.out = out;
    this.products = products;
  }

  /** Turns the products of all units into floats. */
  void end() {
    acts.team.run(acts.rows(), 1, rescale);
    acts.trace(name, ".act_int8", matrix.columns(), acts.int8);
    acts.trace(name, ".act_scale", 1, acts.scales);
    acts.trace(name, "", matrix.rows(), out);
  }

  /** Returns whether this layer normalizes its own input. */
  boolean hasInputNorm() {
    return inputNorm != null;
  }

  /** Returns the number of units of work. */
  int units() {
    return matrix.units();
  }

  /** Returns the weights of a unit of work. */
  long unitWeights() {
    return (long) Math.max(1, matrix.rows() / matrix.units()) * matrix.columns();
  }

  /**
   * Returns the fewest units that a thread should take at a time. Kernels are fastest over many
   * units, and build tables of x for each range: so one range for each thread, or a few where there
   * is enough for that, which evens out what threads are slowed by. Below about 32 K weights a
   * hand-over to another thread costs more than it saves.
   */
  static int grain(int units, long unitWeights, Activations acts) {
    int threads = acts.team.threads();
    int ranges = acts.rows() > 1 ? threads : threads * Math.clamp(units / 5 / threads, 1, 4);
    return (int) Math.max(Math.max(1, 32_768 / unitWeights), units / ranges);
  }

  private void normalize(int fromRow, int toRow, int worker) {
    if (inputNorm == null) {
      throw new AssertionError("no input norm");
    }
    for (int row = fromRow; row < toRow; row++) {
      inputNorm.apply(acts, worker, x, row, acts.linearInput, row);
    }
  }

  /** Computes the products of some units. */
  void multiply(int fromUnit, int toUnit, int worker) {
    acts.ternaryMatMul(matrix, products, fromUnit, toUnit, worker);
  }

  private void rescale(int fromRow, int toRow, int worker) {
    int width = matrix.rows();
    int[] products = this.products;
    float[] out = this.out;
    for (int row = fromRow; row < toRow; row++) {
      float s = acts.scales[row];
      int end = (row + 1) * width;
      switch (scaleRule) {
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
