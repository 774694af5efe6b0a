package io.github.bitnet4j.core.model;

import io.github.bitnet4j.spi.DenseMatrix;

/** Turns token ids into rows of the residual stream. */
final class Embedding {
  private final DenseMatrix weights;
  private final Activations acts;

  /**
   * Creates it.
   *
   * @param weights {@code [vocabSize x hidden]}
   */
  Embedding(DenseMatrix weights, Activations acts) {
    this.weights = weights;
    this.acts = acts;
  }

  /**
   * Copies the row of each token of the batch.
   *
   * @param out receives {@code [rows x hidden]}
   */
  void forward(float[] out) {
    for (int row = 0; row < acts.rows(); row++) {
      weights.copyRow(acts.batch.tokenId(row), out, row * weights.columns());
    }
    acts.tracer.trace("", "embed", weights.columns(), out);
  }
}
