package io.github.bitnet4j.kernels.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The integer kernels: quantization and the ternary matrix product. */
public abstract class TernaryKernelContract extends KernelContract {
  private static final int GUARD = 0x5EED5EED;

  /** The product, or the same in plain loops. */
  private interface Product {
    void multiply(TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit);
  }

  private final Product product =
      (w, x, tokens, out, from, to) -> kernels.ternaryMatMul(w, x, tokens, out, from, to, scratch);

  private final Product plainProduct =
      (w, x, tokens, out, from, to) ->
          kernels.plainTernaryMatMul(w, x, tokens, out, from, to, scratch);

  protected TernaryKernelContract(KernelProvider provider) {
    super(provider);
  }

  @Test
  void quantizesEveryLengthAtAnyOffset() {
    for (int length : Numbers.LENGTHS) {
      float[] x = Numbers.floats(random, length + 5);
      int xOffset = random.nextInt(6);
      int qOffset = random.nextInt(6);
      byte[] expected = Numbers.bytes(random, length + 5);
      byte[] q = expected.clone();
      float max = 1e-5f;
      for (int i = 0; i < length; i++) {
        max = Math.max(max, Math.abs(x[xOffset + i]));
      }
      float scale = 127 * (1 / max);
      for (int i = 0; i < length; i++) {
        int nearest = (int) Math.floor(x[xOffset + i] * scale);
        float above = x[xOffset + i] * scale - nearest;
        boolean up = above > 0.5f || above == 0.5f && nearest % 2 != 0;
        expected[qOffset + i] = (byte) (up ? nearest + 1 : nearest);
      }

      assertThat(kernels.quantize(x, xOffset, length, q, qOffset)).isEqualTo(scale);

      assertThat(q).as("length %d", length).isEqualTo(expected);
    }
  }

  @Test
  void quantizesHalvesToEven() {
    float[] x = new float[255];
    byte[] expected = new byte[255];
    for (int i = 0; i < 254; i++) {
      x[i] = i - 126.5f;
      expected[i] = (byte) (2 * Math.round(x[i] / 2)); // the even neighbour
    }
    x[254] = 127;
    expected[254] = 127;
    byte[] q = new byte[255];

    assertThat(kernels.quantize(x, 0, 255, q, 0)).isEqualTo(1);

    assertThat(q).isEqualTo(expected);
  }

  @Test
  void quantizesAsTheReferenceDoes() {
    GoldenFile.read("activation_quant.json")
        .cases()
        .forEach(
            c -> {
              float[] x = c.get("x").floats();
              byte[] q = new byte[x.length];
              float scale = kernels.quantize(x, 0, x.length, q, 0);
              assertThat(scale).as("%s", c.get("name")).isEqualTo(c.get("scale").number());
              assertThat(q).as("%s", c.get("name")).isEqualTo(c.get("int8").bytes());
            });
  }

  @Test
  void quantizesRowsThatAreNotFiniteToZero() {
    for (int length : List.of(1, 7, 16, 64, 100)) {
      for (int at : List.of(0, length / 2, length - 1)) {
        float[] x = Numbers.floats(random, length);
        byte[] q = Numbers.bytes(random, length);
        x[at] = Float.NEGATIVE_INFINITY;
        assertThat(kernels.quantize(x, 0, length, q, 0)).isZero();
        assertThat(q).containsOnly(0);

        q = Numbers.bytes(random, length);
        x[random.nextInt(length)] = Float.NaN;
        assertThat(kernels.quantize(x, 0, length, q, 0)).isNaN();
        assertThat(q).containsOnly(0);
      }
    }
  }

  @Test
  void multipliesEveryNumberOfColumns() {
    for (int columns : Numbers.LENGTHS) {
      int[][] trits = Numbers.trits(random, 1 + random.nextInt(9), columns);
      int tokens = 1 + random.nextInt(9);
      check(trits, Numbers.bytes(random, tokens * columns), tokens);
    }
  }

