package io.github.bitnet4j.kernels.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.spi.Int8Matrix;
import io.github.bitnet4j.spi.KernelProvider;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Products of int8 rows with an int8 row, exact integers, and with float rows. */
public abstract class Int8KernelContract extends KernelContract {
  protected Int8KernelContract(KernelProvider provider) {
    super(provider);
  }

  @Test
  void multipliesEveryNumberOfColumns() {
    for (int columns : Numbers.LENGTHS) {
      Weights w = weights(random(7, columns));
      check(w, x(columns), allLines(w), 0, 7);
    }
  }

  @Test
  void multipliesEveryRangeOfRows() {
    for (int rows = 1; rows <= 21; rows++) {
      Weights w = weights(random(rows, 200));
      for (int from = 0; from < rows; from += Int8Matrix.GROUP) {
        for (int to = from; to < rows; to += Int8Matrix.GROUP) {
          check(w, x(200), allLines(w), from, to);
        }
        check(w, x(200), allLines(w), from, rows);
      }
    }
  }

  @Test
  void multipliesTheGivenLinesOnly() {
    Weights w = weights(random(9, 640));
    check(w, x(640), new int[] {}, 0, 9);
    check(w, x(640), new int[] {3}, 0, 9);
    check(w, x(640), new int[] {9, 0, 4}, 0, 9);
    check(w, x(600), new int[] {8, 9}, 0, 9);
  }

  @Test
  void countsOnlyTheFirstLinesOfTheList() {
    Weights w = weights(random(4, 256));
    short[] x = x(256);
    int[] expected = new int[4];
    kernels.int8Products(w.matrix, x, new int[] {2, 1}, 2, expected, 0, 4);
    int[] out = new int[4];
    kernels.int8Products(w.matrix, x, new int[] {2, 1, 0, 3}, 2, out, 0, 4);
    assertThat(out).isEqualTo(expected);
  }

  @Test
  void extremesDoNotOverflow() {
    int columns = 1 << 16;
    for (int weight : new int[] {-128, 127}) {
      for (int value : new int[] {-127, 127}) {
        byte[][] rows = new byte[5][columns];
        for (byte[] row : rows) {
          Arrays.fill(row, (byte) weight);
        }
        Weights w = weights(rows);
        short[] x = new short[columns];
        Arrays.fill(x, (short) value);
        check(w, x, allLines(w), 0, 5);
      }
    }
  }

  @Test
  void writesNothingButItsRows() {
    Weights w = weights(random(10, 100));
    int[] out = new int[12];
    Arrays.fill(out, 77);
    kernels.int8Products(w.matrix, x(100), allLines(w), 2, out, 4, 10);
    assertThat(Arrays.copyOfRange(out, 6, 12)).containsOnly(77);
  }

  @Test
  void resultsStayTheSameWhenTheCompilerTakesOver() {
    Weights w = weights(random(6, 150));
    Weights wide = weights(random(4, 1000));
    short[] x = x(150);
    for (int repetition = 0; repetition < COMPILED_AFTER; repetition++) {
      check(w, x, allLines(w), 0, 6);
      checkFloats(w, 3, 0, 6);
      if (repetition % 10 == 0) {
        check(wide, x(1000), allLines(wide), 0, 4);
      }
    }
  }

  @Test
  void multipliesFloatsOfEveryNumberOfColumns() {
    for (int columns : Numbers.LENGTHS) {
      checkFloats(weights(random(7, columns)), 1 + random.nextInt(6), 0, 7);
    }
  }

  @Test
  void multipliesFloatsWithEveryRangeOfRows() {
    for (int rows = 1; rows <= 37; rows += 4) {
      Weights w = weights(random(rows, 300));
      for (int from = 0; from < rows; from++) {
        checkFloats(w, 3, from, from + 1 + random.nextInt(rows - from));
      }
    }
  }

  @Test
  void multipliesAnyNumberOfFloatRows() {
    Weights w = weights(random(18, 531));
    for (int tokens = 1; tokens <= 17; tokens++) {
      checkFloats(w, tokens, 0, 18);
    }
  }

