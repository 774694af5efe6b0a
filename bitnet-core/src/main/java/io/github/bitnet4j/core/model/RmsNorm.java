package io.github.bitnet4j.core.model;

/** RMSNorm with its weight: {@code y = w * x / sqrt(mean(x^2) + eps)}. Immutable. */
public final class RmsNorm {
  private final float[] weight;
  private final float epsilon;

  /**
   * Creates a norm.
   *
   * @param weight one finite value for each feature; not copied
   */
  public RmsNorm(float[] weight, float epsilon) {
    this.weight = weight;
    this.epsilon = epsilon;
  }

  /** Returns the weight: not a copy. */
  float[] weight() {
    return weight;
  }

  /**
   * Normalizes row {@code row} of x into row {@code outRow} of out; they may be the same place.
   *
   * @param worker number of the thread
   */
  void apply(Activations acts, int worker, float[] x, int row, float[] out, int outRow) {
    int from = row * weight.length;
    int to = outRow * weight.length;
    acts.kernels.rmsNorm(x, from, weight, epsilon, out, to, acts.scratch[worker]);
  }
}
