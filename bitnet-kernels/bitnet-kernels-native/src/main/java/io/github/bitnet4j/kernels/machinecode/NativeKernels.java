package io.github.bitnet4j.kernels.machinecode;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.github.bitnet4j.kernels.machinecode.x86.Level;
import io.github.bitnet4j.kernels.machinecode.x86.X86Kernels;
import io.github.bitnet4j.kernels.scalar.ScalarKernels;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.FloatMath;
import io.github.bitnet4j.spi.Int8Matrix;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Calls the kernels of a level. All that machine code reads and writes is checked here, before the
 * call. Shapes that no published model has (columns that are no multiple of 16, more than 65536
 * columns) are left to the plain loops.
 */
final class NativeKernels extends ScalarKernels {
  private static final MemorySegment NONE = MemorySegment.NULL;

  private static final int LANES = 16;

  /** Rows of a dense matrix that kernels multiply together. */
  private static final int ROWS = 4;

  /** Sums of more products of unsigned codes do not fit 32 bits. */
  private static final int MAX_COLUMNS = 65536;

  /** Packed rows that meet all rows of activations while they are in the first cache levels. */
  private static final int BLOCK_UNITS = 32;

  /** Rows of activations from which tiles are faster. */
  private static final int MIN_TILE_TOKENS = 9;

  /** Blocks of a call of the tile kernel: a collection of garbage waits for its end. */
  private static final int MAX_TILE_BLOCKS = 8;

  /** Rows of a dense matrix that are decoded together. */
  private static final int DECODED_ROWS = 16;

  private final Level level;

  /** Ternary products with tiles; null below that level. */
  private final @Nullable MemorySegment tiles;

  private final Variants ternary;
  private final Variants ternaryFromMemory;
  private final MemorySegment int8;
  private final Variants laneSumsInt8;
  private final Variants laneSumsF32;
  private final Variants laneSumsF16;
  private final Variants laneSumsBf16;
  private final Variants panelF32;
  private final Variants panelF16;
  private final MemorySegment absMax;
  private final MemorySegment round;
  private final MemorySegment sumOfSquares;
  private final MemorySegment scale;
  private final MemorySegment copyAndSum;
  private final MemorySegment softmax;

  NativeKernels(Level level) {
    this.level = level;
    CodeMemory code = new CodeMemory(X86Kernels.kernels(level));
    tiles = level == Level.AMX ? code.function("tiles") : null;
    int tokens = X86Kernels.maxTernaryTokens(level);
    ternary = new Variants(code, tokens, n -> X86Kernels.ternary(n, false));
    ternaryFromMemory = new Variants(code, tokens, n -> X86Kernels.ternary(n, true));
    int8 = code.function("int8");
    int rows = X86Kernels.maxLaneSumTokens(level);
    laneSumsInt8 = new Variants(code, rows, n -> X86Kernels.laneSums("INT8", n));
    laneSumsF32 = new Variants(code, rows, n -> X86Kernels.laneSums("F32", n));
    laneSumsF16 = new Variants(code, rows, n -> X86Kernels.laneSums("F16", n));
    laneSumsBf16 = new Variants(code, rows, n -> X86Kernels.laneSums("BF16", n));
    int panelRows = X86Kernels.maxPanelRows(level);
    panelF32 = new Variants(code, panelRows, n -> X86Kernels.panel(n, false));
    panelF16 = new Variants(code, panelRows, n -> X86Kernels.panel(n, true));
    absMax = code.function("absMax");
    round = code.function("round");
    sumOfSquares = code.function("sumOfSquares");
    scale = code.function("scale");
    copyAndSum = code.function("copyAndSum");
    softmax = code.function("softmax");
  }

  @Override
  public int vectorBits() {
    return level.bits();
  }

  @Override
  public Scratch newScratch() {
    return new NativeScratch(super.newScratch());
  }

  @Override
  public float quantize(float[] x, int xOffset, int length, byte[] q, int qOffset) {
    Objects.checkFromIndexSize(xOffset, length, x.length);
    Objects.checkFromIndexSize(qOffset, length, q.length);
    int bulk = length - length % LANES;
    MemorySegment from = floats(x, xOffset);
    int bits = (int) CodeMemory.call(absMax, from, NONE, NONE, NONE, bulk, 0, 0, 0, 0);
    bits = Math.max(bits, Float.floatToRawIntBits(1e-5f));
    for (int i = bulk; i < length; i++) {
      bits = Math.max(bits, Float.floatToRawIntBits(x[xOffset + i]) & 0x7FFFFFFF);
    }
    float max = Float.intBitsToFloat(bits);
    float factor = 127 * (1 / max);
    if (!(max <= Float.MAX_VALUE)) { // infinite or NaN: x * factor is 0 or NaN
      Arrays.fill(q, qOffset, qOffset + length, (byte) 0);
      return factor;
    }
    MemorySegment to = MemorySegment.ofArray(q).asSlice(qOffset);
    CodeMemory.call(round, from, NONE, to, NONE, bulk, Float.floatToRawIntBits(factor), 0, 0, 0);
    for (int i = bulk; i < length; i++) {
      float shifted = x[xOffset + i] * factor + FloatMath.ROUND;
      q[qOffset + i] = (byte) Float.floatToRawIntBits(shifted);
    }
    return factor;
  }

