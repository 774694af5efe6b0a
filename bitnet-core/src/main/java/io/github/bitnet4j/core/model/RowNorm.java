package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.core.weights.RmsNorm;
import org.jspecify.annotations.Nullable;

/** The norm of each row of a batch: RMSNorm, or the identity where a family has none. */
interface RowNorm {
  /** The norm of families that have none at a place. */
  RowNorm IDENTITY = (x, out) -> x;

  /**
   * Normalizes all rows of the batch.
   *
   * @param x {@code [rows x features]}
   * @param out receives the same; may be {@code x}
   * @return the array with the result: {@code out}, or {@code x} if there is nothing to do
   */
  float[] forward(float[] x, float[] out);

  /**
   * Creates the norm of a place in the model.
   *
   * @param norm null for the identity
   * @param name of its output in traces
   */
  static RowNorm of(@Nullable RmsNorm norm, String name, Activations acts) {
    return norm == null ? IDENTITY : new Rms(norm, name, acts);
  }

  /** RMSNorm of each row: {@code y = w * x / sqrt(mean(x^2) + eps)}. */
  final class Rms implements RowNorm {
    private final RmsNorm norm;
    private final String name;
    private final Activations acts;
    private final RangeTask normalize = this::normalize;
    private float[] x = {};
    private float[] out = {};

    private Rms(RmsNorm norm, String name, Activations acts) {
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
        kernels.dense().rmsNorm(x, at, weight, norm.epsilon(), out, at, kernels.scratch());
      }
    }
  }
}
