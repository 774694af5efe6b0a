package io.github.bitnet4j.kernels.vector;

import static io.github.bitnet4j.kernels.vector.Lanes.FLOATS;
import static io.github.bitnet4j.kernels.vector.Lanes.INTS;
import static io.github.bitnet4j.kernels.vector.Lanes.WIDTH;

import io.github.bitnet4j.spi.FloatMath;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Floats to int8 by absmax. */
final class Quantization {
  /** Bytes for the ints of a register; at 128 bits of two, as there are no vectors of 32 bits. */
  private static final VectorSpecies<Byte> BYTES =
      Lanes.species(byte.class, Math.max(Lanes.BITS / 4, 64));

  private static final int ABS = 0x7FFFFFFF;

  private Quantization() {}

  static float quantize(float[] x, int xOffset, int length, byte[] q, int qOffset) {
    float max = maxAbs(x, xOffset, length);
    float scale = 127 * (1 / max);
    if (max <= Float.MAX_VALUE) {
      round(x, xOffset, length, scale, q, qOffset);
    } else { // infinite or NaN: x * scale is 0 or NaN
      Arrays.fill(q, qOffset, qOffset + length, (byte) 0);
    }
    return scale;
  }

  /** Floats without a sign sort like their bits as ints, infinity and then NaN last. */
  private static float maxAbs(float[] x, int offset, int length) {
    int floor = Float.floatToRawIntBits(1e-5f);
    IntVector max = IntVector.broadcast(INTS, floor);
    int i = 0;
    for (; i <= length - WIDTH; i += WIDTH) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, offset + i);
      max = max.max(v.reinterpretAsInts().and(ABS));
    }
    int result = max.reduceLanes(VectorOperators.MAX);
    for (; i < length; i++) {
      result = Math.max(result, Float.floatToRawIntBits(x[offset + i]) & ABS);
    }
    return Float.intBitsToFloat(result);
  }

  /**
   * Rounds x * scale by adding 1.5 * 2^23: the low byte of the sum's bits is the rounded number.
   * The magnitude of a product is at most 127 but for rounding, so there is nothing to clamp.
   */
  private static void round(
      float[] x, int xOffset, int length, float scale, byte[] q, int qOffset) {
    int i = 0;
    for (; i <= length - BYTES.length(); i += BYTES.length()) {
      ByteVector bytes = roundRegister(x, xOffset + i, scale, 0);
      if (BYTES.length() > WIDTH) {
        bytes = bytes.or(roundRegister(x, xOffset + i + WIDTH, scale, -1));
      }
      bytes.intoArray(q, qOffset + i);
    }
    for (; i < length; i++) {
      float shifted = x[xOffset + i] * scale + FloatMath.ROUND;
      q[qOffset + i] = (byte) Float.floatToRawIntBits(shifted);
    }
  }

  /** Returns the bytes of one register of floats, in the given part of the result. */
  private static ByteVector roundRegister(float[] x, int offset, float scale, int part) {
    return FloatVector.fromArray(FLOATS, x, offset)
        .mul(scale)
        .add(FloatMath.ROUND)
        .reinterpretAsInts()
        .convertShape(VectorOperators.I2B, BYTES, part)
        .reinterpretAsBytes();
  }
}
