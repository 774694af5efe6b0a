package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.Lanes.FLOATS;
import static io.github.bitnet4j.kernels.vector.Lanes.WIDTH;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;

/** Sums of value rows by attention weights; results stay in registers over all positions. */
final class WeightedRows {
  private static final ByteOrder NATIVE = ByteOrder.nativeOrder();

  private WeightedRows() {}

  /** As {@link io.github.bitnet4j.spi.Kernels#addWeighted}, but start and stride are in bytes. */
  static void add(
      float[] weights,
      int weightsOffset,
      MemorySegment values,
      long start,
      long stride,
      int positions,
      int headDim,
      float[] out,
      int outOffset) {
    int i = 0;
    for (; i <= headDim - 4 * WIDTH; i += 4 * WIDTH) {
      long from = start + (long) i * Float.BYTES;
      addFour(weights, weightsOffset, values, from, stride, positions, out, outOffset + i);
    }
    for (; i <= headDim - WIDTH; i += WIDTH) {
      long from = start + (long) i * Float.BYTES;
      addOne(weights, weightsOffset, values, from, stride, positions, out, outOffset + i);
    }
    for (; i < headDim; i++) {
      float sum = out[outOffset + i];
      long at = start + (long) i * Float.BYTES;
      for (int p = 0; p < positions; p++, at += stride) {
        float value = values.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
        sum = Math.fma(weights[weightsOffset + p], value, sum);
      }
      out[outOffset + i] = sum;
    }
  }

  /** Four registers of lanes: enough to hide the latency of multiply-adds. */
  private static void addFour(
      float[] weights,
      int weightsOffset,
      MemorySegment values,
      long start,
      long stride,
      int positions,
      float[] out,
      int outOffset) {
    FloatVector s0 = FloatVector.fromArray(FLOATS, out, outOffset);
    FloatVector s1 = FloatVector.fromArray(FLOATS, out, outOffset + WIDTH);
    FloatVector s2 = FloatVector.fromArray(FLOATS, out, outOffset + 2 * WIDTH);
    FloatVector s3 = FloatVector.fromArray(FLOATS, out, outOffset + 3 * WIDTH);
    long register = (long) WIDTH * Float.BYTES;
    for (int p = 0; p < positions; p++) {
      FloatVector weight = FloatVector.broadcast(FLOATS, weights[weightsOffset + p]);
      long at = start + p * stride;
      s0 = FloatVector.fromMemorySegment(FLOATS, values, at, NATIVE).fma(weight, s0);
      at += register;
      s1 = FloatVector.fromMemorySegment(FLOATS, values, at, NATIVE).fma(weight, s1);
      at += register;
      s2 = FloatVector.fromMemorySegment(FLOATS, values, at, NATIVE).fma(weight, s2);
      at += register;
      s3 = FloatVector.fromMemorySegment(FLOATS, values, at, NATIVE).fma(weight, s3);
    }
    s0.intoArray(out, outOffset);
    s1.intoArray(out, outOffset + WIDTH);
    s2.intoArray(out, outOffset + 2 * WIDTH);
    s3.intoArray(out, outOffset + 3 * WIDTH);
  }

  private static void addOne(
      float[] weights,
      int weightsOffset,
      MemorySegment values,
      long start,
      long stride,
      int positions,
      float[] out,
      int outOffset) {
    FloatVector sum = FloatVector.fromArray(FLOATS, out, outOffset);
    for (int p = 0; p < positions; p++) {
      FloatVector weight = FloatVector.broadcast(FLOATS, weights[weightsOffset + p]);
      sum =
          FloatVector.fromMemorySegment(FLOATS, values, start + p * stride, NATIVE)
              .fma(weight, sum);
    }
    sum.intoArray(out, outOffset);
  }
}