  /** Kernels may cut large matrices and many rows of activations into pieces of their own. */
  @Test
  void multipliesManyRowsWithManyTokens() {
    for (int rows : List.of(128, 321, 640, 700, 1280, 1300, 2701)) {
      for (int tokens : List.of(1, 3, 8, 17, 33, 41, 70)) {
        check(Numbers.trits(random, rows, 76), Numbers.bytes(random, tokens * 76), tokens);
      }
    }
    check(Numbers.trits(random, 1290, 2570), Numbers.bytes(random, 11 * 2570), 11);
    check(Numbers.trits(random, 700, 6912), Numbers.bytes(random, 10 * 6912), 10);
  }

  /** What was made of one input may serve the next one only if that is the same as a whole. */
  @Test
  void inputsThatShareTheirBeginningAreToldApart() {
    for (int tokens : List.of(1, 2, 40)) {
      byte[] x = Numbers.bytes(random, tokens * 120);
      for (int columns : List.of(120, 119, 110, 120)) {
        check(Numbers.trits(random, 50, columns), x, tokens);
      }
    }
  }

  @Test
  void multipliesEveryNumberOfRows() {
    for (int rows = 1; rows <= 40; rows++) {
      check(Numbers.trits(random, rows, 70), Numbers.bytes(random, 70), 1);
    }
  }

  @Test
  void multipliesEveryNumberOfTokens() {
    for (int tokens = 1; tokens <= 9; tokens++) {
      check(Numbers.trits(random, 11, 150), Numbers.bytes(random, tokens * 150), tokens);
    }
  }

  @Test
  void staysExactForTheLargestSums() {
    for (int columns : List.of(64, 1023, 1024, 1025, 2048, 4095, 4096, 4224, 6912, 12289)) {
      int[][] trits = new int[9][columns];
      for (int row = 0; row < trits.length; row++) {
        Arrays.fill(trits[row], row % 3 - 1);
      }
      for (byte x : new byte[] {-128, -127, 127}) {
        byte[] xs = new byte[columns];
        Arrays.fill(xs, x);
        check(trits, xs, 1);
      }
    }
  }

  @Test
  void staysExactWhereSignsOfTritsAndActivationsAgree() {
    int columns = 6912;
    int[][] trits = Numbers.trits(random, 4, columns);
    byte[] x = new byte[2 * columns];
    for (int c = 0; c < columns; c++) {
      x[c] = (byte) (trits[1][c] > 0 ? 127 : -128);
      x[columns + c] = (byte) (trits[2][c] > 0 ? -128 : 127);
    }
    check(trits, x, 2);
  }