  @Test
  void rejectsArgumentsOutOfBounds() {
    Int8Matrix w = weights(random(8, 100)).matrix;
    short[] x = new short[128];
    int[] lines = {0, 1};
    List<Runnable> calls =
        List.of(
            () -> kernels.int8Products(w, x, lines, 2, new int[8], 0, 9),
            () -> kernels.int8Products(w, x, lines, 2, new int[8], -4, 4),
            () -> kernels.int8Products(w, x, lines, 2, new int[7], 0, 8),
            () -> kernels.int8Products(w, x, lines, 3, new int[8], 0, 8),
            () -> kernels.int8Products(w, x, new int[] {0, 2}, 2, new int[8], 0, 8),
            () -> kernels.int8Products(w, x, new int[] {-1}, 1, new int[8], 0, 8),
            () -> kernels.int8Products(w, new short[127], lines, 2, new int[8], 0, 8));
    for (Runnable call : calls) {
      assertThatThrownBy(call::run).isInstanceOf(IndexOutOfBoundsException.class);
    }
    float[] floats = new float[200];
    List<Runnable> floatCalls =
        List.of(
            () -> kernels.int8MatMul(w, floats, 0, 2, new float[18], 0, 9, scratch),
            () -> kernels.int8MatMul(w, floats, 0, 2, new float[18], -1, 8, scratch),
            () -> kernels.int8MatMul(w, floats, 0, 2, new float[15], 0, 8, scratch),
            () -> kernels.int8MatMul(w, floats, 1, 2, new float[16], 0, 8, scratch),
            () -> kernels.int8MatMul(w, floats, -1, 1, new float[16], 0, 8, scratch));
    for (Runnable call : floatCalls) {
      assertThatThrownBy(call::run).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  private record Weights(byte[][] rows, Int8Matrix matrix) {}

  private Weights weights(byte[][] rows) {
    Int8Matrix matrix = Int8Matrix.allocate(rows.length, rows[0].length, arena);
    for (int from = 0; from < rows.length; from += Int8Matrix.GROUP) {
      byte[] group = new byte[matrix.lines() * Int8Matrix.GROUP * Int8Matrix.LINE];
      for (int row = from; row < Math.min(rows.length, from + Int8Matrix.GROUP); row++) {
        for (int c = 0; c < rows[row].length; c++) {
          int line = Int8Matrix.offsetInGroup(row - from, c / Int8Matrix.LINE);
          group[line + c % Int8Matrix.LINE] = rows[row][c];
        }
      }
      matrix.setGroup(from, group);
    }
    return new Weights(rows, matrix);
  }

  private byte[][] random(int rows, int columns) {
    return IntStream.range(0, rows)
        .mapToObj(row -> Numbers.bytes(random, columns))
        .toArray(byte[][]::new);
  }

  /** Returns an x, padded with numbers that must meet zeros. */
  private short[] x(int columns) {
    short[] x = new short[Math.ceilDiv(columns, Int8Matrix.LINE) * Int8Matrix.LINE];
    for (int i = 0; i < x.length; i++) {
      x[i] = (short) random.nextInt(-127, 128);
    }
    return x;
  }

  private static int[] allLines(Weights w) {
    return IntStream.range(0, w.matrix.lines()).toArray();
  }

  private void check(Weights w, short[] x, int[] lines, int from, int to) {
    int[] expected = new int[to - from];
    for (int row = from; row < to; row++) {
      for (int line : lines) {
        int end = Math.min(w.matrix.columns(), (line + 1) * Int8Matrix.LINE);
        for (int c = line * Int8Matrix.LINE; c < end; c++) {
          expected[row - from] += w.rows[row][c] * x[Int8Matrix.position(c)];
        }
      }
    }
    int[] out = new int[to - from];
    kernels.int8Products(w.matrix, x, lines, lines.length, out, from, to);
    assertThat(out).as("%s, rows %d to %d", w.matrix, from, to).isEqualTo(expected);
  }

  private void checkFloats(Weights w, int tokens, int from, int to) {
    int columns = w.matrix.columns();
    float[] x = Numbers.floats(random, 3 + tokens * columns);
    float[] expected = Numbers.guards(tokens * (to - from) + 2);
    float[] out = expected.clone();
    for (int t = 0; t < tokens; t++) {
      float[] token = Arrays.copyOfRange(x, 3 + t * columns, 3 + (t + 1) * columns);
      for (int row = from; row < to; row++) {
        float[] weights = new float[columns];
        for (int c = 0; c < columns; c++) {
          weights[c] = w.rows[row][c];
        }
        expected[t * (to - from) + row - from] = Numbers.laneSumOfProducts(weights, token);
      }
    }
    kernels.int8MatMul(w.matrix, x, 3, tokens, out, from, to, scratch);
    String where = "%s, %d tokens, rows %d to %d".formatted(w.matrix, tokens, from, to);
    Numbers.assertBits(out, expected, where);
  }
}
