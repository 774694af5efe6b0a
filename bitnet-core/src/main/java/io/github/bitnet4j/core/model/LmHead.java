package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.sampling.LogitNeed;
import io.github.bitnet4j.core.sampling.LogitNeed.All;
import io.github.bitnet4j.core.sampling.LogitNeed.Among;
import io.github.bitnet4j.core.sampling.Logits;
import io.github.bitnet4j.core.sampling.TokenMask;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.spi.DenseMatrix;
import org.jspecify.annotations.Nullable;

/** The final norm and the projection to the vocabulary. */
final class LmHead {
  private static final int GRAIN = 64;

  /** Single rows worth handing to another thread. */
  private static final int ROW_GRAIN = 16;

  private final RmsNorm finalNorm;
  private final DenseMatrix head;
  private final Activations acts;
  private final @Nullable HeadScreening screening;
  private final RangeTask multiply = this::multiply;
  private final RangeTask multiplySingleRows = this::multiplySingleRows;

  /** Rows that need the full product, and their results where there are several. */
  private int[] fullRows = new int[1];

  private int fullCount;
  private float[] fullLogits = {};

  // The product that is being computed.
  private int tokens;
  private float[] x = {};
  private float[] logits = {};

  // The product of single rows that is being computed.
  private Logits singleRows = new Logits(0);
  private int xOffset;

  /**
   * Creates a head.
   *
   * @param int8Head a copy of the head for screening, if it has one
   */
  LmHead(RmsNorm finalNorm, DenseMatrix head, @Nullable Int8Head int8Head, Activations acts) {
    this.finalNorm = finalNorm;
    this.head = head;
    this.acts = acts;
    screening = int8Head == null ? null : new HeadScreening(head, int8Head, acts);
  }

  /**
   * Computes the logits of all rows of the batch, and traces them.
   *
   * @param logits receives {@code [rows x vocabSize]}
   */
  void forwardAll(float[] logits) {
    normalize(0);
    multiply(acts.normed, acts.rows(), logits);
    acts.trace("", "final_norm", acts.config.hiddenSize(), acts.normed);
    acts.trace("", "logits", head.rows(), logits);
  }

  /**
   * Computes what is needed of the logits of the batch's last rows.
   *
   * @param out receives the logits of one row each, in its first {@code count} elements
   * @param count number of rows, from the last one back
   */
  void forward(LogitNeed need, Logits[] out, int count) {
    normalize(acts.rows() - count);
    if (need instanceof Among among && TokenMask.count(among.allowed()) <= mostSingleRows()) {
      multiplyAllowedRows(among.allowed(), out, count);
      return;
    }
    HeadScreening used =
        count <= HeadScreening.MAX_TOKENS && !(need instanceof All) ? screening : null;
    if (used != null) {
      used.bound(count);
    }
    if (fullRows.length < count) {
      fullRows = new int[count];
    }
    fullCount = 0;
    for (int row = 0; row < count; row++) {
      if (used == null || !used.findCandidates(row, need, out[row])) {
        fullRows[fullCount++] = row;
      }
    }
    multiplyFullRows(out);
  }

  /** Beyond this it is faster to compute all logits. */
  private int mostSingleRows() {
    return head.rows() / 4;
  }

  /** Computes the logits of a few tokens. */
  private void multiplyAllowedRows(long[] allowed, Logits[] out, int count) {
    for (int row = 0; row < count; row++) {
      singleRows = out[row];
      singleRows.clear();
      for (int word = 0; word < allowed.length; word++) {
        for (long bits = allowed[word]; bits != 0; bits &= bits - 1) {
          singleRows.add(64 * word + Long.numberOfTrailingZeros(bits));
        }
      }
      singleRows.setAllThatMayBeChosen();
      xOffset = row * head.columns();
      acts.team.run(singleRows.count(), ROW_GRAIN, multiplySingleRows);
    }
  }

  private void multiplySingleRows(int from, int to, int worker) {
    acts.kernels.denseRows(
        head, singleRows.ids(), acts.normed, xOffset, singleRows.values(), from, to);
  }

  /** Normalizes the rows from {@code fromRow} on into the first rows of {@code acts.normed}. */
  private void normalize(int fromRow) {
    for (int row = fromRow; row < acts.rows(); row++) {
      finalNorm.apply(acts.kernels, acts.x, row, acts.normed, row - fromRow);
    }
  }

  /** Computes all logits of the rows in {@link #fullRows} together; moves them to the front. */
  private void multiplyFullRows(Logits[] out) {
    int columns = head.columns();
    for (int i = 0; i < fullCount; i++) {
      System.arraycopy(acts.normed, fullRows[i] * columns, acts.normed, i * columns, columns);
    }
    if (fullCount == 1) {
      multiply(acts.normed, 1, out[fullRows[0]].fillAll());
    } else if (fullCount > 1) {
      int length = Math.multiplyExact(fullCount, head.rows());
      if (fullLogits.length < length) {
        fullLogits = new float[length];
      }
      multiply(acts.normed, fullCount, fullLogits);
      for (int i = 0; i < fullCount; i++) {
        float[] values = out[fullRows[i]].fillAll();
        System.arraycopy(fullLogits, i * head.rows(), values, 0, head.rows());
      }
    }
  }

  private void multiply(float[] x, int tokens, float[] logits) {
    this.x = x;
    this.tokens = tokens;
    this.logits = logits;
    acts.team.run(head.rows(), GRAIN, multiply);
  }

  private void multiply(int fromRow, int toRow, int worker) {
    acts.kernels.denseMatMul(head, x, tokens, logits, fromRow, toRow);
  }
}
