package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.Lanes.FLOATS;
import static io.github.bitnet4j.kernels.vector.Lanes.REGISTERS;
import static io.github.bitnet4j.kernels.vector.Lanes.WIDTH;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;

/**
 * Lane sums of float rows in memory times a vector: attention scores.
 *
 * <p>Four registers accumulate at once, because a fused multiply-add takes four cycles: 4 rows of
 * one register, 2 rows of two, or 1 row of four. So accumulator register k belongs to row {@code k
 * / REGISTERS} of the group and to columns {@code k % REGISTERS * WIDTH} on of every 16. Eight are
 * no faster in cache, and make methods so large that the compiler boxes vectors (6 to 10 times
 * slower).
 */
final class DotProducts {
  /** Rows computed together: 4, 2 or 1. */
  static final int GROUP = 4 / REGISTERS;

  /** First columns of the accumulator registers 1 to 3. */
  private static final int COLUMN_1 = 1 % REGISTERS * WIDTH;

  private static final int COLUMN_2 = 2 % REGISTERS * WIDTH;
  private static final int COLUMN_3 = 3 % REGISTERS * WIDTH;

  private DotProducts() {}

  static void attentionScores(
      float[] query,
      int queryOffset,
      int headDim,
      float scale,
      MemorySegment keys,
      long keysOffset,
      int keyStride,
      int positions,
      float[] scores,
      int scoresOffset) {
    int bulk = headDim - headDim % Lanes.SUM;
    long stride = (long) keyStride * Float.BYTES;
    float[] sums = new float[GROUP * Lanes.SUM];
    for (int p = 0; p < positions; p += GROUP) {
      int group = Math.min(GROUP, positions - p);
      long start = keysOffset * Float.BYTES + p * stride;
      f32(keys, ByteOrder.nativeOrder(), start, stride, group, query, queryOffset, bulk, sums);
      for (int k = 0; k < group; k++) {
        int sum = k * Lanes.SUM;
        for (int i = bulk; i < headDim; i++) {
          int lane = sum + i - bulk;
          float key =
              keys.get(
                  ValueLayout.JAVA_FLOAT_UNALIGNED, start + k * stride + (long) i * Float.BYTES);
          sums[lane] = Math.fma(key, query[queryOffset + i], sums[lane]);
        }
        scores[scoresOffset + p + k] = scale * Lanes.total(sums, sum);
      }
    }
  }

  /**
   * Stores the accumulators of a group of rows over the first {@code length} columns, a multiple of
   * 16. If the group is not full, its last row stands in for the missing ones.
   */
  private static void f32(
      MemorySegment data,
      ByteOrder order,
      long start,
      long stride,
      int group,
      float[] x,
      int xOffset,
      int length,
      float[] sums) {
    long o0 = start;
    long o1 = start + offset(1, group, stride, Float.BYTES);
    long o2 = start + offset(2, group, stride, Float.BYTES);
    long o3 = start + offset(3, group, stride, Float.BYTES);
    sums[0] = data.get(ValueLayout.JAVA_BYTE, start); // see TernaryProducts.block
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int c = 0; c < length; c += Lanes.SUM) {
      long b = (long) c * Float.BYTES;
      FloatVector x0 = FloatVector.fromArray(FLOATS, x, xOffset + c);
      FloatVector x1 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_1);
      FloatVector x2 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_2);
      FloatVector x3 = FloatVector.fromArray(FLOATS, x, xOffset + c + COLUMN_3);
      s0 = FloatVector.fromMemorySegment(FLOATS, data, o0 + b, order).fma(x0, s0);
      s1 = FloatVector.fromMemorySegment(FLOATS, data, o1 + b, order).fma(x1, s1);
      s2 = FloatVector.fromMemorySegment(FLOATS, data, o2 + b, order).fma(x2, s2);
      s3 = FloatVector.fromMemorySegment(FLOATS, data, o3 + b, order).fma(x3, s3);
    }
    s0.intoArray(sums, 0);
    s1.intoArray(sums, WIDTH);
    s2.intoArray(sums, 2 * WIDTH);
    s3.intoArray(sums, 3 * WIDTH);
  }

  /** Returns where accumulator register k starts to read, in bytes from the group's start. */
  private static long offset(int k, int group, long stride, int elementBytes) {
    int row = Math.min(k / REGISTERS, group - 1);
    return row * stride + (long) (k % REGISTERS) * WIDTH * elementBytes;
  }
}
