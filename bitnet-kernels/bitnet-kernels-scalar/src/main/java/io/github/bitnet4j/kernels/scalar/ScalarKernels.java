package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.FloatMath;
import io.github.bitnet4j.spi.Int8Matrix;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * The kernels as {@link Kernels} describes them, most of them one loop per sentence. Other
 * providers replace the loops that they have faster.
 */
public class ScalarKernels implements Kernels {
  /** Creates the kernels. */
  public ScalarKernels() {}

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The accumulators of a lane sum. */
  private static final int LANES = 16;

  /**
   * Rows of weights that are decoded together: so many that the JVM does not take the methods
   * around the loops for hot, and compile each of them, in a model's first pass.
   */
  private static final int ROWS_AT_ONCE = 32;

  /** A row of weights, and the sums of a row. */
  private static final class Buffers implements Scratch {
    private final float[] laneSums = new float[LANES];
    private final int[] sums = new int[4];
    private float[] weights = {};

    /** Returns room for a row of weights, which may be longer. */
    float[] weights(int columns) {
      if (weights.length < columns) {
        weights = new float[columns];
      }
      return weights;
    }

    static Buffers of(Scratch scratch) {
      if (scratch instanceof Buffers own) {
        return own;
      }
      throw new IllegalArgumentException("not scratch memory of these kernels: " + scratch);
    }
  }

  @Override
  public int vectorBits() {
    return 0;
  }

  @Override
  public Scratch newScratch() {
    return new Buffers();
  }

  @Override
  public float quantize(float[] x, int xOffset, int length, byte[] q, int qOffset) {
    Objects.checkFromIndexSize(xOffset, length, x.length);
    Objects.checkFromIndexSize(qOffset, length, q.length);
    float scale = 127 * (1 / absmax(x, xOffset, length));
    quantize(x, xOffset, length, scale, q, qOffset);
    return scale;
  }

  private static float absmax(float[] x, int xOffset, int length) {
    float max = 1e-5f;
    for (int i = 0; i < length; i++) {
      max = Math.max(max, Math.abs(x[xOffset + i])); // NaN if either is
    }
    return max;
  }

  private static void quantize(
      float[] x, int xOffset, int length, float scale, byte[] q, int qOffset) {
    for (int i = 0; i < length; i++) {
      int rounded = (int) Math.rint(x[xOffset + i] * scale); // NaN becomes 0
      q[qOffset + i] = (byte) Math.clamp(rounded, -128, 127);
    }
  }

  @Override
  public TernaryMatrix prepare(TernaryTensor tensor, SegmentAllocator memory) {
    return ScalarMatrix.of(tensor, memory);
  }

  @Override
  public long copyBytes(TernaryLayout layout, boolean inOrder, int rows, int columns) {
    return layout == TernaryLayout.ROW_QUARTERS && inOrder
        ? 0
        : TernaryLayout.ROW_QUARTERS.byteSize(rows, columns);
  }

  @Override
  public String copyLayout() {
    return "row quarters";
  }

  @Override
  public TernaryMatrix restore(int rows, int columns, MemorySegment copy) {
    return ScalarMatrix.restore(rows, columns, copy);
  }

  @Override
  public void ternaryMatMul(
      TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit, Scratch scratch) {
    if (!(w instanceof ScalarMatrix matrix)) {
      throw new IllegalArgumentException("not prepared by these kernels: " + w);
    }
    int rows = matrix.rows();
    int columns = matrix.columns();
    int quarter = matrix.units();
    Objects.checkFromToIndex(fromUnit, toUnit, quarter);
    Objects.checkFromIndexSize(0, (long) tokens * columns, x.length);
    Objects.checkFromIndexSize(0, (long) tokens * rows, out.length);
    int[] sums = Buffers.of(scratch).sums;
    for (int unit = fromUnit; unit < toUnit; unit++) {
      long start = (long) unit * columns;
      for (int t = 0; t < tokens; t++) {
        Arrays.fill(sums, 0);
        for (int c = 0; c < columns; c++) {
          int codes = matrix.packed().get(ValueLayout.JAVA_BYTE, start + c);
          int xc = x[t * columns + c];
          sums[0] += ((codes & 3) - 1) * xc;
          sums[1] += ((codes >> 2 & 3) - 1) * xc;
          sums[2] += ((codes >> 4 & 3) - 1) * xc;
          sums[3] += ((codes >> 6 & 3) - 1) * xc;
        }
        for (int j = 0, row = unit; j < 4 && row < rows; j++, row += quarter) {
          out[t * rows + row] = sums[j];
        }
      }
    }
  }

