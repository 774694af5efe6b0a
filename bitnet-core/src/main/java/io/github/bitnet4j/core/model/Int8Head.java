package io.github.bitnet4j.core.model;

import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.Int8Matrix;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;

/**
 * A copy of the LM head in int8, an eighth to a half of its size, with what is needed to bound the
 * error of each row: a logit computed from it is approximate, but how far off it can be is known.
 *
 * <p>Each row is {@code scale * q + e}. Stored are the scale and upper bounds of the norms of e and
 * of the row itself. The copy is made at load, one block of rows at a time, by any thread; then it
 * is read only.
 */
public final class Int8Head {
  /** Rows of a block. */
  public static final int BLOCK_ROWS = 1024;

  /** A head of 8 MB of bfloat16 is fast enough without. */
  private static final long MIN_WEIGHTS = 1 << 22;

  /** The head's columns from which an int32 could overflow, with a margin. */
  private static final int MAX_COLUMNS = 1 << 16;

  /** Relative error of a norm that is computed in floats, at most {@link #MAX_COLUMNS} of them. */
  private static final double NORM_ERROR = 0x1p-10;

  /** More than what squares that vanish in a float can take from a norm. */
  private static final double NORM_FLOOR = 0x1p-60;

  /** Relative to the row, what rounding {@code scale * q} can take from the error's norm. */
  private static final double PRODUCT_ERROR = 0x1p-22;

  /** Elements that are summed side by side, in a loop that compilers turn into vector code. */
  private static final int LANES = 256;

  private final DenseMatrix head;
  private final Kernels kernels;
  private final SegmentAllocator memory;
  private final Int8Matrix[] blocks;
  private final float[] scales;
  private final float[] errorNorms;
  private final float[] norms;

  /**
   * Creates a copy without rows.
   *
   * @param kernels used to quantize and to multiply
   * @param memory outside the heap; thread-safe
   */
  public Int8Head(DenseMatrix head, Kernels kernels, SegmentAllocator memory) {
    this.head = head;
    this.kernels = kernels;
    this.memory = memory;
    blocks = new Int8Matrix[Math.ceilDiv(head.rows(), BLOCK_ROWS)];
    scales = new float[head.rows()];
    errorNorms = new float[head.rows()];
    norms = new float[head.rows()];
  }

  /** Returns the number of weights from which a copy saves time. */
  public static long minWeights(Kernels kernels) {
    return kernels.vectorBits() == 0 ? Long.MAX_VALUE : MIN_WEIGHTS;
  }

  /** Returns whether a head can have a copy. */
  public static boolean isPossible(DenseMatrix head) {
    return head.columns() <= MAX_COLUMNS;
  }

  /** Returns the memory that the copy takes, on the heap and outside. */
  public long preparedBytes() {
    long bytes = 3L * Float.BYTES * head.rows();
    for (Int8Matrix block : blocks) {
      bytes += block.data().byteSize();
    }
    return bytes;
  }

  /**
   * Starts to fill the block that begins with a row.
   *
   * @param fromRow a multiple of {@link #BLOCK_ROWS}
   */
  public Writer writer(int fromRow) {
    return new Writer(fromRow);
  }

  /** Fills a block, for one thread. */
  public final class Writer {
    private final Int8Matrix block;
    private final float[] weights;
    private final byte[] q;
    private final float[] errorSquares = new float[LANES];
    private final float[] squares = new float[LANES];

    private Writer(int fromRow) {
      int rows = Math.min(BLOCK_ROWS, head.rows() - fromRow);
      block = Int8Matrix.allocate(rows, head.columns(), memory);
      blocks[fromRow / BLOCK_ROWS] = block;
      int padded = Math.ceilDiv(head.columns(), LANES) * LANES;
      weights = new float[padded];
      q = new byte[padded];
    }

    /** Copies a row of the head. Its weights are finite. */
    public void copy(int row) {
      head.copyRow(row, weights, 0);
      float scale = 1 / kernels.quantize(weights, 0, head.columns(), q, 0);
      sumSquares(scale);
      double norm = Math.sqrt(sum(squares)) * (1 + NORM_ERROR) + NORM_FLOOR;
      double error = Math.sqrt(sum(errorSquares)) * (1 + NORM_ERROR) + NORM_FLOOR;
      scales[row] = scale;
      norms[row] = Math.nextUp((float) norm);
      errorNorms[row] = Math.nextUp((float) (error + norm * PRODUCT_ERROR));
      block.setRow(row % BLOCK_ROWS, q);
    }

    private void sumSquares(float scale) {
      Arrays.fill(squares, 0);
      Arrays.fill(errorSquares, 0);
      for (int c = 0; c < weights.length; c += LANES) {
        for (int i = 0; i < LANES; i++) {
          float w = weights[c + i];
          float e = w - scale * q[c + i];
          squares[i] += w * w;
          errorSquares[i] += e * e;
        }
      }
    }

    private static double sum(float[] terms) {
      double sum = 0;
      for (float term : terms) {
        sum += term;
      }
      return sum;
    }
  }

  int rows() {
    return head.rows();
  }

  int lines() {
    return Math.ceilDiv(head.columns(), Int8Matrix.LINE);
  }

  /** Returns a bound of the norms of all rows. */
  float maxNorm() {
    float max = 0;
    for (float norm : norms) {
      max = Math.max(max, norm);
    }
    return max;
  }

  /**
   * Bounds the logits of some rows: what {@link Kernels#denseMatMul} computes is not below {@code
   * lower} and not above {@code upper}. See {@link ScreeningInput}.
   *
   * @param fromRow a multiple of 4; the rows are in one block
   * @param sums scratch memory, twice the number of rows
   * @param lower receives a bound for each row at {@code offset + row}
   * @param upper as {@code lower}
   */
  void bound(
      ScreeningInput x,
      int fromRow,
      int toRow,
      int[][] sums,
      float[] lower,
      float[] upper,
      int offset) {
    Int8Matrix block = blocks[fromRow / BLOCK_ROWS];
    int from = fromRow % BLOCK_ROWS;
    int to = from + toRow - fromRow;
    kernels.int8Products(block, x.coarse, x.lines, x.lines.length, sums[0], from, to);
    kernels.int8Products(block, x.fine, x.fineLines, x.fineLineCount, sums[1], from, to);
    for (int i = 0; i < toRow - fromRow; i++) {
      int row = fromRow + i;
      double sum = x.coarseScale * sums[0][i] + x.fineScale * sums[1][i];
      double logit = scales[row] * sum;
      double error = errorNorms[row] * x.errorFactor + norms[row] * x.normFactor + x.floor;
      lower[offset + row] = (float) (logit - error);
      upper[offset + row] = (float) (logit + error);
    }
  }
}
