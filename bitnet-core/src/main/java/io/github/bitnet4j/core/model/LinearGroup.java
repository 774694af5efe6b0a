package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.threads.RangeTask;

/**
 * Linear layers with the same input, such as q, k and v: their units of work are shared out among
 * the threads as one, so that small layers keep all of them busy too.
 */
final class LinearGroup {
  private final BitLinear[] layers;
  private final Activations acts;
  private final RangeTask multiply = this::multiply;

  LinearGroup(Activations acts, BitLinear... layers) {
    this.acts = acts;
    this.layers = layers;
  }

  /**
   * Computes all layers for all rows of the batch, as {@link BitLinear#forward}.
   *
   * @param outs one for each layer
   */
  void forward(float[] x, float[][] outs) {
    if (layers[0].hasInputNorm()) { // then each layer has an input of its own
      for (int i = 0; i < layers.length; i++) {
        layers[i].forward(x, outs[i]);
      }
      return;
    }
    int units = 0;
    long unitWeights = 0;
    for (int i = 0; i < layers.length; i++) {
      layers[i].begin(outs[i], acts.groupProducts[i]);
      units += layers[i].units();
      unitWeights = Math.max(unitWeights, layers[i].unitWeights());
    }
    acts.team.run(units, BitLinear.grain(units, unitWeights, acts), multiply);
    for (BitLinear layer : layers) {
      layer.end();
    }
  }

  /** Counts the units of all layers, one layer after the other. */
  private void multiply(int from, int to, int worker) {
    int first = 0;
    for (BitLinear layer : layers) {
      int begin = Math.max(from - first, 0);
      int end = Math.min(to - first, layer.units());
      if (begin < end) {
        layer.multiply(begin, end, worker);
      }
      first += layer.units();
    }
  }
}
