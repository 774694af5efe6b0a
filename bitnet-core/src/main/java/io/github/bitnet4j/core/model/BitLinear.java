package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.model.ModelConfig.ScaleRule;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.spi.TernaryMatrix;

/**
 * A linear layer of BitNet b1.58: int8 activations times ternary weights, an exact integer product,
 * then one rescaling to float. The rows it multiplies are those that {@link Quantizer} left in the
 * activations, so layers with the same input share them.
 */
final class BitLinear {
  private final String name;
  private final TernaryMatrix matrix;
  private final float weightScale;
  private final ScaleRule scaleRule;
  private final Activations acts;
  private final int grain;
  private final RangeTask multiply = this::multiply;
  private final RangeTask rescale = this::rescale;
  private float[] out = {};

  BitLinear(String name, TernaryWeight weight, ScaleRule scaleRule, Activations acts) {
    this.name = name;
    this.matrix = weight.matrix();
    this.weightScale = weight.scale();
    this.scaleRule = scaleRule;
    this.acts = acts;
    // Below about 32 K weights a hand-over to another thread costs more than it saves.
    int weightsPerUnit = Math.max(1, matrix.rows() / matrix.units()) * matrix.columns();
    this.grain = Math.max(1, 32_768 / weightsPerUnit);
  }

  /** Computes {@code out = W x}, {@code [rows x matrix.rows()]}, for all rows of the batch. */
  void forward(float[] out) {
    this.out = out;
    acts.trace(name + ".act_int8", matrix.columns(), acts.int8);
    acts.trace(name + ".act_scale", 1, acts.scales);
    acts.team.run(matrix.units(), grain, multiply);
    acts.team.run(acts.rows(), 1, rescale);
    acts.trace(name, matrix.rows(), out);
  }

  private void multiply(int fromUnit, int toUnit, int worker) {
    acts.kernels.ternaryMatMul(matrix, acts.int8, acts.rows(), acts.products, fromUnit, toUnit);
  }

  private void rescale(int fromRow, int toRow, int worker) {
    int width = matrix.rows();
    for (int row = fromRow; row < toRow; row++) {
      float s = acts.scales[row];
      int end = (row + 1) * width;
      switch (scaleRule) {
        case MULTIPLY -> {
          for (int i = row * width; i < end; i++) {
            out[i] = acts.products[i] / s * weightScale;
          }
        }
        case DIVIDE -> {
          float divisor = weightScale * s;
          for (int i = row * width; i < end; i++) {
            out[i] = acts.products[i] / divisor;
          }
        }
      }
    }
  }
}
