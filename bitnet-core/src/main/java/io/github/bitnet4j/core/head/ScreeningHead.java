package io.github.bitnet4j.core.head;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.Int8Matrix;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A copy of the LM head in int8, half the size of a bfloat16 head, with what is needed to bound the
 * error of each row: a logit computed from it is approximate, but how far off it can be is known.
 *
 * <p>Each row is {@code scale * q + e}. Stored are the scale and upper bounds of the norms of e and
 * of the row itself. It is {@link #complete}d before it is used; then it is read only.
 */
public final class ScreeningHead {
  /** Rows of a block. */
  static final int BLOCK_ROWS = 1024;

  /** Blocks for each thread between two questions whether to go on: a tenth of a second. */
  private static final int BLOCKS_AT_ONCE = 16;

  /** A head of 8 MB of bfloat16 is fast enough without. */
  private static final long MIN_WEIGHTS = 1 << 22;

  /** The head's columns from which an int32 could overflow, with a margin. */
  private static final int MAX_COLUMNS = 1 << 16;

  /** Adding and subtracting 1.5 * 2^23 rounds a small float to an integer. */
  private static final float ROUND = 0x1.8p23f;

  /** Rounding errors are measured in this fraction of a step of q. */
  private static final float ERROR_STEPS = 1024;

  /** The largest factor that turns weights into q, so that its inverse is no subnormal number. */
  private static final float MAX_INVERSE_SCALE = 1e37f;

  /** Squares of at most 513 that an int holds. */
  private static final int MAX_SQUARES = 1 << 12;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final DenseMatrix head;
  private final SegmentAllocator memory;
  private final @Nullable Int8Matrix[] blocks;
  private final float[] scales;
  private final float[] errorNorms;
  private final float[] norms;

  /** The blocks before this one are there. */
  private int blockCount;

  /**
   * Creates a copy without rows.
   *
   * @param memory outside the heap; thread-safe
   */
  public ScreeningHead(DenseMatrix head, SegmentAllocator memory) {
    this.head = head;
    this.memory = memory;
    blocks = new Int8Matrix[Math.ceilDiv(head.rows(), BLOCK_ROWS)];
    scales = new float[head.rows()];
    errorNorms = new float[head.rows()];
    norms = new float[head.rows()];
  }

  /** Returns the number of weights from which a head gets a copy. */
  public static long minWeights(Kernels kernels, LoadOptions options) {
    boolean savesTime = kernels.vectorBits() > 0;
    return savesTime && options.headScreening() ? MIN_WEIGHTS : Long.MAX_VALUE;
  }

  /**
   * Returns whether a head should have a copy: it can, and is large enough.
   *
   * @param minWeights weights that make it large
   */
  public static boolean isWorthwhile(DenseMatrix head, long minWeights) {
    return head.columns() <= MAX_COLUMNS && (long) head.rows() * head.columns() >= minWeights;
  }

  /** Returns the memory that the complete copy takes, on the heap and outside. */
  public long preparedBytes() {
    return preparedBytes(head);
  }

  /** Returns the memory that the complete copy of a head takes, on the heap and outside. */
  public static long preparedBytes(DenseMatrix head) {
    long bytes = 3L * Float.BYTES * head.rows();
    for (int first = 0; first < head.rows(); first += BLOCK_ROWS) {
      bytes += Int8Matrix.byteSize(Math.min(BLOCK_ROWS, head.rows() - first), head.columns());
    }
    return bytes;
  }

  /** Returns all of the complete copy, to be stored and restored. */
  public List<MemorySegment> parts() {
    List<MemorySegment> parts = new ArrayList<>();
    for (int block = 0; block < blocks.length; block++) {
      parts.add(block(block).data());
    }
    for (float[] bounds : List.of(scales, errorNorms, norms)) {
      MemorySegment part = MemorySegment.ofArray(new byte[Float.BYTES * bounds.length]);
      MemorySegment.copy(bounds, 0, part, FLOAT, 0, bounds.length);
      parts.add(part);
    }
    return parts;
  }

  /** Returns how many {@link #parts} the copy of a head has. */
  public static int partCount(DenseMatrix head) {
    return Math.ceilDiv(head.rows(), BLOCK_ROWS) + 3;
  }

  /**
   * Returns why stored parts are not a copy of a head: their sizes, or bounds that no row has.
   *
   * @param parts as many as {@link #partCount} says
   * @return null if they may be restored
   */
  public static @Nullable String problemOf(DenseMatrix head, List<MemorySegment> parts) {
    int blocks = parts.size() - 3;
    for (int i = 0; i < parts.size(); i++) {
      int rows = i < blocks ? Math.min(BLOCK_ROWS, head.rows() - i * BLOCK_ROWS) : head.rows();
      long expected =
          i < blocks ? Int8Matrix.byteSize(rows, head.columns()) : (long) Float.BYTES * head.rows();
      MemorySegment part = parts.get(i);
      if (part.byteSize() != expected) {
        return "part %d of the head: expected %d bytes, found %d"
            .formatted(i, expected, part.byteSize());
      }
      for (long at = 0; i >= blocks && at < expected; at += Float.BYTES) {
        float bound = part.get(FLOAT, at);
        if (!(bound >= 0 && bound < Float.POSITIVE_INFINITY)) {
          return "part %d of the head: expected bounds from 0 on, found %s".formatted(i, bound);
        }
      }
    }
    return null;
  }

  /**
   * Restores a copy that was stored.
   *
   * @throws IllegalArgumentException if a part does not have the size of this head's
   */
  public void restore(List<MemorySegment> parts) {
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = new Int8Matrix(blockRows(i), head.columns(), parts.get(i));
    }
    blockCount = blocks.length;
    int next = blocks.length;
    for (float[] bounds : List.of(scales, errorNorms, norms)) {
      MemorySegment part = parts.get(next++);
      if (part.byteSize() != (long) Float.BYTES * bounds.length) {
        throw new IllegalArgumentException(
            "expected %d bounds, found %d bytes".formatted(bounds.length, part.byteSize()));
      }
      MemorySegment.copy(part, FLOAT, 0, bounds, 0, bounds.length);
    }
  }

  /** Returns whether all rows are there. */
  public boolean isComplete() {
    return blockCount == blocks.length;
  }

  /**
   * Computes the missing part of the copy. The head's weights are finite.
   *
   * @param cancelled asked ten times a second
   * @return false if cancelled; the next call goes on from there
   */
  public boolean complete(WorkerTeam team, BooleanSupplier cancelled) {
    while (!isComplete()) {
      if (cancelled.getAsBoolean()) {
        return false;
      }
      int first = blockCount;
      int count = Math.min(BLOCKS_AT_ONCE * team.threads(), blocks.length - first);
      team.run(count, 1, (from, to, worker) -> copy(first + from, first + to));
      blockCount += count;
    }
    if (head.data().isMapped()) {
      head.data().unload(); // from now on few of its rows are read
    }
    return true;
  }

  private void copy(int fromBlock, int toBlock) {
    Writer writer = new Writer();
    for (int block = fromBlock; block < toBlock; block++) {
      writer.copy(block);
    }
  }

  private int blockRows(int block) {
    return Math.min(BLOCK_ROWS, head.rows() - block * BLOCK_ROWS);
  }

  private Int8Matrix block(int block) {
    return Objects.requireNonNull(blocks[block], "not complete");
  }

  /**
   * Fills blocks, for one thread.
   *
   * <p>Its loops are such that compilers turn them into vector code soon: they run when little is
   * compiled yet. Norms are sums of squares of integers for the same reason.
   */
  private final class Writer {
    private final float[] weights;
    private final int[] q;
    private final int[] errors;
    private final byte[] bytes;

    /** The rows of a group, as they are stored. */
    private final byte[] group;

    Writer() {
      int padded = lines() * Int8Matrix.LINE;
      weights = new float[padded];
      q = new int[padded];
      errors = new int[padded];
      bytes = new byte[padded];
      group = new byte[padded * Int8Matrix.GROUP];
    }

    /** Fills a block. */
    void copy(int number) {
      Int8Matrix block = Int8Matrix.allocate(blockRows(number), head.columns(), memory);
      for (int from = 0; from < block.rows(); from += Int8Matrix.GROUP) {
        int count = Math.min(Int8Matrix.GROUP, block.rows() - from);
        if (count < Int8Matrix.GROUP) {
          Arrays.fill(group, (byte) 0);
        }
        for (int i = 0; i < count; i++) {
          copyRow(number * BLOCK_ROWS + from + i);
          for (int line = 0; line < lines(); line++) {
            int to = Int8Matrix.offsetInGroup(i, line);
            System.arraycopy(bytes, line * Int8Matrix.LINE, group, to, Int8Matrix.LINE);
          }
        }
        block.setGroup(from, group);
      }
      blocks[number] = block;
    }

    /** Turns a row into bytes. */
    private void copyRow(int row) {
      head.copyRow(row, weights, 0);
      float inverseScale = Math.min(127 / maxAbs(weights), MAX_INVERSE_SCALE);
      quantize(weights, inverseScale, q, errors);
      for (int i = 0; i < q.length; i++) {
        bytes[i] = (byte) q[i];
      }
      setNorms(row, 1 / inverseScale);
    }

    /**
     * Stores bounds of both norms. In steps of q, an error is at most one unit larger than
     * measured: it was cut to an integer, and before that computed with a rounding of at most
     * {@code 127 * 2^-24}. The roundings of the scale and of the product with its inverse come on
     * top, relative to the row.
     */
    private void setNorms(int row, float scale) {
      double root = Math.sqrt(head.columns());
      double error = scale * ((Math.sqrt(sumSquares(errors)) + root) / ERROR_STEPS);
      double norm = (scale * Math.sqrt(sumSquares(q)) + error) * (1 + 0x1p-20);
      scales[row] = scale;
      norms[row] = Math.nextUp((float) norm);
      errorNorms[row] = Math.nextUp((float) (error + norm * 0x1p-20));
    }
  }

  private static float maxAbs(float[] values) {
    float max = 0;
    for (int i = 0; i < values.length; i++) {
      max = Math.max(max, Math.abs(values[i]));
    }
    return max;
  }

  private static void quantize(float[] weights, float inverseScale, int[] q, int[] errors) {
    for (int i = 0; i < weights.length; i++) {
      float exact = weights[i] * inverseScale;
      float rounded = (exact + ROUND) - ROUND;
      q[i] = (int) rounded;
      errors[i] = (int) ((exact - rounded) * ERROR_STEPS);
    }
  }

  /** Sums squares below 2^19. */
  private static double sumSquares(int[] values) {
    double total = 0;
    for (int from = 0; from < values.length; from += MAX_SQUARES) {
      int end = Math.min(values.length, from + MAX_SQUARES);
      int sum = 0;
      for (int i = from; i < end; i++) {
        sum += values[i] * values[i];
      }
      total += sum;
    }
    return total;
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
   * Bounds the logits of a quantized hidden state for some rows: what {@link Kernels#denseMatMul}
   * computes is not below {@code lower} and not above {@code upper}. See {@link
   * QuantizedHiddenState}.
   *
   * @param kernels compute the products
   * @param fromRow a multiple of 4; the rows are in one block
   * @param sums scratch memory, twice the number of rows
   * @param lower receives a bound for each row at {@code offset + row}
   * @param upper as {@code lower}
   */
  void bound(
      WorkerKernels kernels,
      QuantizedHiddenState x,
      int fromRow,
      int toRow,
      int[][] sums,
      float[] lower,
      float[] upper,
      int offset) {
    Int8Matrix block = block(fromRow / BLOCK_ROWS);
    int from = fromRow % BLOCK_ROWS;
    int to = from + toRow - fromRow;
    kernels.dense().int8Products(block, x.coarse, x.lines, x.lines.length, sums[0], from, to);
    kernels.dense().int8Products(block, x.fine, x.fineLines, x.fineLineCount, sums[1], from, to);
    for (int i = 0; i < toRow - fromRow; i++) {
      double sum = x.coarseScale * sums[0][i] + x.fineScale * sums[1][i];
      bound(x, fromRow + i, sum, lower, upper, offset);
    }
  }

  /**
   * Multiplies hidden states as they are with some rows.
   *
   * @param kernels compute the products
   * @param x {@code [tokens x columns]} at {@code xOffset}
   * @param fromRow first of the rows, which are in one block
   * @param sums receives {@code [tokens x (toRow - fromRow)]}
   */
  void multiply(
      WorkerKernels kernels,
      float[] x,
      int xOffset,
      int tokens,
      int fromRow,
      int toRow,
      float[] sums) {
    Int8Matrix block = block(fromRow / BLOCK_ROWS);
    int from = fromRow % BLOCK_ROWS;
    int to = from + toRow - fromRow;
    kernels.dense().int8MatMul(block, x, xOffset, tokens, sums, from, to, kernels.scratch());
  }

  /**
   * Bounds the logits of a hidden state that {@link #multiply} took, as the other {@code bound}.
   *
   * @param sums the products, from {@code sumsOffset} on
   */
  void bound(
      QuantizedHiddenState x,
      int fromRow,
      int toRow,
      float[] sums,
      int sumsOffset,
      float[] lower,
      float[] upper,
      int offset) {
    for (int i = 0; i < toRow - fromRow; i++) {
      bound(x, fromRow + i, sums[sumsOffset + i], lower, upper, offset);
    }
  }

  /**
   * @param sum the product of the row's q
   */
  private void bound(
      QuantizedHiddenState x, int row, double sum, float[] lower, float[] upper, int offset) {
    double logit = scales[row] * sum;
    double error = errorNorms[row] * x.errorFactor + norms[row] * x.normFactor + x.floor;
    lower[offset + row] = (float) (logit - error);
    upper[offset + row] = (float) (logit + error);
  }
}
