package io.github.bitnet4j.core.format;

import io.github.bitnet4j.spi.DenseType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Encodes rows of floats as F32, F16, BF16, Q8_0 or Q6_K; {@link DenseType} describes their bits.
 *
 * <p>Plain types round to the nearest value, ties to even. Q8_0 is what ggml writes ({@code
 * quantize_row_q8_0_ref}); Q6_K searches scales as {@code quantize_row_q6_K_ref} does, without the
 * promise that the bytes are ggml's.
 */
public final class DenseEncoder {
  /** Below this a block is zero, as in ggml. */
  private static final float EPSILON = 1e-15f;

  private static final int GROUP = 16;
  private static final int LEVELS = 32;

  private final DenseType type;
  private final ByteBuffer encoded;
  private final int columns;
  private final float[] groupScales = new float[GROUP];
  private final byte[] quantized = new byte[256];
  private boolean overflowed;
  private long roundedCount;

  /**
   * Creates an encoder.
   *
   * @param type F32, F16, BF16, Q8_0 or Q6_K
   * @param columns length of a row: whole blocks
   */
  public DenseEncoder(DenseType type, int columns) {
    if (columns % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          "columns: expected a multiple of " + type.blockSize() + ", found " + columns);
    }
    this.type = type;
    this.columns = columns;
    encoded =
        ByteBuffer.allocate(Math.toIntExact(type.rowBytes(columns))).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns whether a finite value was too large for the type. */
  public boolean overflowed() {
    return overflowed;
  }

  /** Returns how many values F16 or BF16 could not hold exactly. */
  public long roundedCount() {
    return roundedCount;
  }

  /**
   * Encodes one row of finite values.
   *
   * @return the bytes, valid until the next call
   */
  public byte[] encode(float[] row) {
    encoded.clear();
    switch (type) {
      case F32 -> encoded.asFloatBuffer().put(row, 0, columns);
      case F16 -> {
        for (int i = 0; i < columns; i++) {
          short half = half(row[i]);
          encoded.putShort(half);
          roundedCount += Float.float16ToFloat(half) == row[i] ? 0 : 1;
        }
      }
      case BF16 -> {
        for (int i = 0; i < columns; i++) {
          short upper = bfloat16(row[i]);
          encoded.putShort(upper);
          roundedCount += Float.intBitsToFloat(upper << 16) == row[i] ? 0 : 1;
        }
      }
      case Q8_0 -> {
        for (int block = 0; block < columns; block += 32) {
          encodeQ8(row, block);
        }
      }
      case Q6_K -> {
        for (int block = 0; block < columns; block += 256) {
          encodeQ6(row, block);
        }
      }
      default -> throw new IllegalArgumentException("type: cannot encode " + type);
    }
    return encoded.array();
  }

  private short half(float value) {
    short half = Float.floatToFloat16(value);
    overflowed |= (half & 0x7C00) == 0x7C00;
    return half;
  }

  private short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = bits + 0x7FFF + (bits >>> 16 & 1);
    overflowed |= (rounded & 0x7F80_0000) == 0x7F80_0000;
    return (short) (rounded >>> 16);
  }

  /** One scale for 32 weights: the largest becomes 127. Ties are rounded away from zero. */
  private void encodeQ8(float[] row, int start) {
    float largest = 0;
    for (int i = 0; i < 32; i++) {
      largest = Math.max(largest, Math.abs(row[start + i]));
    }
    float d = largest / 127;
    float inverse = d == 0 ? 0 : 1 / d;
    encoded.putShort(half(d));
    for (int i = 0; i < 32; i++) {
      double x = row[start + i] * inverse; // the sum below is exact in a double
      encoded.put((byte) (x < 0 ? Math.ceil(x - 0.5) : Math.floor(x + 0.5)));
    }
  }

  /** 256 weights in 16 groups: each has an 8-bit scale, all together one in half precision. */
  private void encodeQ6(float[] row, int start) {
    float largest = 0;
    for (int group = 0; group < GROUP; group++) {
      groupScales[group] = groupScale(row, start + group * GROUP);
      if (Math.abs(groupScales[group]) > Math.abs(largest)) {
        largest = groupScales[group];
      }
    }
    if (Math.abs(largest) < EPSILON) {
      encoded.put(new byte[DenseType.Q6_K.blockBytes()]);
      return;
    }
    float inverse = -128 / largest;
    short half = half(1 / inverse);
    float d = Float.float16ToFloat(half);
    byte[] scales = new byte[GROUP];
    for (int group = 0; group < GROUP; group++) {
      scales[group] = (byte) Math.min(127, Math.rint(inverse * groupScales[group]));
      float scale = d * scales[group];
      for (int i = group * GROUP; i < (group + 1) * GROUP; i++) {
        quantized[i] = (byte) (scale == 0 ? LEVELS : level(row[start + i] / scale) + LEVELS);
      }
    }
    putQ6Codes();
    encoded.put(scales).putShort(half);
  }

  /** The inverse of {@link DenseType#Q6_K}: low four bits of all weights first, then high two. */
  private void putQ6Codes() {
    for (int half = 0; half < 256; half += 128) {
      for (int i = half; i < half + 64; i++) {
        encoded.put((byte) (quantized[i] & 15 | quantized[i + 64] << 4));
      }
    }
    for (int half = 0; half < 256; half += 128) {
      for (int i = half; i < half + 32; i++) {
        int codes = 0;
        for (int part = 3; part >= 0; part--) {
          codes = codes << 2 | quantized[i + 32 * part] >> 4;
        }
        encoded.put((byte) codes);
      }
    }
  }

  /**
   * Returns the scale that 16 weights are best written with, as multiples from -32 to 31. Tries
   * scales around the one that makes the largest weight -32; of each takes the least-squares scale
   * of the multiples it leads to. Large weights count more.
   */
  private static float groupScale(float[] row, int start) {
    float extreme = 0;
    for (int i = start; i < start + GROUP; i++) {
      if (Math.abs(row[i]) > Math.abs(extreme)) {
        extreme = row[i];
      }
    }
    if (Math.abs(extreme) < EPSILON) {
      return 0;
    }
    float best = 0;
    float bestScale = 0;
    for (int attempt = 0; attempt <= 18; attempt++) {
      // 0 first, so that of equals the plain scale is taken; then -9 to 9 without 0.
      int step = attempt == 0 ? 0 : attempt <= 9 ? attempt - 10 : attempt - 9;
      float inverse = -(LEVELS + 0.1f * step) / extreme;
      float products = 0;
      float squares = 0;
      for (int i = start; i < start + GROUP; i++) {
        int level = level(inverse * row[i]);
        float weight = row[i] * row[i];
        products += weight * row[i] * level;
        squares += weight * level * level;
      }
      if (squares > 0 && (attempt == 0 || products * products > best * squares)) {
        bestScale = products / squares;
        best = bestScale * products;
      }
    }
    return bestScale;
  }

  private static int level(float value) {
    return (int) Math.clamp(Math.rint(value), -LEVELS, LEVELS - 1);
  }
}
