package io.github.bitnet4j.core.model;

import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.core.threads.RangeTask;

/** Quantizes the input of linear layers: each row to int8 with its own absmax scale. */
final class Quantizer {
  private final String where;
  private final int width;
  private final Activations acts;
  private final RangeTask quantize = this::quantize;
  private float[] x = {};

  /**
   * Creates a quantizer.
   *
   * @param where the layer whose input it quantizes, for messages
   * @param width features of a row
   */
  Quantizer(String where, int width, Activations acts) {
    this.where = where;
    this.width = width;
    this.acts = acts;
  }

  /**
   * Quantizes all rows of x.
   *
   * @throws NonFiniteValueException if one has a NaN or an infinity
   */
  void forward(float[] x) {
    this.x = x;
    acts.team.run(acts.rows(), 1, quantize);
  }

  private void quantize(int fromRow, int toRow, int worker) {
    for (int row = fromRow; row < toRow; row++) {
      float scale = acts.kernels.quantize(x, row * width, width, acts.int8, row * width);
      if (!(scale > 0)) { // 0 after an infinity, NaN after a NaN
        throw new NonFiniteValueException(
            "%s: expected finite inputs, found %s at position %d; the weights are damaged"
                .formatted(where, scale == 0 ? "an infinity" : "NaN", acts.batch.position(row)));
      }
      acts.scales[row] = scale;
    }
  }
}