  @Override
  public void denseMatMul(
      DenseMatrix w, float[] x, int tokens, float[] out, int fromRow, int toRow, Scratch scratch) {
    int columns = w.columns();
    Objects.checkFromToIndex(fromRow, toRow, w.rows());
    Objects.checkFromIndexSize(0, (long) tokens * columns, x.length);
    Objects.checkFromIndexSize(0, (long) tokens * w.rows(), out.length);
    Buffers own = Buffers.of(scratch);
    float[] weights = own.weights(Math.min(ROWS_AT_ONCE, toRow - fromRow) * columns);
    for (int row = fromRow; row < toRow; row += ROWS_AT_ONCE) {
      int count = Math.min(ROWS_AT_ONCE, toRow - row);
      w.copyRows(row, count, weights, 0);
      for (int t = 0; t < tokens; t++) {
        laneSums(weights, count, x, t * columns, columns, out, t * w.rows() + row, own.laneSums);
      }
    }
  }

  private static void laneSums(
      float[] weights,
      int rows,
      float[] x,
      int xOffset,
      int columns,
      float[] out,
      int outOffset,
      float[] sums) {
    for (int row = 0; row < rows; row++) {
      out[outOffset + row] = laneSum(weights, row * columns, x, xOffset, columns, sums);
    }
  }

  @Override
  public void denseRows(
      DenseMatrix w,
      int[] rows,
      float[] x,
      int xOffset,
      float[] out,
      int from,
      int to,
      Scratch scratch) {
    int columns = w.columns();
    Objects.checkFromToIndex(from, to, Math.min(rows.length, out.length));
    Objects.checkFromIndexSize(xOffset, columns, x.length);
    Buffers own = Buffers.of(scratch);
    float[] weights = own.weights(columns);
    float[] sums = own.laneSums;
    for (int i = from; i < to; i++) {
      w.copyRow(rows[i], weights, 0);
      out[i] = laneSum(weights, 0, x, xOffset, columns, sums);
    }
  }

  @Override
  public void int8Products(
      Int8Matrix w, short[] x, int[] lines, int lineCount, int[] out, int fromRow, int toRow) {
    Objects.checkFromToIndex(fromRow, toRow, w.rows());
    Objects.checkFromIndexSize(0, lineCount, lines.length);
    Objects.checkFromIndexSize(0, toRow - fromRow, out.length);
    Objects.checkFromIndexSize(0, w.lines() * Int8Matrix.LINE, x.length);
    for (int k = 0; k < lineCount; k++) {
      Objects.checkIndex(lines[k], w.lines());
    }
    Int8Products.multiply(w, x, lines, lineCount, out, fromRow, toRow);
  }

  @Override
  public void int8MatMul(
      Int8Matrix w,
      float[] x,
      int xOffset,
      int tokens,
      float[] out,
      int fromRow,
      int toRow,
      Scratch scratch) {
    int columns = w.columns();
    int rows = toRow - fromRow;
    Objects.checkFromToIndex(fromRow, toRow, w.rows());
    Objects.checkFromIndexSize(xOffset, (long) tokens * columns, x.length);
    Objects.checkFromIndexSize(0, (long) tokens * rows, out.length);
    Buffers own = Buffers.of(scratch);
    float[] weights = own.weights(columns);
    for (int row = fromRow; row < toRow; row++) {
      for (int c = 0; c < columns; c++) {
        long line = w.lineOffset(row, c / Int8Matrix.LINE);
        weights[c] = w.data().get(ValueLayout.JAVA_BYTE, line + c % Int8Matrix.LINE);
      }
      for (int t = 0; t < tokens; t++) {
        out[t * rows + row - fromRow] =
            laneSum(weights, 0, x, xOffset + t * columns, columns, own.laneSums);
      }
    }
  }

  @Override
  public void rmsNorm(
      float[] x,
      int xOffset,
      float[] weight,
      float epsilon,
      float[] out,
      int outOffset,
      Scratch scratch) {
    int n = weight.length;
    Objects.checkFromIndexSize(xOffset, n, x.length);
    Objects.checkFromIndexSize(outOffset, n, out.length);
    float[] sums = Buffers.of(scratch).laneSums;
    Arrays.fill(sums, 0);
    for (int i = 0; i < n; i++) {
      float xi = x[xOffset + i];
      sums[i % LANES] = Math.fma(xi, xi, sums[i % LANES]);
    }
    float r = 1 / (float) Math.sqrt(total(sums) / n + epsilon);
    for (int i = 0; i < n; i++) {
      out[outOffset + i] = weight[i] * (x[xOffset + i] * r);
    }
  }

