package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.Lanes.FLOATS;
import static io.github.bitnet4j.kernels.vector.Lanes.SUM;
import static io.github.bitnet4j.kernels.vector.Lanes.WIDTH;

import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.Int8Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Lane sums of the rows of a matrix times several float rows: the LM head for a batch.
 *
 * <p>A tile of the matrix is turned into floats once and meets all rows of x while it is in the
 * first-level cache. Four of its rows times four rows of x are 16 accumulators of a lane sum: their
 * eight loads feed 16 multiplications, where {@link DotProducts} needs two loads for each. With
 * narrower registers the accumulators' parts are computed in turn.
 *
 * <p>Accumulators wait in memory while the next columns are decoded, so each adds up its columns in
 * the order of the contract.
 */
final class TileProducts {
  /** Rows of x from which it is worth decoding a tile. */
  static final int MIN_TOKENS = 3;

  /** Rows of a tile; a multiple of {@link #QUAD}. */
  private static final int ROWS = 16;

  /** Columns of a tile; a multiple of {@link Lanes#SUM}, of lines and of blocks of every type. */
  private static final int COLUMNS = 256;

  /** Rows, of the tile and of x, whose products are accumulated at once. */
  private static final int QUAD = 4;

  /** As many bytes as a register has floats; more if that would be no register. */
  private static final VectorSpecies<Byte> BYTES =
      Lanes.species(byte.class, Math.max(64, Lanes.BITS / 4));

  private final float[] tile = new float[ROWS * COLUMNS];

  /** Accumulators, {@code [ROWS x tokens, rounded up to quads x SUM]}. */
  private float[] sums = {};

  /** The accumulators of a row of the tile. */
  private int rowSums;

  /** As {@link io.github.bitnet4j.spi.Kernels#denseMatMul}. */
  void multiply(DenseMatrix w, float[] x, int tokens, float[] out, int fromRow, int toRow) {
    int columns = w.columns();
    for (int row = fromRow; row < toRow; row += ROWS) {
      int rows = Math.min(ROWS, toRow - row);
      clearSums(tokens);
      for (int column = 0; column < columns; column += COLUMNS) {
        int count = Math.min(COLUMNS, columns - column);
        for (int k = 0; k < rows; k++) {
          decode(w, row + k, column, count, k * COLUMNS);
        }
        addProducts(rows, count, x, column, columns, tokens);
      }
      storeTotals(rows, tokens, out, row, w.rows());
    }
  }

  /** As {@link io.github.bitnet4j.spi.Kernels#int8MatMul}. */
  void multiply(
      Int8Matrix w, float[] x, int xOffset, int tokens, float[] out, int fromRow, int toRow) {
    int columns = w.columns();
    for (int row = fromRow; row < toRow; row += ROWS) {
      int rows = Math.min(ROWS, toRow - row);
      clearSums(tokens);
      for (int column = 0; column < columns; column += COLUMNS) {
        int count = Math.min(COLUMNS, columns - column);
        for (int k = 0; k < rows; k++) {
          decode(w, row + k, column, count, k * COLUMNS);
        }
        addProducts(rows, count, x, xOffset + column, columns, tokens);
      }
      storeTotals(rows, tokens, out, row - fromRow, toRow - fromRow);
    }
  }

  private void clearSums(int tokens) {
    rowSums = Math.ceilDiv(tokens, QUAD) * QUAD * SUM;
    if (sums.length < ROWS * rowSums) {
      sums = new float[ROWS * rowSums];
    }
    Arrays.fill(sums, 0, ROWS * rowSums, 0);
  }

