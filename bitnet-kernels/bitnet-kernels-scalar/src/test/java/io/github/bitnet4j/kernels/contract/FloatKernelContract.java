package io.github.bitnet4j.kernels.contract;

import static io.github.bitnet4j.kernels.contract.Numbers.assertBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.FloatMath;
import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The float kernels: results are compared by their bits. */
public abstract class FloatKernelContract extends KernelContract {
  private static final List<DenseType> PLAIN =
      List.of(DenseType.F32, DenseType.F16, DenseType.BF16);

  /** The types of a key/value cache. */
  private static final List<DenseType> CACHED = List.of(DenseType.F32, DenseType.F16);

  private static final int PANEL = Kernels.PANEL;

  protected FloatKernelContract(KernelProvider provider) {
    super(provider);
  }

  @Test
  void multipliesDenseMatricesOfEveryTypeAndNumberOfColumns() {
    for (DenseType type : PLAIN) {
      for (int columns : Numbers.LENGTHS) {
        checkDense(type, 1 + random.nextInt(20), columns, 1 + random.nextInt(6));
      }
    }
  }

  @Test
  void multipliesDenseMatricesOfEveryNumberOfRows() {
    for (DenseType type : PLAIN) {
      for (int rows = 1; rows <= 20; rows++) {
        checkDense(type, rows, 40, 1);
      }
    }
  }

  @Test
  void multipliesDenseMatricesWithManyTokens() {
    for (DenseType type : PLAIN) {
      for (int tokens = 1; tokens <= 9; tokens++) {
        for (int columns : List.of(50, 256, 299, 515)) {
          checkDense(type, 35, columns, tokens);
        }
      }
    }
  }

  @Test
  void anyPartitionOfDenseRowsGivesTheSameResult() {
    for (DenseType type : PLAIN) {
      DenseMatrix w = dense(type, patterns(type, 61 * 35), 61, 35);
      float[] x = Numbers.floats(random, 2 * 35);
      float[] whole = new float[2 * 61];
      kernels.denseMatMul(w, x, 2, whole, 0, 61, scratch);
      for (int repetition = 0; repetition < 10; repetition++) {
        float[] parts = Numbers.guards(2 * 61);
        for (int from = 0; from < 61; ) {
          int to = Math.min(61, from + random.nextInt(12));
          kernels.denseMatMul(w, x, 2, parts, from, to, scratch);
          from = to;
        }
        assertBits(parts, whole, type.name());
      }
    }
  }

  @Test
  void givesSomeRowsTheBitsTheyHaveInTheWholeProduct() {
    for (DenseType type : PLAIN) {
      for (int columns : List.of(1, 16, 35, 64, 150)) {
        checkRows(dense(type, patterns(type, 40 * columns), 40, columns), type.name());
      }
    }
  }

  @Test
  void multipliesTypesThatAreStoredInBlocks() {
    for (DenseType type : DenseType.values()) {
      if (type.blockSize() > 1) {
        for (int tokens = 1; tokens <= 5; tokens++) {
          checkBlocks(type, 3 * type.blockSize(), tokens);
        }
      }
    }
  }

