package io.github.bitnet4j.core.format;

import io.github.bitnet4j.spi.DenseMatrix;
import java.util.Locale;

/**
 * How far the dense weights of a linear layer lie from trits times a scale. All weights are finite.
 *
 * <p>The scale is the one that fits best: the mean magnitude of the weights that the absolute mean
 * rounds to -1 or 1. A weight is far if it differs from -scale, 0 and scale by more than a tenth of
 * the scale.
 *
 * @param scale the scale that fits best; 0 if all weights are 0
 * @param farShare share of the weights that are far, 0 to 1
 * @param farthest the weight that is farthest from its trit
 * @param row its row
 * @param column its column
 * @param largest its distance, as a share of the scale; 0 if all weights are trits times one scale
 * @param weightsPerScale neighbouring weights of a row that share a scale, if each such group is
 *     trits times a scale of its own; 0 if not
 */
public record TritDistance(
    float scale,
    double farShare,
    float farthest,
    int row,
    int column,
    double largest,
    int weightsPerScale) {
  private static final double FAR = 0.1;

  /** Group sizes of published formats, besides whole rows. */
  private static final int[] GROUPS = {256, 128, 64, 32};

  /** Measures a matrix. */
  public static TritDistance of(DenseMatrix weights) {
    float[] row = new float[weights.columns()];
    float scale = scale(weights, row);
    long far = 0;
    double largest = 0;
    float farthest = 0;
    int farthestRow = 0;
    int farthestColumn = 0;
    for (int r = 0; r < weights.rows() && scale > 0; r++) {
      weights.copyRow(r, row, 0);
      for (int c = 0; c < row.length; c++) {
        double magnitude = Math.abs(row[c]);
        double distance = Math.min(magnitude, Math.abs(magnitude - scale)) / scale;
        far += distance > FAR ? 1 : 0;
        if (distance > largest) {
          largest = distance;
          farthest = row[c];
          farthestRow = r;
          farthestColumn = c;
        }
      }
    }
    double share = (double) far / ((double) weights.rows() * weights.columns());
    return new TritDistance(
        scale,
        share,
        farthest,
        farthestRow,
        farthestColumn,
        largest,
        largest == 0 ? 0 : weightsPerScale(weights));
  }

  private static float scale(DenseMatrix weights, float[] row) {
    double sum = 0;
    for (int r = 0; r < weights.rows(); r++) {
      weights.copyRow(r, row, 0);
      for (float w : row) {
        sum += Math.abs(w);
      }
    }
    double half = sum / ((double) weights.rows() * weights.columns()) / 2;
    double large = 0;
    long count = 0;
    for (int r = 0; r < weights.rows(); r++) {
      weights.copyRow(r, row, 0);
      for (float w : row) {
        if (w != 0 && Math.abs(w) >= half) {
          large += Math.abs(w);
          count++;
        }
      }
    }
    return count == 0 ? 0 : (float) (large / count);
  }

  /**
   * Returns the largest group of neighbours, a whole row first, in which all weights have one
   * magnitude or are 0; 0 if there is none.
   */
  static int weightsPerScale(DenseMatrix weights) {
    float[] row = new float[weights.columns()];
    if (haveOneMagnitude(weights, row, row.length)) {
      return row.length;
    }
    for (int group : GROUPS) {
      if (group < row.length && haveOneMagnitude(weights, row, group)) {
        return group;
      }
    }
    return 0;
  }

  private static boolean haveOneMagnitude(DenseMatrix weights, float[] row, int group) {
    for (int r = 0; r < weights.rows(); r++) {
      weights.copyRow(r, row, 0);
      float magnitude = 0;
      for (int c = 0; c < row.length; c++) {
        magnitude = c % group == 0 ? 0 : magnitude;
        float next = Math.abs(row[c]);
        if (next != 0 && magnitude != 0 && next != magnitude) {
          return false;
        }
        magnitude = next != 0 ? next : magnitude;
      }
    }
    return true;
  }

  /** Returns whether all weights are trits times one scale. */
  public boolean isExact() {
    return largest == 0;
  }

  /** Returns a description for messages. */
  public String description() {
    if (isExact()) {
      return "trits times the scale " + scale;
    }
    if (weightsPerScale > 0) {
      return "a scale for every %d weights; only one scale for the whole tensor is supported"
          .formatted(weightsPerScale);
    }
    return String.format(
        Locale.ROOT,
        "weights that are not ternary: %.1f %% of them differ by more than a tenth of the scale %s"
            + " from -1, 0 and 1 times the scale, the farthest is %s at row %d, column %d",
        100 * farShare,
        scale,
        farthest,
        row,
        column);
  }
}