  /** Adds the products of the tile; rows of x start {@code stride} apart. */
  private void addProducts(int rows, int count, float[] x, int xOffset, int stride, int tokens) {
    int bulk = count - count % SUM;
    for (int row = 0; row < rows; row += QUAD) {
      for (int t = 0; t < tokens; t += QUAD) {
        // A quad beyond the last row of x repeats that one.
        int x0 = xOffset + t * stride;
        int x1 = xOffset + Math.min(t + 1, tokens - 1) * stride;
        int x2 = xOffset + Math.min(t + 2, tokens - 1) * stride;
        int x3 = xOffset + Math.min(t + 3, tokens - 1) * stride;
        int to = row * rowSums + t * SUM;
        addQuad(tile, row * COLUMNS, x, x0, x1, x2, x3, bulk, sums, to, rowSums);
      }
    }
    for (int k = 0; bulk < count && k < rows; k++) {
      for (int t = 0; t < tokens; t++) {
        int to = k * rowSums + t * SUM;
        for (int i = bulk; i < count; i++) {
          float xi = x[xOffset + t * stride + i];
          sums[to + i - bulk] = Math.fma(tile[k * COLUMNS + i], xi, sums[to + i - bulk]);
        }
      }
    }
  }

  private void storeTotals(int rows, int tokens, float[] out, int outRow, int stride) {
    for (int t = 0; t < tokens; t++) {
      for (int k = 0; k < rows; k++) {
        out[t * stride + outRow + k] = Lanes.total(sums, k * rowSums + t * SUM);
      }
    }
  }

  /** Adds the products of four rows of the tile, from {@code start} on, with four rows of x. */
  private static void addQuad(
      float[] tile,
      int start,
      float[] x,
      int x0,
      int x1,
      int x2,
      int x3,
      int length,
      float[] sums,
      int to,
      int rowSums) {
    for (int part = 0; part < SUM; part += WIDTH) {
      int sa = to + part;
      int sb = sa + rowSums;
      int sc = sb + rowSums;
      int sd = sc + rowSums;
      FloatVector a0 = FloatVector.fromArray(FLOATS, sums, sa);
      FloatVector a1 = FloatVector.fromArray(FLOATS, sums, sa + SUM);
      FloatVector a2 = FloatVector.fromArray(FLOATS, sums, sa + 2 * SUM);
      FloatVector a3 = FloatVector.fromArray(FLOATS, sums, sa + 3 * SUM);
      FloatVector b0 = FloatVector.fromArray(FLOATS, sums, sb);
      FloatVector b1 = FloatVector.fromArray(FLOATS, sums, sb + SUM);
      FloatVector b2 = FloatVector.fromArray(FLOATS, sums, sb + 2 * SUM);
      FloatVector b3 = FloatVector.fromArray(FLOATS, sums, sb + 3 * SUM);
      FloatVector c0 = FloatVector.fromArray(FLOATS, sums, sc);
      FloatVector c1 = FloatVector.fromArray(FLOATS, sums, sc + SUM);
      FloatVector c2 = FloatVector.fromArray(FLOATS, sums, sc + 2 * SUM);
      FloatVector c3 = FloatVector.fromArray(FLOATS, sums, sc + 3 * SUM);
      FloatVector d0 = FloatVector.fromArray(FLOATS, sums, sd);
      FloatVector d1 = FloatVector.fromArray(FLOATS, sums, sd + SUM);
      FloatVector d2 = FloatVector.fromArray(FLOATS, sums, sd + 2 * SUM);
      FloatVector d3 = FloatVector.fromArray(FLOATS, sums, sd + 3 * SUM);
      for (int i = part; i < length; i += SUM) {
        FloatVector a = FloatVector.fromArray(FLOATS, tile, start + i);
        FloatVector b = FloatVector.fromArray(FLOATS, tile, start + COLUMNS + i);
        FloatVector c = FloatVector.fromArray(FLOATS, tile, start + 2 * COLUMNS + i);
        FloatVector d = FloatVector.fromArray(FLOATS, tile, start + 3 * COLUMNS + i);
        FloatVector xi = FloatVector.fromArray(FLOATS, x, x0 + i);
        a0 = a.fma(xi, a0);
        b0 = b.fma(xi, b0);
        c0 = c.fma(xi, c0);
        d0 = d.fma(xi, d0);
        xi = FloatVector.fromArray(FLOATS, x, x1 + i);
        a1 = a.fma(xi, a1);
        b1 = b.fma(xi, b1);
        c1 = c.fma(xi, c1);
        d1 = d.fma(xi, d1);
        xi = FloatVector.fromArray(FLOATS, x, x2 + i);
        a2 = a.fma(xi, a2);
        b2 = b.fma(xi, b2);
        c2 = c.fma(xi, c2);
        d2 = d.fma(xi, d2);
        xi = FloatVector.fromArray(FLOATS, x, x3 + i);
        a3 = a.fma(xi, a3);
        b3 = b.fma(xi, b3);
        c3 = c.fma(xi, c3);
        d3 = d.fma(xi, d3);
      }
      a0.intoArray(sums, sa);
      a1.intoArray(sums, sa + SUM);
      a2.intoArray(sums, sa + 2 * SUM);
      a3.intoArray(sums, sa + 3 * SUM);
      b0.intoArray(sums, sb);
      b1.intoArray(sums, sb + SUM);
      b2.intoArray(sums, sb + 2 * SUM);
      b3.intoArray(sums, sb + 3 * SUM);
      c0.intoArray(sums, sc);
      c1.intoArray(sums, sc + SUM);
      c2.intoArray(sums, sc + 2 * SUM);
      c3.intoArray(sums, sc + 3 * SUM);
      d0.intoArray(sums, sd);
      d1.intoArray(sums, sd + SUM);
      d2.intoArray(sums, sd + 2 * SUM);
      d3.intoArray(sums, sd + 3 * SUM);
    }
  }