  /** Sums of neighbouring rows may be computed in one number. */
  @Test
  void staysExactWhereNeighbouringRowsHaveOppositeExtremes() {
    for (int columns : List.of(2000, 6912)) {
      byte[] x = new byte[9 * columns];
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextBoolean() ? (byte) 127 : (byte) -128;
      }
      int[][] trits = new int[64][columns];
      for (int[] row : trits) {
        int pattern = random.nextInt(4);
        for (int c = 0; c < columns; c++) {
          int sign = Integer.signum(x[c]);
          row[c] = List.of(1, -1, sign, -sign).get(pattern);
        }
      }
      check(trits, Arrays.copyOf(x, columns), 1);
      check(trits, x, 9);
    }
  }

  /** The first calls are interpreted, the last ones run on vector instructions. */
  @Test
  void resultsStayTheSameWhenTheCompilerTakesOver() {
    int columns = 391;
    TernaryMatrix w = prepare(Numbers.trits(random, 16, columns));
    float[] x = Numbers.floats(random, columns);
    byte[] q = new byte[columns];
    int[] out = new int[16];
    kernels.quantize(x, 0, columns, q, 0);
    kernels.ternaryMatMul(w, q, 1, out, 0, w.units(), scratch);
    for (int repetition = 0; repetition < COMPILED_AFTER; repetition++) {
      byte[] q2 = new byte[columns];
      int[] out2 = new int[16];
      kernels.quantize(x, 0, columns, q2, 0);
      kernels.ternaryMatMul(w, q2, 1, out2, 0, w.units(), scratch);
      assertThat(Arrays.equals(q2, q)).as("repetition %d", repetition).isTrue();
      assertThat(Arrays.equals(out2, out)).as("repetition %d", repetition).isTrue();
    }
  }

  /** So many rows that what the compiler makes of the loops is used. */
  @Test
  void plainLoopsGiveTheSameWhenTheCompilerMakesVectorCodeOfThem() {
    int rows = 700;
    int columns = 391;
    TernaryMatrix w = prepare(Numbers.trits(random, rows, columns));
    for (int repetition = 0; repetition < 300; repetition++) {
      int tokens = 1 + repetition % 3;
      byte[] x = Numbers.bytes(random, tokens * columns);
      int[] out = new int[tokens * rows];
      int[] expected = new int[tokens * rows];
      kernels.plainTernaryMatMul(w, x, tokens, out, 0, w.units(), scratch);
      kernels.ternaryMatMul(w, x, tokens, expected, 0, w.units(), scratch);
      assertThat(Arrays.equals(out, expected)).as("repetition %d", repetition).isTrue();
    }
  }

  @Test
  void anyPartitionOfUnitsGivesTheSameResult() {
    TernaryMatrix w = prepare(Numbers.trits(random, 101, 130));
    byte[] x = Numbers.bytes(random, 3 * 130);
    int[] whole = new int[3 * 101];
    kernels.ternaryMatMul(w, x, 3, whole, 0, w.units(), scratch);
    for (int repetition = 0; repetition < 20; repetition++) {
      int[] parts = new int[whole.length];
      Arrays.fill(parts, GUARD);
      for (int from = 0; from < w.units(); ) {
        int to = Math.min(w.units(), from + random.nextInt(5));
        kernels.ternaryMatMul(w, x, 3, parts, from, to, scratch);
        from = to;
      }
      assertThat(parts).isEqualTo(whole);
    }
  }

  @Test
  void unitsWriteDisjointRows() {
    for (int rows = 1; rows <= 20; rows++) {
      TernaryMatrix w = prepare(Numbers.trits(random, rows, 40));
      byte[] x = Numbers.bytes(random, 2 * 40);
      int[] writes = new int[2 * rows];
      for (int unit = 0; unit < w.units(); unit++) {
        int[] out = new int[2 * rows];
        Arrays.fill(out, GUARD);
        kernels.ternaryMatMul(w, x, 2, out, unit, unit + 1, scratch);
        for (int i = 0; i < out.length; i++) {
          writes[i] += out[i] == GUARD ? 0 : 1;
        }
      }
      assertThat(writes).as("%d rows", rows).containsOnly(1);
    }
  }

  @Test
  void multipliesPackedWeightsAsTheReferenceDoes() {
    GoldenFile.read("bitlinear.json")
        .cases()
        .forEach(
            c -> {
              int rows = c.get("out").integer();
              int columns = c.get("in").integer();
              TernaryTensor tensor =
                  Numbers.rowQuarters(c.get("packed_hex").bytes(), rows, columns, arena);
              TernaryMatrix w = kernels.prepare(tensor, arena);
              List<float[]> x = c.get("x").elements().map(GoldenFile::floats).toList();
              byte[] q = new byte[x.size() * columns];
              for (int t = 0; t < x.size(); t++) {
                float scale = kernels.quantize(x.get(t), 0, columns, q, t * columns);
                assertThat(scale).isEqualTo(c.get("act_scale").floats()[t]);
              }
              int[] out = new int[x.size() * rows];
              kernels.ternaryMatMul(w, q, x.size(), out, 0, w.units(), scratch);
              assertThat(q).isEqualTo(Numbers.toBytes(c.get("int8").rowsOfInts()));
              assertThat(out).isEqualTo(c.get("acc").rowsOfInts());
            });
  }

  @Test
  void readsPackedTritsAsTheReferenceDoes() {
    GoldenFile.read("packed.json")
        .cases()
        .forEach(
            c -> {
              int rows = c.get("out").integer();
              int columns = c.get("in").integer();
              TernaryTensor tensor =
                  Numbers.rowQuarters(c.get("packed_hex").bytes(), rows, columns, arena);
              int[][] trits = c.get("trits").elements().map(GoldenFile::ints).toArray(int[][]::new);
              check(kernels.prepare(tensor, arena), trits, Numbers.bytes(random, columns), 1);
            });
  }

  @Test
  void statesTheMemoryThatPreparedWeightsTake() {
    TernaryTensor tensor = Numbers.rowQuarters(new byte[2 * 50], 7, 50, arena);
    long[] allocated = new long[1];

    TernaryMatrix w =
        kernels.prepare(
            tensor,
            (size, alignment) -> {
              allocated[0] += size;
              return arena.allocate(size, alignment);
            });

    assertThat(w.rows()).isEqualTo(7);
    assertThat(w.columns()).isEqualTo(50);
    assertThat(w.preparedBytes()).isEqualTo(allocated[0]);
  }

  @Test
  void aMatrixIsRestoredFromItsCopy() {
    for (int[] shape : new int[][] {{2, 1}, {8, 50}, {300, 130}, {1400, 64}}) {
      int rows = shape[0];
      int columns = shape[1];
      TernaryTensor stored = Numbers.rowQuarters(Numbers.trits(random, rows, columns), arena);
      // Interleaved heads can be used in place by nobody.
      TernaryTensor tensor =
          new TernaryTensor("w", stored.layout(), rows, columns, rows, stored.data());
      int[][] trits = new int[rows][columns];
      byte[] row = new byte[columns];
      for (int i = 0; i < rows; i++) {
        tensor.decodeRow(i, row, 0);
        for (int c = 0; c < columns; c++) {
          trits[i][c] = row[c];
        }
      }

      MemorySegment copy = kernels.prepare(tensor, arena).copy().orElseThrow();

      check(kernels.restore(rows, columns, copy), trits, Numbers.bytes(random, columns), 1);
      assertThatThrownBy(() -> kernels.restore(rows, columns + 100, copy))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void theSizeOfACopyIsKnownBeforehand() {
    for (int[] shape : new int[][] {{1, 1}, {4, 18}, {30, 37}, {128, 76}, {641, 130}, {1280, 55}}) {
      int rows = shape[0];
      int columns = shape[1];
      TernaryTensor inOrder = Numbers.rowQuarters(Numbers.trits(random, rows, columns), arena);
      assertThat(kernels.copyBytes(inOrder.layout(), true, rows, columns))
          .as("%d x %d", rows, columns)
          .isEqualTo(kernels.prepare(inOrder, arena).preparedBytes());
      if (rows % 2 == 0) {
        TernaryTensor interleaved =
            new TernaryTensor("w", inOrder.layout(), rows, columns, 2, inOrder.data());
        assertThat(kernels.copyBytes(inOrder.layout(), false, rows, columns))
            .isEqualTo(kernels.prepare(interleaved, arena).preparedBytes());
      }
    }
  }

  /** The way to the copy may depend on how a tensor is stored, the copy may not. */
  @Test
  void theCopyDoesNotDependOnTheLayoutOfTheTensor() {
    for (int[] shape : new int[][] {{128, 76}, {1280, 130}, {300, 64}}) {
      int rows = shape[0];
      int columns = shape[1];
      int[][] trits = Numbers.trits(random, rows, columns);
      // A head of two rows is stored as it is, but says that rows are not in order.
      TernaryTensor inOrder = Numbers.rowQuarters(trits, arena);
      TernaryTensor interleaved =
          new TernaryTensor("w", inOrder.layout(), rows, columns, 2, inOrder.data());

      MemorySegment copy =
          kernels
              .prepare(inOrder, arena)
              .copy()
              .orElse(inOrder.data()); // kernels that use it in place need no copy

      assertThat(kernels.prepare(interleaved, arena).copy().orElseThrow().mismatch(copy))
          .isEqualTo(-1);
    }
  }

  @Test
  void rejectsMatricesOfOtherKernels() {
    TernaryMatrix other =
        new TernaryMatrix() {
          @Override
          public int rows() {
            return 4;
          }

          @Override
          public int columns() {
            return 4;
          }

          @Override
          public int units() {
            return 1;
          }

          @Override
          public Optional<MemorySegment> copy() {
            return Optional.empty();
          }
        };
    for (Product each : List.of(product, plainProduct)) {
      assertThatThrownBy(() -> each.multiply(other, new byte[4], 1, new int[4], 0, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void rejectsArgumentsOutOfBounds() {
    TernaryMatrix w = prepare(Numbers.trits(random, 8, 20));
    List<Runnable> calls = new ArrayList<>();
    calls.add(() -> kernels.quantize(new float[10], 1, 10, new byte[20], 0));
    calls.add(() -> kernels.quantize(new float[10], 0, 10, new byte[10], 1));
    calls.add(() -> kernels.quantize(new float[10], -1, 5, new byte[10], 0));
    calls.add(() -> kernels.quantize(new float[10], 0, -1, new byte[10], 0));
    for (Product each : List.of(product, plainProduct)) {
      calls.add(() -> each.multiply(w, new byte[20], 1, new int[8], 0, 3));
      calls.add(() -> each.multiply(w, new byte[20], 1, new int[8], -1, 1));
      calls.add(() -> each.multiply(w, new byte[20], 1, new int[8], 2, 1));
      calls.add(() -> each.multiply(w, new byte[19], 1, new int[8], 0, 1));
      calls.add(() -> each.multiply(w, new byte[39], 2, new int[16], 0, 1));
      calls.add(() -> each.multiply(w, new byte[40], 2, new int[15], 0, 1));
      calls.add(() -> each.multiply(w, new byte[20], -1, new int[8], 0, 1));
    }
    for (Runnable call : calls) {
      assertThatThrownBy(call::run).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  private TernaryMatrix prepare(int[][] trits) {
    return kernels.prepare(Numbers.rowQuarters(trits, arena), arena);
  }

  private void check(int[][] trits, byte[] x, int tokens) {
    check(prepare(trits), trits, x, tokens);
  }

  /** Compares with sums in long arithmetic, for all units at once and for some of them. */
  private void check(TernaryMatrix w, int[][] trits, byte[] x, int tokens) {
    int rows = trits.length;
    int columns = trits[0].length;
    String shape = "%d x %d, %d tokens".formatted(rows, columns, tokens);
    int[] expected = new int[tokens * rows + 3];
    Arrays.fill(expected, GUARD);
    for (int t = 0; t < tokens; t++) {
      for (int row = 0; row < rows; row++) {
        long sum = 0;
        for (int c = 0; c < columns; c++) {
          sum += (long) trits[row][c] * x[t * columns + c];
        }
        expected[t * rows + row] = Math.toIntExact(sum);
      }
    }
    check(product, w, x, tokens, expected, shape);
    check(plainProduct, w, x, tokens, expected, shape + ", plain loops");
  }

  private void check(
      Product product, TernaryMatrix w, byte[] x, int tokens, int[] expected, String shape) {
    int[] out = new int[expected.length];
    Arrays.fill(out, GUARD);
    product.multiply(w, x, tokens, out, 0, w.units());
    assertThat(out).as(shape).isEqualTo(expected);

    int from = random.nextInt(w.units());
    int to = from + random.nextInt(w.units() - from + 1);
    int[] part = new int[expected.length];
    Arrays.fill(part, GUARD);
    product.multiply(w, x, tokens, part, from, to);
    for (int i = 0; i < part.length; i++) {
      if (part[i] != GUARD) {
        assertThat(part[i]).as("%s, units %d to %d", shape, from, to).isEqualTo(expected[i]);
      }
    }
  }
}
