package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.Lanes.FLOATS;
import static io.github.bitnet4j.kernels.vector.Lanes.REGISTERS;
import static io.github.bitnet4j.kernels.vector.Lanes.WIDTH;

import jdk.incubator.vector.FloatVector;

/** Normalization by the root mean square. */
final class RmsNorm {
  private RmsNorm() {}

  static void normalize(
      float[] x,
      int xOffset,
      float[] weight,
      float epsilon,
      float[] out,
      int outOffset,
      float[] sums) {
    int n = weight.length;
    float r = 1 / (float) Math.sqrt(sumOfSquares(x, xOffset, n, sums) / n + epsilon);
    int i = 0;
    for (; i <= n - WIDTH; i += WIDTH) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, xOffset + i).mul(r);
      FloatVector.fromArray(FLOATS, weight, i).mul(v).intoArray(out, outOffset + i);
    }
    for (; i < n; i++) {
      out[outOffset + i] = weight[i] * (x[xOffset + i] * r);
    }
  }

  private static float sumOfSquares(float[] x, int offset, int length, float[] sums) {
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int bulk = length - length % Lanes.SUM;
    for (int i = offset; i < offset + bulk; i += Lanes.SUM) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, i);
      s0 = v.fma(v, s0);
      if (REGISTERS > 1) {
        v = FloatVector.fromArray(FLOATS, x, i + WIDTH);
        s1 = v.fma(v, s1);
      }
      if (REGISTERS > 2) {
        v = FloatVector.fromArray(FLOATS, x, i + 2 * WIDTH);
        s2 = v.fma(v, s2);
        v = FloatVector.fromArray(FLOATS, x, i + 3 * WIDTH);
        s3 = v.fma(v, s3);
      }
    }
    s0.intoArray(sums, 0);
    if (REGISTERS > 1) {
      s1.intoArray(sums, WIDTH);
    }
    if (REGISTERS > 2) {
      s2.intoArray(sums, 2 * WIDTH);
      s3.intoArray(sums, 3 * WIDTH);
    }
    for (int i = bulk; i < length; i++) {
      float xi = x[offset + i];
      sums[i - bulk] = Math.fma(xi, xi, sums[i - bulk]);
    }
    return Lanes.total(sums, 0);
  }
}
