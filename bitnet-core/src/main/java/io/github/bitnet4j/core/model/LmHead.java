package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.spi.DenseMatrix;

/** The final norm and the projection to the vocabulary. */
final class LmHead {
  private static final int GRAIN = 64;

  private final RmsNorm finalNorm;
  private final DenseMatrix head;
  private final Activations acts;
  private final RangeTask multiply = this::multiply;
  private int tokens;
  private float[] logits = {};

  LmHead(RmsNorm finalNorm, DenseMatrix head, Activations acts) {
    this.finalNorm = finalNorm;
    this.head = head;
    this.acts = acts;
  }

  /**
   * Computes the logits of the batch's rows from {@code fromRow} to the last.
   *
   * @param logits receives {@code [rows - fromRow x vocabSize]}
   */
  void forward(int fromRow, float[] logits) {
    tokens = acts.rows() - fromRow;
    this.logits = logits;
    for (int row = fromRow; row < acts.rows(); row++) {
      finalNorm.apply(acts.kernels, acts.x, row, acts.normed, row - fromRow);
    }
    acts.team.run(head.rows(), GRAIN, multiply);
    if (fromRow == 0) {
      acts.trace("", "final_norm", acts.config.hiddenSize(), acts.normed);
      acts.trace("", "logits", head.rows(), logits);
    }
  }

  private void multiply(int fromRow, int toRow, int worker) {
    acts.kernels.denseMatMul(head, acts.normed, tokens, logits, fromRow, toRow);
  }
}