  @Override
  public void panelMatMul(
      float[] x,
      int xOffset,
      int xStride,
      int rows,
      DenseType type,
      MemorySegment data,
      long panelBytes,
      int length,
      float[] out,
      int outOffset,
      int outStride) {
    if (type != DenseType.F32 && type != DenseType.F16) {
      throw new IllegalArgumentException("type: expected F32 or F16, found " + type);
    }
    Objects.checkFromIndexSize(xOffset, (rows - 1L) * xStride + length, x.length);
    Objects.checkFromIndexSize(panelBytes, length * type.rowBytes(PANEL), data.byteSize());
    Objects.checkFromIndexSize(outOffset, (rows - 1L) * outStride + PANEL, out.length);
    float[] panelRow = new float[PANEL];
    for (int i = 0; i < length; i++) {
      long at = panelBytes + i * type.rowBytes(PANEL);
      for (int j = 0; j < PANEL; j++) {
        panelRow[j] =
            type == DenseType.F32
                ? data.get(FLOAT, at + 4L * j)
                : Float.float16ToFloat(data.get(SHORT, at + 2L * halfIndex(j)));
      }
      for (int row = 0; row < rows; row++) {
        float xi = x[xOffset + row * xStride + i];
        int o = outOffset + row * outStride;
        for (int j = 0; j < PANEL; j++) {
          out[o + j] = Math.fma(xi, panelRow[j], out[o + j]);
        }
      }
    }
  }

  /** Returns where a half float of a panel's row lies: 0, 16, 1, 17 and so on. */
  private static int halfIndex(int column) {
    return column < PANEL / 2 ? 2 * column : 2 * column - PANEL + 1;
  }

  @Override
  public void softmax(float[] x, int offset, int length, float scale) {
    int padded = Math.ceilDiv(length, PANEL) * PANEL;
    Objects.checkFromIndexSize(offset, padded, x.length);
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < length; i++) {
      x[offset + i] *= scale;
      max = Math.max(max, x[offset + i]);
    }
    float[] sums = new float[LANES];
    for (int i = 0; i < length; i++) {
      x[offset + i] = FloatMath.exp(x[offset + i] - max);
      sums[i % LANES] += x[offset + i];
    }
    float sum = total(sums);
    for (int i = 0; i < length; i++) {
      x[offset + i] /= sum;
    }
    Arrays.fill(x, offset + length, offset + padded, 0);
  }

  /** Returns the lane sum of products. Accumulators in registers are twice as fast. */
  private static float laneSum(
      float[] weights, int offset, float[] x, int xOffset, int length, float[] sums) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    float s8 = 0;
    float s9 = 0;
    float s10 = 0;
    float s11 = 0;
    float s12 = 0;
    float s13 = 0;
    float s14 = 0;
    float s15 = 0;
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      int j = offset + i;
      int k = xOffset + i;
      s0 = Math.fma(weights[j], x[k], s0);
      s1 = Math.fma(weights[j + 1], x[k + 1], s1);
      s2 = Math.fma(weights[j + 2], x[k + 2], s2);
      s3 = Math.fma(weights[j + 3], x[k + 3], s3);
      s4 = Math.fma(weights[j + 4], x[k + 4], s4);
      s5 = Math.fma(weights[j + 5], x[k + 5], s5);
      s6 = Math.fma(weights[j + 6], x[k + 6], s6);
      s7 = Math.fma(weights[j + 7], x[k + 7], s7);
      s8 = Math.fma(weights[j + 8], x[k + 8], s8);
      s9 = Math.fma(weights[j + 9], x[k + 9], s9);
      s10 = Math.fma(weights[j + 10], x[k + 10], s10);
      s11 = Math.fma(weights[j + 11], x[k + 11], s11);
      s12 = Math.fma(weights[j + 12], x[k + 12], s12);
      s13 = Math.fma(weights[j + 13], x[k + 13], s13);
      s14 = Math.fma(weights[j + 14], x[k + 14], s14);
      s15 = Math.fma(weights[j + 15], x[k + 15], s15);
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
    sums[4] = s4;
    sums[5] = s5;
    sums[6] = s6;
    sums[7] = s7;
    sums[8] = s8;
    sums[9] = s9;
    sums[10] = s10;
    sums[11] = s11;
    sums[12] = s12;
    sums[13] = s13;
    sums[14] = s14;
    sums[15] = s15;
    for (; i < length; i++) {
      sums[i % LANES] = Math.fma(weights[offset + i], x[xOffset + i], sums[i % LANES]);
    }
    return total(sums);
  }

  /** Adds the accumulators of a lane sum in the order of the contract; overwrites them. */
  private static float total(float[] sums) {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int j = 0; j < half; j++) {
        sums[j] += sums[j + half];
      }
    }
    return sums[0];
  }
}
