package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.Lanes.FLOATS;
import static io.github.bitnet4j.kernels.vector.Lanes.REGISTERS;
import static io.github.bitnet4j.kernels.vector.Lanes.WIDTH;

import io.github.bitnet4j.spi.FloatMath;
import io.github.bitnet4j.spi.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Scores to probabilities. */
final class Softmax {
  private Softmax() {}

  /** As {@link Kernels#softmax}, with a length that is a multiple of {@link Kernels#PANEL}. */
  static void softmax(float[] x, int offset, int length, float scale) {
    exp(x, offset, length, scale, scale * max(x, offset, length));
    float sum = sum(x, offset, length);
    for (int i = 0; i < length; i += WIDTH) {
      FloatVector.fromArray(FLOATS, x, offset + i).div(sum).intoArray(x, offset + i);
    }
  }

  private static float max(float[] x, int offset, int length) {
    FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < length; i += WIDTH) {
      max = max.max(FloatVector.fromArray(FLOATS, x, offset + i));
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /** Replaces x by exp(scale * x - max): {@link FloatMath#exp} of values up to 0. */
  private static void exp(float[] x, int offset, int length, float scale, float max) {
    FloatVector ln2Hi = FloatVector.broadcast(FLOATS, FloatMath.LN2_HI);
    FloatVector ln2Lo = FloatVector.broadcast(FLOATS, FloatMath.LN2_LO);
    FloatVector p0 = FloatVector.broadcast(FLOATS, FloatMath.P0);
    FloatVector p1 = FloatVector.broadcast(FLOATS, FloatMath.P1);
    FloatVector p2 = FloatVector.broadcast(FLOATS, FloatMath.P2);
    FloatVector p3 = FloatVector.broadcast(FLOATS, FloatMath.P3);
    FloatVector p4 = FloatVector.broadcast(FLOATS, FloatMath.P4);
    FloatVector p5 = FloatVector.broadcast(FLOATS, FloatMath.P5);
    for (int i = 0; i < length; i += WIDTH) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, offset + i).mul(scale).sub(max);
      FloatVector shifted = v.mul(FloatMath.LOG2_E).add(FloatMath.ROUND);
      FloatVector minusN = shifted.sub(FloatMath.ROUND).neg();
      FloatVector r = minusN.fma(ln2Lo, minusN.fma(ln2Hi, v));
      FloatVector p = p0.fma(r, p1);
      p = p.fma(r, p2).fma(r, p3).fma(r, p4).fma(r, p5);
      p = p.fma(r.mul(r), r).add(1);
      // The low bits of shifted are n; the others leave at the top.
      FloatVector e =
          shifted
              .reinterpretAsInts()
              .lanewise(VectorOperators.LSHL, 23)
              .add(p.reinterpretAsInts())
              .reinterpretAsFloats();
      e.blend(0, v.compare(VectorOperators.LT, FloatMath.EXP_MIN)).intoArray(x, offset + i);
    }
  }

  private static float sum(float[] x, int offset, int length) {
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int i = offset; i < offset + length; i += Lanes.SUM) {
      s0 = s0.add(FloatVector.fromArray(FLOATS, x, i));
      if (REGISTERS > 1) {
        s1 = s1.add(FloatVector.fromArray(FLOATS, x, i + WIDTH));
      }
      if (REGISTERS > 2) {
        s2 = s2.add(FloatVector.fromArray(FLOATS, x, i + 2 * WIDTH));
        s3 = s3.add(FloatVector.fromArray(FLOATS, x, i + 3 * WIDTH));
      }
    }
    return Lanes.total(s0, s1, s2, s3);
  }
}
