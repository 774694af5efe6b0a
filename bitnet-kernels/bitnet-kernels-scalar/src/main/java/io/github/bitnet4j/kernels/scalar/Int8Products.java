package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.spi.Int8Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Rows of int8 times one row of int8, in a loop that the JVM compiles to vector code of its own:
 * other kernels are replaced by this one until they are compiled, and the LM head is large.
 *
 * <p>An int holds four columns, each of which meets an array of its own: bytes that are next to
 * each other would not become the lanes of a vector.
 */
final class Int8Products {
  /** Ints of a row's part of a line. */
  private static final int LINE_INTS = Int8Matrix.LINE / Integer.BYTES;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Int8Matrix w;
  private final int[] lines;
  private final int lineCount;

  /** What the columns {@code 4 i + j} of the lines are multiplied with, {@code [j][i]}. */
  private final int[][] x;

  /** All lines of a group. */
  private final int[] group;

  /** The lines of a row that count. */
  private final int[] row;

  private Int8Products(Int8Matrix w, short[] x, int[] lines, int lineCount) {
    this.w = w;
    this.lines = lines;
    this.lineCount = lineCount;
    this.x = new int[Integer.BYTES][lineCount * LINE_INTS];
    group = new int[w.lines() * Int8Matrix.GROUP * LINE_INTS];
    row = new int[lineCount * LINE_INTS];
    for (int k = 0; k < lineCount; k++) {
      for (int column = 0; column < Int8Matrix.LINE; column++) {
        this.x[column % Integer.BYTES][k * LINE_INTS + column / Integer.BYTES] =
            x[Int8Matrix.position(lines[k] * Int8Matrix.LINE + column)];
      }
    }
  }

  /** Computes {@link io.github.bitnet4j.spi.Kernels#int8Products}; arguments are within bounds. */
  static void multiply(
      Int8Matrix w, short[] x, int[] lines, int lineCount, int[] out, int fromRow, int toRow) {
    Int8Products products = new Int8Products(w, x, lines, lineCount);
    for (int row = fromRow; row < toRow; row++) {
      if (row % Int8Matrix.GROUP == 0) {
        products.readGroup(row);
      }
      out[row - fromRow] = products.multiply(row);
    }
  }

  private void readGroup(int firstRow) {
    MemorySegment.copy(w.data(), INT, w.lineOffset(firstRow, 0), group, 0, group.length);
  }

  private int multiply(int rowOfMatrix) {
    int inGroup = rowOfMatrix % Int8Matrix.GROUP;
    for (int k = 0; k < lineCount; k++) {
      int from = (lines[k] * Int8Matrix.GROUP + inGroup) * LINE_INTS;
      System.arraycopy(group, from, row, k * LINE_INTS, LINE_INTS);
    }
    return multiply(row, x[0], x[1], x[2], x[3]);
  }

  private static int multiply(int[] row, int[] x0, int[] x1, int[] x2, int[] x3) {
    int sum = 0;
    for (int i = 0; i < row.length; i++) {
      int w = row[i];
      sum +=
          (w << 24 >> 24) * x0[i]
              + (w << 16 >> 24) * x1[i]
              + (w << 8 >> 24) * x2[i]
              + (w >> 24) * x3[i];
    }
    return sum;
  }
}