  private static MemorySegment floats(float[] x, int offset) {
    return MemorySegment.ofArray(x).asSlice((long) offset * Float.BYTES);
  }

  @Override
  public TernaryMatrix prepare(TernaryTensor tensor, SegmentAllocator memory) {
    return tensor.columns() > MAX_COLUMNS
        ? super.prepare(tensor, memory)
        : NativeMatrix.of(tensor, memory);
  }

  @Override
  public long copyBytes(TernaryLayout layout, boolean inOrder, int rows, int columns) {
    return columns > MAX_COLUMNS
        ? super.copyBytes(layout, inOrder, rows, columns)
        : NativeMatrix.copyBytes(rows, columns);
  }

  @Override
  public TernaryMatrix restore(int rows, int columns, MemorySegment copy) {
    TernaryMatrix checked = super.restore(rows, columns, copy);
    return columns > MAX_COLUMNS
        ? checked
        : NativeMatrix.restore(rows, columns, copy, Arena.ofAuto());
  }

  @Override
  public void ternaryMatMul(
      TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit, Scratch scratch) {
    NativeScratch own = NativeScratch.of(scratch);
    if (!(w instanceof NativeMatrix matrix)) {
      super.ternaryMatMul(w, x, tokens, out, fromUnit, toUnit, own.plain);
      return;
    }
    int columns = matrix.columns();
    Objects.checkFromToIndex(fromUnit, toUnit, matrix.units());
    Objects.checkFromIndexSize(0, (long) tokens * columns, x.length);
    Objects.checkFromIndexSize(0, (long) tokens * matrix.rows(), out.length);
    int stride = NativeMatrix.paddedColumns(columns);
    boolean tiled = tokens >= MIN_TILE_TOKENS && tiles != null && matrix.rows() % 4 == 0;
    int rowsOfInput = tiled ? Math.ceilDiv(tokens, LANES) * LANES : tokens;
    MemorySegment input = own.input((long) rowsOfInput * stride);
    MemorySegment sums = own.sums((long) tokens * Integer.BYTES);
    for (int t = 0; t < tokens; t++) {
      int sum = copyPadded(x, t * columns, columns, input.asSlice((long) t * stride, stride));
      sums.setAtIndex(JAVA_INT, t, sum);
    }
    int direct = Math.clamp(matrix.directUnits(), fromUnit, toUnit);
    int next = fromUnit;
    if (tiled) {
      input.asSlice((long) tokens * stride).fill((byte) 0);
      next = multiplyTiles(matrix, input, sums, tokens, out, fromUnit, direct, own);
    }
    multiply(matrix, matrix.packed(), 0, input, sums, tokens, out, next, direct);
    multiply(
        matrix, matrix.lastUnits(), matrix.directUnits(), input, sums, tokens, out, direct, toUnit);
  }

  /** Copies a row of int8, fills it up with zeros, and returns its sum. */
  private int copyPadded(byte[] x, int offset, int length, MemorySegment to) {
    int bulk = length - length % LANES;
    MemorySegment from = MemorySegment.ofArray(x).asSlice(offset);
    int sum = (int) CodeMemory.call(copyAndSum, from, NONE, to, NONE, bulk, 0, 0, 0, 0);
    for (int i = bulk; i < length; i++) {
      sum += x[offset + i];
      to.set(JAVA_BYTE, i, x[offset + i]);
    }
    to.asSlice(length).fill((byte) 0);
    return sum;
  }

