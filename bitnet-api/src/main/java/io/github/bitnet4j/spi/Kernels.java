package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * The inner loops of the forward pass. Implementations are stateless and thread-safe and start no
 * threads: the caller splits outputs among threads.
 *
 * <h2>One answer everywhere</h2>
 *
 * <p>All implementations return the same bits, so these rules are part of the contract:
 *
 * <ul>
 *   <li>Integer products are summed exactly.
 *   <li>A <b>lane sum</b> of float terms {@code t[0..n)} uses 16 accumulators that start at 0: term
 *       {@code i} goes to accumulator {@code i % 16}, in ascending order. Then accumulator {@code
 *       j} takes in {@code j + 8} (for j below 8), {@code j + 4}, {@code j + 2}, {@code j + 1}; the
 *       result is accumulator 0.
 *   <li>A product that is added to an accumulator is a fused multiply-add ({@link Math#fma}).
 *   <li>Everything else is single float operations, rounded after each one, in the order written.
 *   <li>The exponential is {@link FloatMath#exp}.
 * </ul>
 *
 * <p>Offsets and lengths count elements unless the name ends in {@code Bytes}. Inputs and outputs
 * do not overlap unless an operation says so. Results for NaN and infinite inputs are NaN, infinite
 * or unspecified, but never an exception. Arguments out of bounds give an {@link
 * IndexOutOfBoundsException}.
 */
public interface Kernels {
  /** Columns of a panel of {@link #panelMatMul}. */
  int PANEL = 32;

  /** Returns the width of the vector registers in use, in bits; 0 for plain loops. */
  int vectorBits();

  /** Memory that operations use while they run, so that they need not allocate any. */
  interface Scratch {}

  /** Returns scratch memory for one thread at a time. It grows as operations need it. */
  Scratch newScratch();

  /**
   * Quantizes one row of activations to int8 (BitNet b1.58, absmax quantization).
   *
   * <p>{@code s = 127 * (1 / max(max |x|, 1e-5))} and {@code q = clamp(rint(x * s), -128, 127)},
   * where {@code rint} rounds halves to even. NaN becomes 0. The reciprocal is rounded before the
   * multiplication: PyTorch computes {@code 127 / tensor} so, and the last bit can decide a q.
   *
   * @return s, NaN if x has a NaN and 0 if it has an infinity
   */
  float quantize(float[] x, int xOffset, int length, byte[] q, int qOffset);

  /**
   * Turns a ternary tensor of a model file into the matrix type of these kernels. The tensor's
   * codes are valid. If its layout serves as it is, it is used in place.
   *
   * @param tensor the weights; its data stays valid as long as the matrix is used
   * @param memory gives memory outside the heap for a copy in another layout; thread-safe
   */
  TernaryMatrix prepare(TernaryTensor tensor, SegmentAllocator memory);

  /**
   * Returns the size of the copy that {@link #prepare} makes of a tensor, in bytes; 0 if it uses
   * such a tensor in place. A forecast of memory needs no weights.
   *
   * @param layout how the tensor stores its trits
   * @param inOrder whether its rows are stored in order, see {@link TernaryTensor#interleavedHead}
   */
  long copyBytes(TernaryLayout layout, boolean inOrder, int rows, int columns);

  /**
   * Returns the name of the layout that {@link #prepare} copies into. It changes when the bytes
   * would.
   */
  String copyLayout();

  /**
   * Makes a matrix from a copy that kernels of the same {@link #copyLayout} have made, now or
   * earlier.
   *
   * @param copy as {@link TernaryMatrix#copy} returned it; stays valid as long as the matrix is
   *     used
   * @throws IllegalArgumentException if the copy is not of a matrix of this shape, or has bytes
   *     that no trits give
   */
  TernaryMatrix restore(int rows, int columns, MemorySegment copy);

  /**
   * Multiplies a ternary matrix with int8 rows: {@code out[t][o] = sum_i w[o][i] * x[t][i]}, exact.
   *
   * @param w a matrix that these kernels have prepared, {@code [rows x columns]}
   * @param x {@code [tokens x columns]}, row-major
   * @param tokens number of rows of x, at least 1
   * @param out {@code [tokens x rows]}, row-major; written for the rows of the given units only
   * @param fromUnit first unit of work, see {@link TernaryMatrix#units}
   * @param toUnit one past the last
   * @param scratch memory of these kernels that no other thread uses now. What was computed from x
   *     alone may be kept in it for the next call
   */
  void ternaryMatMul(
      TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit, Scratch scratch);

  /**
   * Multiplies as {@link #ternaryMatMul} does, over the same matrix, in plain loops that the JVM
   * compiles soon. Kernels that {@linkplain KernelProvider#startsCold start cold} have them; for
   * others it is the same operation.
   */
  default void plainTernaryMatMul(
      TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit, Scratch scratch) {
    ternaryMatMul(w, x, tokens, out, fromUnit, toUnit, scratch);
  }

  /**
   * Multiplies a dense matrix with float rows: {@code out[t][o]} is the lane sum of {@code w[o][i]
   * * x[t][i]}.
   *
   * @param w {@code [rows x columns]}, finite values
   * @param x {@code [tokens x columns]}, row-major
   * @param tokens number of rows of x, at least 1
   * @param out {@code [tokens x rows]}, row-major; written for the given rows only
   * @param fromRow first row of w
   * @param toRow one past the last
   * @param scratch memory of these kernels that no other thread uses now
   */
  void denseMatMul(
      DenseMatrix w, float[] x, int tokens, float[] out, int fromRow, int toRow, Scratch scratch);

  /**
   * Multiplies some rows of a dense matrix with one float row: {@code out[i]} is the lane sum of
   * {@code w[rows[i]][c] * x[xOffset + c]}, so it has the bits that {@link #denseMatMul} computes
   * for that row.
   *
   * @param w {@code [rows x columns]}, finite values
   * @param rows numbers of rows of w
   * @param x {@code [columns]} at {@code xOffset}
   * @param out written from {@code from} to {@code to - 1}
   * @param from first element of {@code rows}
   * @param to one past the last
   * @param scratch memory of these kernels that no other thread uses now
   */
  void denseRows(
      DenseMatrix w,
      int[] rows,
      float[] x,
      int xOffset,
      float[] out,
      int from,
      int to,
      Scratch scratch);

  /**
   * Multiplies rows of int8 with one row of int8 over some lines of columns, exactly: {@code
   * out[row - fromRow]} is the sum of {@code w[row][c] * x[p]} over the columns c of the lines,
   * with p the {@link Int8Matrix#position} of c.
   *
   * @param w at most 65536 columns
   * @param x {@code [w.lines() * 64]}, numbers from -127 to 127
   * @param lines numbers of lines, each at most once
   * @param lineCount how many of them count
   * @param out {@code [toRow - fromRow]}
   * @param fromRow first row of w, a multiple of {@link Int8Matrix#GROUP}
   * @param toRow one past the last; a multiple of it too, or the number of rows
   */
  void int8Products(
      Int8Matrix w, short[] x, int[] lines, int lineCount, int[] out, int fromRow, int toRow);

  /**
   * Multiplies rows of int8 with float rows: {@code out[t][row - fromRow]} is the lane sum of
   * {@code w[row][c] * x[t][c]}. Worth it for several rows of x; for one, {@link #int8Products} is
   * faster.
   *
   * @param x {@code [tokens x columns]} at {@code xOffset}, row-major
   * @param tokens number of rows of x, at least 1
   * @param out {@code [tokens x (toRow - fromRow)]}, row-major
   * @param fromRow first row of w
   * @param toRow one past the last
   * @param scratch memory of these kernels that no other thread uses now
   */
  void int8MatMul(
      Int8Matrix w,
      float[] x,
      int xOffset,
      int tokens,
      float[] out,
      int fromRow,
      int toRow,
      Scratch scratch);

  /**
   * Normalizes one row by its root mean square: {@code out_i = weight_i * (x_i * r)} with {@code r
   * = 1 / sqrt(m / n + epsilon)}, where m is the lane sum of {@code x_i * x_i} and n the length of
   * {@code weight}. {@code x} and {@code out} may be the same place.
   *
   * @param scratch memory of these kernels that no other thread uses now
   */
  void rmsNorm(
      float[] x,
      int xOffset,
      float[] weight,
      float epsilon,
      float[] out,
      int outOffset,
      Scratch scratch);

  /**
   * Adds the products of float rows with a panel of cached keys or values: {@code out[r][j] =
   * fma(x[r][i], panel[i][j], out[r][j])} for i ascending.
   *
   * <p>With a panel of keys (dimensions x positions) that makes attention scores of queries; with a
   * panel of values (positions x dimensions) the weighted sum of values. The rows are the queries
   * that share a key/value head: several heads of a token, or several tokens.
   *
   * @param x row r starts at {@code xOffset + r * xStride}
   * @param rows number of rows, at least 1
   * @param type {@link DenseType#F32} or {@link DenseType#F16}; finite elements
   * @param data holds the panel {@code [length x PANEL]}, row-major, little-endian. A row of half
   *     floats holds the columns 0, 16, 1, 17 and so on to 15, 31: a load of 32-bit lanes then
   *     brings two registers, without widening
   * @param panelBytes where the panel starts
   * @param length number of terms that are added to each element of {@code out}
   * @param out {@code [rows x PANEL]}, added to; row r starts at {@code outOffset + r * outStride}
   */
  void panelMatMul(
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
      int outStride);

  /**
   * Replaces scores by probabilities: with {@code y_i = scale * x_i} and {@code e_i = exp(y_i -
   * max)}, where max is the largest y, {@code x_i = e_i / s} where s is the lane sum of the e_i.
   *
   * @param x {@code [length]} at {@code offset}, at least one element, and room up to a multiple of
   *     {@link #PANEL}, which becomes 0
   * @param scale above 0
   */
  void softmax(float[] x, int offset, int length, float scale);
}
