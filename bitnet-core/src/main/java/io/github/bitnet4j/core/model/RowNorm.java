package io.github.bitnet4j.core.model;

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
    return norm == null ? IDENTITY : new RmsRowNorm(norm, name, acts);
  }
}