  /** Multiplies whole blocks of packed rows with tiles; returns the first one that is left. */
  private int multiplyTiles(
      NativeMatrix matrix,
      MemorySegment input,
      MemorySegment sums,
      int tokens,
      int[] out,
      int fromUnit,
      int toUnit,
      NativeScratch own) {
    int columns = matrix.columns();
    int stride = NativeMatrix.paddedColumns(columns);
    MemorySegment work = own.tiles(X86Kernels.tileWorkBytes(stride));
    X86Kernels.setTileWork(work, columns, stride, sums, matrix.units());
    int unit = fromUnit;
    while (unit <= toUnit - X86Kernels.TILE_ROWS) {
      int blocks = Math.min((toUnit - unit) / X86Kernels.TILE_ROWS, MAX_TILE_BLOCKS);
      CodeMemory.call(
          Objects.requireNonNull(tiles),
          matrix.packed().asSlice((long) unit * columns),
          input,
          MemorySegment.ofArray(out).asSlice((long) unit * Integer.BYTES),
          work,
          blocks,
          tokens,
          stride,
          (long) matrix.rows() * Integer.BYTES,
          0);
      unit += blocks * X86Kernels.TILE_ROWS;
    }
    return unit;
  }

  /**
   * Multiplies some packed rows.
   *
   * @param packed packed rows from {@code firstUnit} on
   */
  private void multiply(
      NativeMatrix matrix,
      MemorySegment packed,
      int firstUnit,
      MemorySegment input,
      MemorySegment sums,
      int tokens,
      int[] out,
      int fromUnit,
      int toUnit) {
    int columns = matrix.columns();
    int rows = matrix.rows();
    int tiles = Math.ceilDiv(tokens, ternary.maxRows());
    int block = tiles == 1 ? Math.max(toUnit - fromUnit, 1) : BLOCK_UNITS;
    int stride = NativeMatrix.paddedColumns(columns);
    MemorySegment results = MemorySegment.ofArray(out);
    for (int unit = fromUnit; unit < toUnit; unit += block) {
      int end = Math.min(unit + block, toUnit);
      MemorySegment weights = packed.asSlice((long) (unit - firstUnit) * columns);
      for (int tile = 0; tile < tiles; tile++) {
        int token = (int) ((long) tokens * tile / tiles);
        int count = (int) ((long) tokens * (tile + 1) / tiles) - token;
        CodeMemory.call(
            (tile == 0 ? ternaryFromMemory : ternary).forRows(count),
            weights,
            input.asSlice((long) token * stride),
            results.asSlice((long) token * rows * Integer.BYTES),
            sums.asSlice((long) token * Integer.BYTES),
            packedRange(unit, end),
            0,
            matrix.units(),
            columns,
            rows);
      }
    }
  }

  private static long packedRange(int from, int to) {
    return (long) to << 32 | from;
  }