  private void checkBlocks(DenseType type, int columns, int tokens) {
    byte[] data = new byte[21 * (int) type.rowBytes(columns)];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) random.nextInt(0x3C); // scales are halves from two such bytes: finite
    }
    DenseMatrix w = new DenseMatrix("test", type, 21, columns, Numbers.unaligned(data, arena));
    float[] x = Numbers.floats(random, tokens * columns);
    float[] out = new float[tokens * 21];
    kernels.denseMatMul(w, x, tokens, out, 0, 21, scratch);
    float[] weights = new float[columns];
    for (int row = 0; row < 21; row++) {
      w.copyRow(row, weights, 0);
      for (int t = 0; t < tokens; t++) {
        float[] token = Arrays.copyOfRange(x, t * columns, (t + 1) * columns);
        assertBits(
            new float[] {out[t * 21 + row]},
            new float[] {Numbers.laneSumOfProducts(weights, token)},
            type + ", row " + row);
      }
    }
    checkRows(w, type.name());
  }

  private void checkRows(DenseMatrix w, String description) {
    float[] x = Numbers.floats(random, w.columns() + 3);
    float[] whole = new float[w.rows()];
    kernels.denseMatMul(w, Arrays.copyOfRange(x, 2, x.length), 1, whole, 0, w.rows(), scratch);
    int[] rows = random.ints(30, 0, w.rows()).toArray();
    for (int count = 0; count <= 20; count++) {
      float[] expected = Numbers.guards(30);
      float[] out = Numbers.guards(30);
      for (int i = 5; i < 5 + count; i++) {
        expected[i] = whole[rows[i]];
      }
      kernels.denseRows(w, rows, x, 2, out, 5, 5 + count, scratch);
      assertBits(out, expected, "%s, %d rows".formatted(description, count));
    }
  }

  @Test
  void readsHalfFloatsAsTheReferenceDoes() {
    GoldenFile file = GoldenFile.read("half_floats.json");
    checkHalfFloats(DenseType.F16, file.get("f16"));
    checkHalfFloats(DenseType.BF16, file.get("bf16"));
  }

  /** Every pattern, in the middle of a row that is long enough for full registers. */
  @Test
  void readsEveryFiniteHalfFloat() {
    for (DenseType type : List.of(DenseType.F16, DenseType.BF16)) {
      int exponent = type == DenseType.F16 ? 0x7C00 : 0x7F80;
      int[] patterns = new int[1 << 16];
      for (int i = 0; i < patterns.length; i++) {
        patterns[i] = (i & exponent) == exponent ? 0 : i;
      }
      DenseMatrix w = dense(type, patterns, patterns.length / 16, 16);
      for (int tokens : List.of(1, 4)) { // whose kernels decode on their own
        for (int c = 0; c < 16; c++) {
          float[] x = new float[tokens * 16];
          x[(tokens - 1) * 16 + c] = 1;
          float[] out = new float[tokens * w.rows()];
          kernels.denseMatMul(w, x, tokens, out, 0, w.rows(), scratch);
          for (int row = 0; row < w.rows(); row++) {
            assertThat(out[(tokens - 1) * w.rows() + row])
                .isEqualTo(value(type, patterns[row * 16 + c]) + 0f);
          }
        }
      }
    }
  }

  @Test
  void keepsTheSignOfProductsThatVanish() {
    // -1e-40 * 1e-20 rounds to -0; it must not be added to a padding of +0.
    for (int columns : List.of(16, 17, 31, 32, 40)) {
      int[] patterns = new int[columns];
      Arrays.fill(patterns, 0x8001);
      DenseMatrix w = dense(DenseType.BF16, patterns, 1, columns);
      for (int tokens : List.of(1, 3)) {
        float[] x = new float[tokens * columns];
        Arrays.fill(x, 1e-20f);
        float[] expected = new float[tokens];
        Arrays.fill(expected, -0.0f);
        float[] out = new float[tokens];
        kernels.denseMatMul(w, x, tokens, out, 0, 1, scratch);
        assertBits(out, expected, "%d columns, %d tokens".formatted(columns, tokens));
      }
    }
  }

  @Test
  void normalizesEveryLengthAtAnyOffsetAndInPlace() {
    for (int length : Numbers.LENGTHS) {
      float[] x = Numbers.floats(random, length + 4);
      float[] weight = Numbers.floats(random, length);
      int offset = random.nextInt(5);
      float[] row = Arrays.copyOfRange(x, offset, offset + length);
      float r = 1 / (float) Math.sqrt(Numbers.laneSumOfProducts(row, row) / length + 1e-6f);
      float[] expected = Numbers.guards(length + 4);
      for (int i = 0; i < length; i++) {
        expected[4 - offset + i] = weight[i] * (row[i] * r);
      }

      float[] out = Numbers.guards(length + 4);
      kernels.rmsNorm(x, offset, weight, 1e-6f, out, 4 - offset, scratch);
      assertBits(out, expected, "length " + length);

      kernels.rmsNorm(row, 0, weight, 1e-6f, row, 0, scratch);
      assertBits(
          row, Arrays.copyOfRange(expected, 4 - offset, 4 - offset + length), "in place " + length);
    }
  }

  @Test
  void normalizesAsTheReferenceDoes() {
    GoldenFile.read("rmsnorm.json")
        .cases()
        .forEach(
            c -> {
              float[] x = c.get("x").floats();
              float[] expected = c.get("y").floats();
              float[] out = new float[x.length];
              kernels.rmsNorm(
                  x, 0, c.get("weight").floats(), c.get("eps").number(), out, 0, scratch);
              for (int i = 0; i < x.length; i++) {
                assertThat(out[i]).isCloseTo(expected[i], within(Math.abs(expected[i]) * 1e-6f));
              }
            });
  }

  @Test
  void multipliesPanelsOfEveryLength() {
    for (DenseType type : CACHED) {
      for (int length : Numbers.LENGTHS) {
        checkPanel(type, 1 + random.nextInt(12), length);
      }
      checkPanel(type, 3, 0);
    }
  }

  @Test
  void multipliesPanelsWithEveryNumberOfRows() {
    for (DenseType type : CACHED) {
      for (int rows = 1; rows <= 35; rows++) {
        checkPanel(type, rows, 40);
      }
    }
  }

  @Test
  void rowsOfAPanelProductDoNotDependOnTheOthers() {
    for (DenseType type : CACHED) {
      int length = 80;
      MemorySegment panel = dense(type, patterns(type, length * PANEL), length, PANEL).data();
      float[] x = Numbers.floats(random, 13 * length);
      float[] together = new float[13 * PANEL];
      kernels.panelMatMul(x, 0, length, 13, type, panel, 0, length, together, 0, PANEL);
      float[] alone = new float[13 * PANEL];
      for (int row = 0; row < 13; row++) {
        kernels.panelMatMul(x, row * length, 0, 1, type, panel, 0, length, alone, row * PANEL, 0);
      }
      assertBits(alone, together, type.name());
    }
  }

  /** A row of the panel that is not among the terms, and a column that nobody reads. */
  @Test
  void panelProductsAreOfTheirOwnColumnAndTermsOnly() {
    float[] panel = Numbers.floats(random, 20 * PANEL);
    float[] x = Numbers.floats(random, 5 * 20);
    float[] expected = new float[5 * PANEL];
    kernels.panelMatMul(x, 0, 20, 5, DenseType.F32, memory(panel), 0, 17, expected, 0, PANEL);
    for (int j = 0; j < PANEL; j++) {
      float[] other = panel.clone();
      for (int i = 0; i < 20; i++) {
        other[i * PANEL + j] = i % 2 == 0 ? Float.NaN : Float.POSITIVE_INFINITY;
      }
      Arrays.fill(other, 17 * PANEL, 20 * PANEL, Float.NaN);
      float[] out = new float[5 * PANEL];
      kernels.panelMatMul(x, 0, 20, 5, DenseType.F32, memory(other), 0, 17, out, 0, PANEL);
      for (int row = 0; row < 5; row++) {
        assertThat(out[row * PANEL + j]).isNaN();
        out[row * PANEL + j] = expected[row * PANEL + j];
      }
      assertBits(out, expected, "column " + j);
    }
  }

  @Test
  void readsEveryFiniteHalfFloatOfAPanel() {
    int[] patterns = new int[1 << 16];
    for (int i = 0; i < patterns.length; i++) {
      patterns[i] = (i & 0x7C00) == 0x7C00 ? 0 : i;
    }
    int length = patterns.length / PANEL;
    MemorySegment panel = dense(DenseType.F16, patterns, length, PANEL).data();
    float[] x = new float[length];
    for (int i = 0; i < length; i++) {
      x[i] = 1;
      float[] out = new float[PANEL];
      kernels.panelMatMul(x, 0, 0, 1, DenseType.F16, panel, 0, length, out, 0, 0);
      x[i] = 0;
      for (int j = 0; j < PANEL; j++) {
        assertThat(out[j])
            .isEqualTo(value(DenseType.F16, patterns[i * PANEL + index(DenseType.F16, j)]) + 0f);
      }
    }
  }

  @Test
  void softmaxOfEveryLengthAtAnyOffset() {
    for (int length : Numbers.LENGTHS) {
      float[] x = Numbers.guards(padded(length) + 5);
      int offset = random.nextInt(6);
      for (int i = 0; i < length; i++) {
        x[offset + i] = (float) random.nextGaussian() * 30;
      }
      checkSoftmax(x, offset, length);
    }
  }

  @Test
  void softmaxOfExtremes() {
    for (int length : List.of(3, 16, 33, 100)) {
      float[] equal = new float[padded(length)];
      checkSoftmax(equal, 0, length);
      assertThat(equal[0]).isEqualTo(1f / length);

      float[] apart = new float[padded(length)];
      for (int i = 0; i < length; i++) {
        // Around the limit of -87 below which the exponential is 0, and far below it.
        apart[i] = i % 3 == 0 ? -86.9f - i * 0.01f : i % 3 == 1 ? -1e30f : -Float.MIN_VALUE * i;
      }
      checkSoftmax(apart, 0, length);

      float[] large = new float[padded(length)];
      Arrays.fill(large, -Float.MAX_VALUE);
      large[length - 1] = Float.MAX_VALUE;
      kernels.softmax(large, 0, length, 1);
      assertThat(large[0]).isZero();
      assertThat(large[length - 1]).isOne();
    }
  }

  /** The first calls are interpreted, the last ones run on vector instructions. */
  @Test
  void resultsStayTheSameWhenTheCompilerTakesOver() {
    int n = 151;
    float[] x = Numbers.floats(random, n);
    MemorySegment rows = memory(Numbers.floats(random, 5 * n));
    List<DenseMatrix> matrices =
        PLAIN.stream().map(type -> dense(type, patterns(type, 5 * n), 5, n)).toList();
    float[] first = allOperations(x, rows, matrices);
    for (int repetition = 0; repetition < COMPILED_AFTER; repetition++) {
      float[] again = allOperations(x, rows, matrices);
      if (!Arrays.equals(again, first)) { // by bits
        assertBits(again, first, "repetition " + repetition);
      }
    }
  }

  @Test
  void neverFailsForInputsThatAreNotFinite() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int length : List.of(1, 16, 40, 100)) {
        float[] x = Numbers.floats(random, length);
        x[length / 2] = bad;
        float[] out = new float[length];
        kernels.rmsNorm(x, 0, Numbers.floats(random, length), 1e-6f, out, 0, scratch);
        MemorySegment rows = memory(x);
        float[] sums = new float[PANEL];
        kernels.panelMatMul(x, 0, 0, 1, DenseType.F32, rows, 0, length / PANEL, sums, 0, 0);
        DenseMatrix w = dense(DenseType.F16, new int[length], 1, length);
        kernels.denseMatMul(w, x, 1, out, 0, 1, scratch);
        assertThat(out[0]).isNaN();
        float[] scores = Arrays.copyOf(x, padded(length));
        kernels.softmax(scores, 0, length, 1);
        Arrays.fill(scores, bad);
        kernels.softmax(scores, 0, length, 1);
        assertThat(scores[0]).isNaN();
      }
    }
  }

  @Test
  void rejectsArgumentsOutOfBounds() {
    DenseMatrix w = dense(DenseType.F32, new int[5 * 20], 5, 20);
    MemorySegment rows = memory(new float[3 * PANEL]);
    List<Runnable> calls =
        List.of(
            () -> kernels.denseMatMul(w, new float[20], 1, new float[5], 0, 6, scratch),
            () -> kernels.denseMatMul(w, new float[20], 1, new float[5], -1, 5, scratch),
            () -> kernels.denseMatMul(w, new float[39], 2, new float[10], 0, 5, scratch),
            () -> kernels.denseMatMul(w, new float[40], 2, new float[9], 0, 1, scratch),
            () ->
                kernels.denseRows(w, new int[] {5}, new float[20], 0, new float[1], 0, 1, scratch),
            () ->
                kernels.denseRows(w, new int[] {-1}, new float[20], 0, new float[1], 0, 1, scratch),
            () -> kernels.denseRows(w, new int[1], new float[20], 1, new float[1], 0, 1, scratch),
            () -> kernels.denseRows(w, new int[1], new float[20], 0, new float[2], 0, 2, scratch),
            () -> kernels.denseRows(w, new int[2], new float[20], 0, new float[1], 1, 2, scratch),
            () -> kernels.rmsNorm(new float[20], 1, new float[20], 0, new float[20], 0, scratch),
            () -> kernels.rmsNorm(new float[20], 0, new float[20], 0, new float[20], 1, scratch),
            () -> kernels.softmax(new float[32], 1, 20, 1),
            () -> kernels.softmax(new float[32], -1, 20, 1),
            () -> kernels.softmax(new float[31], 0, 20, 1),
            () -> panelMatMul(new float[22], 0, 20, rows, 0, 3, new float[64], 0, 32),
            () -> panelMatMul(new float[40], 0, 21, rows, 0, 20, new float[64], 0, 32),
            () -> panelMatMul(new float[40], -1, 20, rows, 0, 3, new float[64], 0, 32),
            () -> panelMatMul(new float[40], 0, 20, rows, 4, 3, new float[64], 0, 32),
            () -> panelMatMul(new float[40], 0, 20, rows, -4, 3, new float[64], 0, 32),
            () -> panelMatMul(new float[40], 0, 20, rows, 0, 4, new float[64], 0, 32),
            () -> panelMatMul(new float[40], 0, 20, rows, 0, 3, new float[64], 1, 32),
            () -> panelMatMul(new float[40], 0, 20, rows, 0, 3, new float[64], -1, 32),
            () -> panelMatMul(new float[40], 0, 20, rows, 0, 3, new float[64], 0, 33));
    for (Runnable call : calls) {
      assertThatThrownBy(call::run).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void rejectsPanelsOfOtherTypes() {
    MemorySegment data = memory(new float[PANEL]);
    assertThatThrownBy(
            () ->
                kernels.panelMatMul(
                    new float[1], 0, 1, 1, DenseType.BF16, data, 0, 1, new float[PANEL], 0, PANEL))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("BF16");
  }

  /** Multiplies a panel with two rows. */
  private void panelMatMul(
      float[] x,
      int xOffset,
      int xStride,
      MemorySegment panel,
      long panelBytes,
      int length,
      float[] out,
      int outOffset,
      int outStride) {
    kernels.panelMatMul(
        x,
        xOffset,
        xStride,
        2,
        DenseType.F32,
        panel,
        panelBytes,
        length,
        out,
        outOffset,
        outStride);
  }

  private float[] allOperations(float[] x, MemorySegment rows, List<DenseMatrix> matrices) {
    int n = x.length;
    float[] out = new float[2 * n + PANEL + 11 * PANEL];
    kernels.rmsNorm(x, 0, x, 1e-6f, out, 0, scratch);
    System.arraycopy(x, 0, out, n, n);
    kernels.softmax(out, n, n, 0.3f);
    kernels.panelMatMul(x, 0, 8, 11, DenseType.F32, rows, 4, 20, out, 2 * n + PANEL, PANEL);
    kernels.panelMatMul(x, 0, 8, 11, DenseType.F16, rows, 2, 40, out, 2 * n + PANEL, PANEL);
    for (int i = 0; i < matrices.size(); i++) {
      float[] products = new float[5];
      kernels.denseMatMul(matrices.get(i), x, 1, products, 0, 3, scratch);
      kernels.denseRows(matrices.get(i), new int[] {0, 1, 2, 3, 4}, x, 0, products, 3, 5, scratch);
      System.arraycopy(products, 0, out, 2 * n + 5 * (i + 1), 5);
    }
    return out;
  }

  private void checkDense(DenseType type, int rows, int columns, int tokens) {
    int[] patterns = patterns(type, rows * columns);
    DenseMatrix w = dense(type, patterns, rows, columns);
    float[] x = Numbers.floats(random, tokens * columns);
    float[] expected = Numbers.guards(tokens * rows + 3);
    float[] out = expected.clone();
    int from = random.nextInt(rows);
    int to = from + 1 + random.nextInt(rows - from);
    for (int t = 0; t < tokens; t++) {
      float[] token = Arrays.copyOfRange(x, t * columns, (t + 1) * columns);
      for (int row = from; row < to; row++) {
        float[] weights = new float[columns];
        for (int c = 0; c < columns; c++) {
          weights[c] = value(type, patterns[row * columns + c]);
        }
        expected[t * rows + row] = Numbers.laneSumOfProducts(weights, token);
      }
    }

    kernels.denseMatMul(w, x, tokens, out, from, to, scratch);

    assertBits(
        out,
        expected,
        "%s %d x %d, %d tokens, rows %d to %d".formatted(type, rows, columns, tokens, from, to));
  }

  private void checkHalfFloats(DenseType type, GoldenFile pairs) {
    pairs
        .elements()
        .forEach(
            pair -> {
              float expected = pair.floats()[1];
              if (Float.isFinite(expected)) {
                int[] row = new int[16];
                row[5] = (int) pair.floats()[0];
                float[] x = new float[16];
                x[5] = 1;
                float[] out = new float[1];
                kernels.denseMatMul(dense(type, row, 1, 16), x, 1, out, 0, 1, scratch);
                assertThat(out[0]).isEqualTo(expected + 0f); // +0 plus -0 is +0
              }
            });
  }

  /** Returns where a column is in a row of a panel; those of half floats are in pairs. */
  private static int index(DenseType type, int column) {
    return type == DenseType.F32 ? column : column % 16 * 2 + column / 16;
  }

  private void checkPanel(DenseType type, int rows, int length) {
    int before = random.nextInt(3); // rows of the panel that are skipped
    int[] patterns = patterns(type, (before + length + 1) * PANEL);
    MemorySegment data = dense(type, patterns, before + length + 1, PANEL).data();
    int xStride = length + random.nextInt(3) * 5;
    int outStride = PANEL + random.nextInt(3) * 7;
    float[] x = Numbers.floats(random, 3 + rows * xStride);
    float[] out = Numbers.floats(random, 2 + rows * outStride);
    float[] expected = out.clone();
    for (int row = 0; row < rows; row++) {
      for (int j = 0; j < PANEL; j++) {
        int o = 2 + row * outStride + j;
        for (int i = 0; i < length; i++) {
          float element = value(type, patterns[(before + i) * PANEL + index(type, j)]);
          expected[o] = Math.fma(x[3 + row * xStride + i], element, expected[o]);
        }
      }
    }

    long start = before * type.rowBytes(PANEL);
    kernels.panelMatMul(x, 3, xStride, rows, type, data, start, length, out, 2, outStride);

    assertBits(out, expected, "%s, %d rows, length %d".formatted(type, rows, length));
  }

  private static int padded(int length) {
    return (length + PANEL - 1) / PANEL * PANEL;
  }

  private void checkSoftmax(float[] x, int offset, int length) {
    float[] expected = x.clone();
    float[] e = Arrays.copyOfRange(x, offset, offset + length);
    float scale = random.nextBoolean() ? 1 : 0.0883f;
    float max = Float.NEGATIVE_INFINITY;
    for (float value : e) {
      max = Math.max(max, scale * value);
    }
    for (int i = 0; i < length; i++) {
      e[i] = FloatMath.exp(scale * e[i] - max);
    }
    float sum = Numbers.laneSum(e);
    Arrays.fill(expected, offset, offset + padded(length), 0);
    for (int i = 0; i < length; i++) {
      expected[offset + i] = e[i] / sum;
    }

    kernels.softmax(x, offset, length, scale);

    assertBits(x, expected, "length " + length);
  }

  /** Returns random elements as they are stored; for F16 all finite ones are as likely. */
  private int[] patterns(DenseType type, int count) {
    int[] patterns = new int[count];
    for (int i = 0; i < count; i++) {
      float value = (float) random.nextGaussian();
      patterns[i] =
          switch (type) {
            case F32 -> Float.floatToRawIntBits(value);
            case F16 -> random.nextInt(0x7C00) | random.nextInt(2) << 15;
            case BF16 -> Float.floatToRawIntBits(value) >>> 16;
            default -> throw new AssertionError(type);
          };
    }
    return patterns;
  }

  /** Decodes a stored element by its definition. */
  private static float value(DenseType type, int pattern) {
    return switch (type) {
      case F32 -> Float.intBitsToFloat(pattern);
      case F16 -> {
        int exponent = pattern >> 10 & 31;
        int mantissa = pattern & 1023;
        double magnitude =
            exponent == 0
                ? Math.scalb((double) mantissa, -24)
                : Math.scalb(1024.0 + mantissa, exponent - 25);
        yield (float) (pattern >> 15 == 0 ? magnitude : -magnitude);
      }
      case BF16 -> Float.intBitsToFloat(pattern << 16);
      default -> throw new AssertionError(type);
    };
  }

  private DenseMatrix dense(DenseType type, int[] patterns, int rows, int columns) {
    ByteBuffer data =
        ByteBuffer.allocate(patterns.length * type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int pattern : patterns) {
      if (type == DenseType.F32) {
        data.putInt(pattern);
      } else {
        data.putShort((short) pattern);
      }
    }
    return new DenseMatrix("test", type, rows, columns, Numbers.unaligned(data.array(), arena));
  }

  private MemorySegment memory(float[] values) {
    return arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }
}
