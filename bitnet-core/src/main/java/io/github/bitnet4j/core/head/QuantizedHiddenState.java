package io.github.bitnet4j.core.head;

import io.github.bitnet4j.spi.Int8Matrix;
import java.util.Arrays;

/**
 * A hidden state in the form that meets an {@link ScreeningHead}, and what bounds the error of its
 * approximate logits. It is either quantized, for a fast product with one row, or taken as it is,
 * for a product with several.
 *
 * <p>Quantized it is {@code x = coarseScale * coarse + fineScale * fine + e}, where {@code fine} is
 * needed in few lines only. A few elements of a hidden state are often many times larger than all
 * others. If they set the scale, the others would be rounded coarsely; so the scale is that of the
 * seven eighths of the lines with the smallest elements, and what the others exceed it by goes into
 * {@code fine}.
 *
 * <h2>The bound</h2>
 *
 * <p>Let a row of the head be {@code w = s q + e_w}, and {@code y} the part of x that is not e: all
 * of it if x is not quantized. The real product differs from the approximate one, {@code s q y}, by
 * {@code e_w y + w e}, which is at most {@code |e_w| (|x| + |e|) + |w| |e|}. The canonical float
 * sum differs from the real one by the relative error of {@code m} roundings, where m = columns /
 * 16 terms of an accumulator and 4 additions of accumulators, of the sum of {@code |w_i x_i|},
 * which is at most {@code |w| |x|}; and by the smallest subnormal for each term that vanishes. If x
 * is not quantized, the approximate product is a float sum of the same kind, of {@code |s q| <= |w|
 * + |e_w|}, and so is its error; no term vanishes, as a product with an integer is exact there.
 * That no sum overflows is checked first. Everything that is computed here in double is covered by
 * a few roundings more.
 */
final class QuantizedHiddenState {
  /** Half a unit in the last place of 1: the relative error of one rounding. */
  private static final double ROUNDING = 0x1p-24;

  /** Sums are far below the largest float. */
  private static final double MAX_SUM = 0x1p126;

  /** The largest magnitude of a quantized element. */
  private static final int MAX = 127;

  /** In the order of {@link Int8Matrix#position}, as {@code fine}. */
  final short[] coarse;

  final short[] fine;

  /** All lines. */
  final int[] lines;

  /** The lines where {@code fine} is not 0: the first ones. */
  final int[] fineLines;

  int fineLineCount;
  double coarseScale;
  double fineScale;

  /** Multiplies the norm of a row's own error. */
  double errorFactor;

  /** Multiplies the norm of a row. */
  double normFactor;

  /** Is added. */
  double floor;

  private final float[] lineMax;
  private final float[] sortedMax;

  QuantizedHiddenState(int lineCount) {
    coarse = new short[lineCount * Int8Matrix.LINE];
    fine = new short[lineCount * Int8Matrix.LINE];
    lines = new int[lineCount];
    Arrays.setAll(lines, line -> line);
    fineLines = new int[lineCount];
    lineMax = new float[lineCount];
    sortedMax = new float[lineCount];
  }

  /**
   * Quantizes a hidden state, and computes the factors of its error bounds.
   *
   * @param x {@code [columns]} at {@code offset}
   * @param maxNorm of the rows of the head
   * @return false if there are no bounds for it: it is zero or not finite, or logits may overflow
   */
  boolean quantize(float[] x, int offset, int columns, float maxNorm) {
    double norm = norm(x, offset, columns);
    if (!(norm > 0 && norm * maxNorm < MAX_SUM)) {
      return false;
    }
    double error = Math.sqrt(split(x, offset, columns, threshold()));
    setFactors(norm + error, error, roundings(columns), columns);
    return true;
  }

  /**
   * Computes the factors of the error bounds of a hidden state that is not quantized.
   *
   * @param x {@code [columns]} at {@code offset}
   * @param maxNorm of the rows of the head
   * @return false if there are no bounds for it: it is zero or not finite, or sums may overflow
   */
  boolean take(float[] x, int offset, int columns, float maxNorm) {
    double norm = norm(x, offset, columns);
    double maxInt8Norm = 128 * Math.sqrt(columns);
    if (!(norm > 0 && norm * Math.max(maxNorm, maxInt8Norm) < MAX_SUM)) {
      return false;
    }
    setFactors(norm, 0, 2 * roundings(columns), columns);
    return true;
  }

  /** Returns the norm of a hidden state; measures its lines. */
  private double norm(float[] x, int offset, int columns) {
    double squares = 0;
    Arrays.fill(lineMax, 0);
    for (int i = 0; i < columns; i++) {
      float xi = x[offset + i];
      squares += (double) xi * xi;
      lineMax[i / Int8Matrix.LINE] = Math.max(lineMax[i / Int8Matrix.LINE], Math.abs(xi));
    }
    return Math.sqrt(squares);
  }

  /** Returns the number of roundings of a lane sum, and some more for what is computed here. */
  private static int roundings(int columns) {
    return Math.ceilDiv(columns, 16) + 4 + 8;
  }

  /**
   * Sets what bounds the error.
   *
   * @param y bounds the norm of what is multiplied
   * @param error bounds the norm of what it lacks
   */
  private void setFactors(double y, double error, int roundings, int columns) {
    errorFactor = y * (1 + 8 * ROUNDING);
    normFactor = error * (1 + 8 * ROUNDING) + y * roundings * ROUNDING * (1 + 0x1p-10);
    floor = (columns + 4.0) * Float.MIN_VALUE;
  }

  /** Returns the magnitude up to which the coarse part reaches. */
  private float threshold() {
    System.arraycopy(lineMax, 0, sortedMax, 0, lineMax.length);
    Arrays.sort(sortedMax);
    int last = lineMax.length - 1;
    float most = sortedMax[last - lineMax.length / 8];
    return most > 0 ? most : sortedMax[last];
  }

  /** Sets both parts; returns the square of the norm of what they leave. */
  private double split(float[] x, int offset, int columns, float threshold) {
    coarseScale = (double) threshold / MAX;
    double largestRest = 0;
    for (int i = 0; i < columns; i++) {
      int at = Int8Matrix.position(i);
      coarse[at] = round(x[offset + i] / coarseScale);
      if (lineMax[i / Int8Matrix.LINE] > threshold) {
        largestRest = Math.max(largestRest, Math.abs(x[offset + i] - coarseScale * coarse[at]));
      }
    }
    fineScale = largestRest / MAX;
    fineLineCount = 0;
    double squares = 0;
    for (int line = 0; line < lines.length; line++) {
      boolean isFine = lineMax[line] > threshold;
      if (isFine) {
        fineLines[fineLineCount++] = line;
      }
      int end = Math.min(columns, (line + 1) * Int8Matrix.LINE);
      for (int i = line * Int8Matrix.LINE; i < end; i++) {
        int at = Int8Matrix.position(i);
        double rest = x[offset + i] - coarseScale * coarse[at];
        if (isFine) {
          fine[at] = round(rest / fineScale);
          rest -= fineScale * fine[at];
        }
        squares += rest * rest;
      }
    }
    return squares;
  }

  /** Returns the nearest number from -127 to 127; 0 for NaN. */
  private static short round(double value) {
    return (short) Math.clamp(Math.round(value), -MAX, MAX);
  }
}
