package io.github.bitnet4j.core.compute;

import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Int8Matrix;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryMatrix;
import java.lang.foreign.MemorySegment;

/**
 * The kernels of one thread, with its scratch memory. Arguments and results are those of {@link
 * Kernels}.
 *
 * <p>Ternary matrices are stored as the model's own kernels want them, so only these can multiply
 * them: with vector code, or in plain loops. Everything else may be computed by other kernels,
 * which return the same bits.
 *
 * <p>Immutable; for one thread at a time.
 */
public final class WorkerKernels {
  private final Kernels ternary;
  private final Kernels.Scratch ternaryScratch;
  private final boolean plain;
  private final Kernels dense;
  private final Kernels.Scratch denseScratch;

  private WorkerKernels(
      Kernels ternary,
      Kernels.Scratch ternaryScratch,
      boolean plain,
      Kernels dense,
      Kernels.Scratch denseScratch) {
    this.ternary = ternary;
    this.ternaryScratch = ternaryScratch;
    this.plain = plain;
    this.dense = dense;
    this.denseScratch = denseScratch;
  }

  /** Returns kernels that compute everything themselves. */
  public static WorkerKernels of(Kernels kernels) {
    Kernels.Scratch scratch = kernels.newScratch();
    return new WorkerKernels(kernels, scratch, false, kernels, scratch);
  }

  /**
   * Returns kernels that compute in plain loops, in the place of these.
   *
   * @param plain computes everything but products of ternary matrices
   */
  public WorkerKernels inPlainLoops(Kernels plain) {
    return new WorkerKernels(ternary, ternaryScratch, true, plain, plain.newScratch());
  }

  public float quantize(float[] x, int xOffset, int length, byte[] q, int qOffset) {
    return dense.quantize(x, xOffset, length, q, qOffset);
  }

  public void ternaryMatMul(
      TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit) {
    if (plain) {
      ternary.plainTernaryMatMul(w, x, tokens, out, fromUnit, toUnit, ternaryScratch);
    } else {
      ternary.ternaryMatMul(w, x, tokens, out, fromUnit, toUnit, ternaryScratch);
    }
  }

  public void denseMatMul(
      DenseMatrix w, float[] x, int tokens, float[] out, int fromRow, int toRow) {
    dense.denseMatMul(w, x, tokens, out, fromRow, toRow, denseScratch);
  }

  public void denseRows(
      DenseMatrix w, int[] rows, float[] x, int xOffset, float[] out, int from, int to) {
    dense.denseRows(w, rows, x, xOffset, out, from, to, denseScratch);
  }

  public void int8Products(
      Int8Matrix w, short[] x, int[] lines, int lineCount, int[] out, int fromRow, int toRow) {
    dense.int8Products(w, x, lines, lineCount, out, fromRow, toRow);
  }

  public void int8MatMul(
      Int8Matrix w, float[] x, int xOffset, int tokens, float[] out, int fromRow, int toRow) {
    dense.int8MatMul(w, x, xOffset, tokens, out, fromRow, toRow, denseScratch);
  }

  public void rmsNorm(
      float[] x, int xOffset, float[] weight, float epsilon, float[] out, int outOffset) {
    dense.rmsNorm(x, xOffset, weight, epsilon, out, outOffset, denseScratch);
  }

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
    dense.panelMatMul(
        x, xOffset, xStride, rows, type, data, panelBytes, length, out, outOffset, outStride);
  }

  public void softmax(float[] x, int offset, int length, float scale) {
    dense.softmax(x, offset, length, scale);
  }
}
