package io.github.bitnet4j.kernels.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/** Test data, and the numeric rules of {@link io.github.bitnet4j.spi.Kernels} in other words. */
final class Numbers {
  /** Lengths around every register width and block: 1 to 130 and some more. */
  static final int[] LENGTHS =
      IntStream.concat(
              IntStream.rangeClosed(1, 130), IntStream.of(191, 192, 255, 256, 300, 1024, 2560))
          .toArray();

  /** Stands around outputs and must survive. */
  static final float GUARD = 12345.678f;

  private Numbers() {}

  /** Returns floats of many magnitudes with zeros of both signs and subnormals. */
  static float[] floats(Random random, int length) {
    float[] x = new float[length];
    for (int i = 0; i < length; i++) {
      float value = (float) random.nextGaussian();
      x[i] =
          switch (random.nextInt(32)) {
            case 0 -> -0.0f;
            case 1 -> value * 1e-40f;
            case 2 -> value * 1e-22f;
            case 3 -> value * 1e4f;
            default -> value;
          };
    }
    return x;
  }

  static byte[] bytes(Random random, int length) {
    byte[] x = new byte[length];
    random.nextBytes(x);
    return x;
  }

  static byte[] toBytes(int[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  static float[] guards(int length) {
    float[] x = new float[length];
    Arrays.fill(x, GUARD);
    return x;
  }

  /** Adds up the accumulators as a binary tree whose leaves j and j + 8 are neighbours. */
  static float laneSum(float[] terms) {
    float[] accumulators = new float[16];
    for (int i = 0; i < terms.length; i++) {
      accumulators[i % 16] += terms[i];
    }
    return tree(accumulators, 0, 1);
  }

  static float laneSumOfProducts(float[] a, float[] b) {
    float[] accumulators = new float[16];
    for (int lane = 0; lane < 16; lane++) {
      for (int i = lane; i < a.length; i += 16) {
        accumulators[lane] = Math.fma(a[i], b[i], accumulators[lane]);
      }
    }
    return tree(accumulators, 0, 1);
  }

  private static float tree(float[] accumulators, int j, int step) {
    return step == 16
        ? accumulators[j]
        : tree(accumulators, j, 2 * step) + tree(accumulators, j + step, 2 * step);
  }

  /** Packs trits as Hugging Face does, row by row of the unpacked matrix. */
  static TernaryTensor rowQuarters(int[][] trits, Arena arena) {
    int rows = trits.length;
    int columns = trits[0].length;
    int quarter = Math.ceilDiv(rows, 4);
    byte[] packed = new byte[quarter * columns];
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < columns; c++) {
        packed[row % quarter * columns + c] |= (byte) (trits[row][c] + 1 << 2 * (row / quarter));
      }
    }
    return rowQuarters(packed, rows, columns, arena);
  }

  static TernaryTensor rowQuarters(byte[] packed, int rows, int columns, Arena arena) {
    return new TernaryTensor(
        "test", TernaryLayout.ROW_QUARTERS, rows, columns, unaligned(packed, arena));
  }

  /** Copies to an odd address outside the heap. */
  static MemorySegment unaligned(byte[] data, Arena arena) {
    MemorySegment segment = arena.allocate(data.length + 1L, 64).asSlice(1);
    MemorySegment.copy(data, 0, segment, ValueLayout.JAVA_BYTE, 0, data.length);
    return segment;
  }

  static int[][] trits(Random random, int rows, int columns) {
    return IntStream.range(0, rows)
        .mapToObj(r -> random.ints(columns, -1, 2).toArray())
        .toArray(int[][]::new);
  }

  /** Asserts equal bits, so -0 differs from 0. */
  static void assertBits(float[] actual, float[] expected, String description) {
    assertThat(bits(actual)).as(description).isEqualTo(bits(expected));
  }

  private static int[] bits(float[] x) {
    int[] bits = new int[x.length];
    for (int i = 0; i < x.length; i++) {
      bits[i] = Float.floatToRawIntBits(x[i]);
    }
    return bits;
  }
}