  /** Decodes columns of a row into the tile. */
  private void decode(DenseMatrix w, int row, int column, int count, int to) {
    long at = row * w.rowBytes() + w.type().rowBytes(column);
    int bulk = count - count % WIDTH;
    switch (w.type()) {
      case F16 -> decodeF16(w.data(), at, tile, to, bulk);
      case BF16 -> decodeBf16(w.data(), at, tile, to, bulk);
      default -> {
        w.copyColumns(row, column, count, tile, to);
        return;
      }
    }
    for (int i = bulk; i < count; i++) {
      tile[to + i] = w.get(row, column + i);
    }
  }

  private static void decodeF16(MemorySegment data, long at, float[] tile, int to, int count) {
    tile[to] = data.get(ValueLayout.JAVA_BYTE, at); // see ShortLookups.addChunk
    for (int i = 0; i < count; i += WIDTH) {
      Lanes.loadF16(data, at + (long) i * Short.BYTES).intoArray(tile, to + i);
    }
  }

  private static void decodeBf16(MemorySegment data, long at, float[] tile, int to, int count) {
    tile[to] = data.get(ValueLayout.JAVA_BYTE, at); // see ShortLookups.addChunk
    for (int i = 0; i < count; i += WIDTH) {
      Lanes.loadShorts(data, at + (long) i * Short.BYTES)
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoArray(tile, to + i);
    }
  }

  private void decode(Int8Matrix w, int row, int column, int count, int to) {
    for (int line = 0; line * Int8Matrix.LINE < count; line++) {
      long at = w.lineOffset(row, column / Int8Matrix.LINE + line);
      decodeLine(w.data(), at, tile, to + line * Int8Matrix.LINE);
    }
  }

  /** Decodes a line, with the zeros that may fill it up. */
  private static void decodeLine(MemorySegment data, long at, float[] tile, int to) {
    tile[to] = data.get(ValueLayout.JAVA_BYTE, at); // see ShortLookups.addChunk
    for (int i = 0; i < Int8Matrix.LINE; i += BYTES.length()) {
      ByteVector bytes = ByteVector.fromMemorySegment(BYTES, data, at + i, ByteOrder.LITTLE_ENDIAN);
      for (int part = 0; part < BYTES.length() / WIDTH; part++) {
        bytes
            .convertShape(VectorOperators.B2F, FLOATS, part)
            .reinterpretAsFloats()
            .intoArray(tile, to + i + part * WIDTH);
      }
    }
  }
}
