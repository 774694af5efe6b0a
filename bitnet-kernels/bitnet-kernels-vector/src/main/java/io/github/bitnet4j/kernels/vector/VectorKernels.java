package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Int8Matrix;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;
import java.util.Objects;

/** Checks arguments and hands over to the class of each operation. */
final class VectorKernels implements Kernels {
  @Override
  public int vectorBits() {
    return Lanes.BITS;
  }

  @Override
  public Scratch newScratch() {
    return new VectorScratch();
  }

  @Override
  public float quantize(float[] x, int xOffset, int length, byte[] q, int qOffset) {
    Objects.checkFromIndexSize(xOffset, length, x.length);
    Objects.checkFromIndexSize(qOffset, length, q.length);
    return Quantization.quantize(x, xOffset, length, q, qOffset);
  }

  @Override
  public TernaryMatrix prepare(TernaryTensor tensor, SegmentAllocator memory) {
    return LookupMatrix.of(tensor, memory);
  }

  @Override
  public long copyBytes(TernaryLayout layout, boolean inOrder, int rows, int columns) {
    return LookupMatrix.bytes(rows, columns);
  }

  @Override
  public String copyLayout() {
    return LookupMatrix.LAYOUT;
  }

  @Override
  public TernaryMatrix restore(int rows, int columns, MemorySegment copy) {
    return LookupMatrix.restore(rows, columns, copy);
  }

  @Override
  public void ternaryMatMul(
      TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit, Scratch scratch) {
    LookupMatrix matrix = checked(w, x, tokens, out, fromUnit, toUnit);
    VectorScratch own = VectorScratch.of(scratch);
    LookupProducts.multiply(matrix, x, tokens, out, fromUnit, toUnit, own);
  }

  @Override
  public void plainTernaryMatMul(
      TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit, Scratch scratch) {
    LookupMatrix matrix = checked(w, x, tokens, out, fromUnit, toUnit);
    VectorScratch own = VectorScratch.of(scratch);
    own.plainProducts().multiply(matrix, x, tokens, out, fromUnit, toUnit);
  }

  private static LookupMatrix checked(
      TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit) {
    Objects.checkFromToIndex(fromUnit, toUnit, w.units());
    Objects.checkFromIndexSize(0, (long) tokens * w.columns(), x.length);
    Objects.checkFromIndexSize(0, (long) tokens * w.rows(), out.length);
    if (w instanceof LookupMatrix matrix) {
      return matrix;
    }
    throw new IllegalArgumentException("not prepared by these kernels: " + w);
  }

  @Override
  public void denseMatMul(
      DenseMatrix w, float[] x, int tokens, float[] out, int fromRow, int toRow, Scratch scratch) {
    Objects.checkFromToIndex(fromRow, toRow, w.rows());
    Objects.checkFromIndexSize(0, (long) tokens * w.columns(), x.length);
    Objects.checkFromIndexSize(0, (long) tokens * w.rows(), out.length);
    VectorScratch own = VectorScratch.of(scratch);
    if (tokens < TileProducts.MIN_TOKENS) {
      DotProducts.multiply(w, x, tokens, out, fromRow, toRow, own);
    } else {
      own.tiles().multiply(w, x, tokens, out, fromRow, toRow);
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
    Objects.checkFromToIndex(from, to, Math.min(rows.length, out.length));
    Objects.checkFromIndexSize(xOffset, w.columns(), x.length);
    for (int i = from; i < to; i++) {
      Objects.checkIndex(rows[i], w.rows());
    }
    DotProducts.multiplyRows(w, rows, x, xOffset, out, from, to, VectorScratch.of(scratch));
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
    Objects.checkFromToIndex(fromRow, toRow, w.rows());
    Objects.checkFromIndexSize(xOffset, (long) tokens * w.columns(), x.length);
    Objects.checkFromIndexSize(0, (long) tokens * (toRow - fromRow), out.length);
    TileProducts tiles = VectorScratch.of(scratch).tiles();
    tiles.multiply(w, x, xOffset, tokens, out, fromRow, toRow);
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
    Objects.checkFromIndexSize(xOffset, weight.length, x.length);
    Objects.checkFromIndexSize(outOffset, weight.length, out.length);
    float[] sums = VectorScratch.of(scratch).laneSums;
    RmsNorm.normalize(x, xOffset, weight, epsilon, out, outOffset, sums);
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
    PanelProducts.multiply(
        x, xOffset, xStride, rows, type, data, panelBytes, length, out, outOffset, outStride);
  }

  @Override
  public void softmax(float[] x, int offset, int length, float scale) {
    int padded = Math.ceilDiv(length, PANEL) * PANEL;
    Objects.checkFromIndexSize(offset, padded, x.length);
    Arrays.fill(x, offset + length, offset + padded, Float.NEGATIVE_INFINITY);
    Softmax.softmax(x, offset, padded, scale);
  }
}
