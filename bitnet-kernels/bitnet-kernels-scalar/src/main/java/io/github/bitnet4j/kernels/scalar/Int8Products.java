package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.spi.Int8Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

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
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Int8Products() {}

  /** Computes {@link io.github.bitnet4j.spi.Kernels#int8Products}; arguments are within bounds. */
  static void multiply(
      Int8Matrix w, short[] x, int[] lines, int lineCount, int[] out, int fromRow, int toRow) {
    if (lineCount == 0) {
      Arrays.fill(out, 0, toRow - fromRow, 0);
      return;
    }
    int ints = lineCount * LINE_INTS;
    int[] columns0 = new int[ints]; // those at 0, 4, 8 and so on
    int[] columns1 = new int[ints];
    int[] columns2 = new int[ints];
    int[] columns3 = new int[ints];
    for (int k = 0; k < lineCount; k++) {
      int even = lines[k] * Int8Matrix.LINE; // see Int8Matrix.position
      int odd = even + Int8Matrix.LINE / 2;
      for (int i = 0; i < LINE_INTS; i++) {
        columns0[k * LINE_INTS + i] = x[even + 2 * i];
        columns1[k * LINE_INTS + i] = x[odd + 2 * i];
        columns2[k * LINE_INTS + i] = x[even + 2 * i + 1];
        columns3[k * LINE_INTS + i] = x[odd + 2 * i + 1];
      }
    }
    int[] group = new int[w.lines() * Int8Matrix.GROUP * LINE_INTS];
    int[] weights = new int[ints];
    for (int row = fromRow; row < toRow; row++) {
      int inGroup = row % Int8Matrix.GROUP;
      if (row == fromRow || inGroup == 0) {
        MemorySegment.copy(w.data(), INT, w.lineOffset(row - inGroup, 0), group, 0, group.length);
      }
      for (int k = 0; k < lineCount; k++) {
        int from = (lines[k] * Int8Matrix.GROUP + inGroup) * LINE_INTS;
        System.arraycopy(group, from, weights, k * LINE_INTS, LINE_INTS);
      }
      out[row - fromRow] = multiply(weights, columns0, columns1, columns2, columns3);
    }
  }

  private static int multiply(int[] weights, int[] x0, int[] x1, int[] x2, int[] x3) {
    int sum = 0;
    for (int i = 0; i < weights.length; i++) {
      int w = weights[i];
      sum +=
          (w << 24 >> 24) * x0[i]
              + (w << 16 >> 24) * x1[i]
              + (w << 8 >> 24) * x2[i]
              + (w >> 24) * x3[i];
    }
    return sum;
  }
}
