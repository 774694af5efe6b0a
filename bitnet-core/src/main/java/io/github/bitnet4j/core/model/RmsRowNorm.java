package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.threads.RangeTask;

/** RMSNorm of each row of a batch: {@code y = w * x / sqrt(mean(x^2) + eps)}. */
final class RmsRowNorm implements RowNorm {
  private final RmsNorm norm;
  private final String name;
  private final Activations acts;
  private final RangeTask normalize = this::normalize;
  private float[] x = {};
  private float[] out = {};

  RmsRowNorm(RmsNorm norm, String name, Activations acts) {
    this.norm = norm;
    this.name = name;
    this.acts = acts;
  }

  @Override
  public float[] forward(float[] x, float[] out) {
    this.x = x;
    this.out = out;
    acts.workers.run(acts.rows(), 1, normalize);
    acts.tracer.trace(name, "", norm.weight().length, out);
    return out;
  }

  private void normalize(int fromRow, int toRow, int worker) {
    WorkerKernels kernels = acts.workers.kernels(worker);
    float[] weight = norm.weight();
    for (int row = fromRow; row < toRow; row++) {
      int at = row * weight.length;
      kernels.rmsNorm(x, at, weight, norm.epsilon(), out, at);
    }
  }
}