  @Override
  public void denseMatMul(
      DenseMatrix w, float[] x, int tokens, float[] out, int fromRow, int toRow, Scratch scratch) {
    NativeScratch own = NativeScratch.of(scratch);
    int columns = w.columns();
    if (columns % LANES != 0) {
      super.denseMatMul(w, x, tokens, out, fromRow, toRow, own.plain);
      return;
    }
    Objects.checkFromToIndex(fromRow, toRow, w.rows());
    Objects.checkFromIndexSize(0, (long) tokens * columns, x.length);
    Objects.checkFromIndexSize(0, (long) tokens * w.rows(), out.length);
    int max = laneSumsF32.maxRows();
    for (int row = fromRow; row < toRow; row += DECODED_ROWS) {
      int count = Math.min(DECODED_ROWS, toRow - row);
      MemorySegment numbers = own.rows(DECODED_ROWS * Integer.BYTES);
      for (int i = 0; i < DECODED_ROWS; i++) {
        numbers.setAtIndex(JAVA_INT, i, row + Math.min(i, count - 1));
      }
      Weights weights = weights(w, count, numbers, own);
      for (int token = 0; token < tokens; token += max) {
        int n = Math.min(max, tokens - token);
        laneSums(
            weights,
            numbers,
            count,
            columns,
            floats(x, token * columns),
            n,
            out,
            token * w.rows() + row,
            w.rows(),
            own);
      }
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
    NativeScratch own = NativeScratch.of(scratch);
    int columns = w.columns();
    if (columns % LANES != 0) {
      super.denseRows(w, rows, x, xOffset, out, from, to, own.plain);
      return;
    }
    Objects.checkFromToIndex(from, to, Math.min(rows.length, out.length));
    Objects.checkFromIndexSize(xOffset, columns, x.length);
    MemorySegment numbers = own.rows(DECODED_ROWS * Integer.BYTES);
    for (int i = from; i < to; i += DECODED_ROWS) {
      int count = Math.min(DECODED_ROWS, to - i);
      for (int k = 0; k < DECODED_ROWS; k++) {
        numbers.setAtIndex(
            JAVA_INT, k, Objects.checkIndex(rows[i + Math.min(k, count - 1)], w.rows()));
      }
      Weights weights = weights(w, count, numbers, own);
      laneSums(weights, numbers, count, columns, floats(x, xOffset), 1, out, i, 0, own);
    }
  }

  /** Where the rows of a dense matrix are, and the kernels that read them. */
  private record Weights(MemorySegment data, long rowBytes, Variants kernels) {}

  /**
   * Returns the weights of some rows. They are copied, and the numbers changed to those of the
   * copies, if the type has blocks, or if they lie in a mapped file: in Java a file that was cut
   * short meanwhile is an error, in machine code it would end the process.
   */
  private Weights weights(DenseMatrix w, int count, MemorySegment numbers, NativeScratch own) {
    Variants kernels =
        switch (w.type()) {
          case F16 -> laneSumsF16;
          case BF16 -> laneSumsBf16;
          default -> laneSumsF32;
        };
    boolean plain = w.type().blockSize() == 1;
    if (plain && !w.data().isMapped()) {
      return new Weights(w.data(), w.rowBytes(), kernels);
    }
    long rowBytes = plain ? w.rowBytes() : (long) w.columns() * Float.BYTES;
    MemorySegment copies = own.weights(DECODED_ROWS * rowBytes);
    for (int i = 0; i < count; i++) {
      int row = numbers.getAtIndex(JAVA_INT, i);
      if (plain) {
        MemorySegment.copy(w.data(), row * rowBytes, copies, i * rowBytes, rowBytes);
      } else {
        float[] decoded = own.decoded(w.columns());
        w.copyRow(row, decoded, 0);
        MemorySegment.copy(decoded, 0, copies, JAVA_FLOAT, i * rowBytes, w.columns());
      }
    }
    for (int i = 0; i < DECODED_ROWS; i++) {
      numbers.setAtIndex(JAVA_INT, i, Math.min(i, count - 1));
    }
    return new Weights(copies, rowBytes, kernels);
  }

  /** Multiplies up to {@link #DECODED_ROWS} rows; the last group of four may be incomplete. */
  private static void laneSums(
      Weights weights,
      MemorySegment numbers,
      int count,
      int columns,
      MemorySegment x,
      int tokens,
      float[] out,
      int outOffset,
      int outStride,
      NativeScratch own) {
    int whole = count / ROWS;
    long xBytes = (long) columns * Float.BYTES;
    MemorySegment kernel = weights.kernels.forRows(tokens);
    if (whole > 0) {
      CodeMemory.call(
          kernel,
          weights.data,
          x,
          floats(out, outOffset),
          numbers,
          range(whole, columns),
          weights.rowBytes,
          xBytes,
          (long) outStride * Float.BYTES,
          0);
    }
    int rest = count - whole * ROWS;
    if (rest > 0) {
      MemorySegment results = own.sums((long) tokens * ROWS * Float.BYTES);
      CodeMemory.call(
          kernel,
          weights.data,
          x,
          results,
          numbers.asSlice((long) whole * ROWS * Integer.BYTES),
          range(1, columns),
          weights.rowBytes,
          xBytes,
          ROWS * Float.BYTES,
          0);
      for (int t = 0; t < tokens; t++) {
        MemorySegment.copy(
            results,
            JAVA_FLOAT,
            (long) t * ROWS * Float.BYTES,
            out,
            outOffset + whole * ROWS + t * outStride,
            rest);
      }
    }
  }

  private static long range(int groups, int columns) {
    return (long) columns << 32 | groups;
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
    if (w.data().isMapped()) { // see weights()
      super.int8Products(w, x, lines, lineCount, out, fromRow, toRow);
      return;
    }
    int groups = (toRow - fromRow) / Int8Matrix.GROUP;
    int8Groups(w, x, lines, lineCount, out, fromRow, groups);
    int rest = toRow - fromRow - groups * Int8Matrix.GROUP;
    if (rest > 0) {
      int[] last = new int[Int8Matrix.GROUP];
      int8Groups(w, x, lines, lineCount, last, toRow - rest, 1);
      System.arraycopy(last, 0, out, toRow - rest - fromRow, rest);
    }
  }

  private void int8Groups(
      Int8Matrix w, short[] x, int[] lines, int lineCount, int[] out, int fromRow, int groups) {
    CodeMemory.call(
        int8,
        w.data().asSlice(w.lineOffset(fromRow, 0)),
        MemorySegment.ofArray(x),
        MemorySegment.ofArray(out),
        MemorySegment.ofArray(lines),
        groups,
        lineCount,
        groupBytes(w),
        0,
        0);
  }

  private static long groupBytes(Int8Matrix w) {
    return (long) w.lines() * Int8Matrix.LINE * Int8Matrix.GROUP;
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
    NativeScratch own = NativeScratch.of(scratch);
    if (w.data().isMapped()) { // see weights()
      super.int8MatMul(w, x, xOffset, tokens, out, fromRow, toRow, own.plain);
      return;
    }
    int padded = w.lines() * Int8Matrix.LINE;
    MemorySegment input = own.input((long) tokens * padded * Float.BYTES);
    for (int t = 0; t < tokens; t++) {
      MemorySegment row =
          input.asSlice((long) t * padded * Float.BYTES, (long) padded * Float.BYTES);
      MemorySegment.copy(x, xOffset + t * columns, row, JAVA_FLOAT, 0, columns);
      row.asSlice((long) columns * Float.BYTES).fill((byte) 0);
    }
    int row = fromRow;
    while (row < toRow) {
      int inGroup = row % Int8Matrix.GROUP;
      int whole = inGroup == 0 ? (toRow - row) / Int8Matrix.GROUP : 0;
      if (whole > 0) {
        int groups = Math.min(whole, DECODED_ROWS);
        int8Tiles(w, input, padded, tokens, floats(out, row - fromRow), rows, row, groups);
        row += groups * Int8Matrix.GROUP;
        continue;
      }
      MemorySegment results = own.sums((long) tokens * Int8Matrix.GROUP * Float.BYTES);
      int8Tiles(w, input, padded, tokens, results, Int8Matrix.GROUP, row - inGroup, 1);
      int count = Math.min(Int8Matrix.GROUP - inGroup, toRow - row);
      for (int t = 0; t < tokens; t++) {
        long at = ((long) t * Int8Matrix.GROUP + inGroup) * Float.BYTES;
        MemorySegment.copy(results, JAVA_FLOAT, at, out, t * rows + row - fromRow, count);
      }
      row += count;
    }
  }

  private void int8Tiles(
      Int8Matrix w,
      MemorySegment input,
      int padded,
      int tokens,
      MemorySegment out,
      int outStride,
      int row,
      int groups) {
    int max = laneSumsInt8.maxRows();
    long xBytes = (long) padded * Float.BYTES;
    for (int token = 0; token < tokens; token += max) {
      int count = Math.min(max, tokens - token);
      CodeMemory.call(
          laneSumsInt8.forRows(count),
          w.data().asSlice(w.lineOffset(row, 0)),
          input.asSlice(token * xBytes),
          out.asSlice((long) token * outStride * Float.BYTES),
          NONE,
          range(groups, padded),
          groupBytes(w),
          xBytes,
          (long) outStride * Float.BYTES,
          0);
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
    if (n % LANES != 0) {
      super.rmsNorm(x, xOffset, weight, epsilon, out, outOffset, NativeScratch.of(scratch).plain);
      return;
    }
    Objects.checkFromIndexSize(xOffset, n, x.length);
    Objects.checkFromIndexSize(outOffset, n, out.length);
    MemorySegment from = floats(x, xOffset);
    int sum = (int) CodeMemory.call(sumOfSquares, from, NONE, NONE, NONE, n, 0, 0, 0, 0);
    float r = 1 / (float) Math.sqrt(Float.intBitsToFloat(sum) / n + epsilon);
    CodeMemory.call(
        scale,
        from,
        MemorySegment.ofArray(weight),
        floats(out, outOffset),
        NONE,
        n,
        Float.floatToRawIntBits(r),
        0,
        0,
        0);
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
    Variants kernels = type == DenseType.F32 ? panelF32 : panelF16;
    MemorySegment panel = data.asSlice(panelBytes);
    int max = kernels.maxRows();
    for (int row = 0; row < rows; row += max) {
      CodeMemory.call(
          kernels.forRows(Math.min(max, rows - row)),
          floats(x, xOffset + row * xStride),
          panel,
          floats(out, outOffset + row * outStride),
          NONE,
          length,
          (long) xStride * Float.BYTES,
          (long) outStride * Float.BYTES,
          0,
          0);
    }
  }

  @Override
  public void softmax(float[] x, int offset, int length, float scoreScale) {
    int padded = Math.ceilDiv(length, PANEL) * PANEL;
    Objects.checkFromIndexSize(offset, padded, x.length);
    Arrays.fill(x, offset + length, offset + padded, Float.NEGATIVE_INFINITY);
    int bits = Float.floatToRawIntBits(scoreScale);
    CodeMemory.call(softmax, floats(x, offset), NONE, NONE, NONE, padded, bits, 0, 0, 0);
  }
}
