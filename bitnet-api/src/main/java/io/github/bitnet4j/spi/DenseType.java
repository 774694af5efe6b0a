package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * How the elements of a dense matrix are stored: plain floats, or blocks of small integers with
 * their own scale (the names and layouts of ggml).
 *
 * <p>Every plain value is exact in a float. A block's values are computed in single float
 * operations in the order that each type states.
 */
public enum DenseType {
  /** IEEE single precision. */
  F32(1, 4) {
    @Override
    void decode(MemorySegment data, long start, float[] out, int offset, int count) {
      for (int i = 0; i < count; i++) {
        out[offset + i] = data.get(FLOAT, start + 4L * i);
      }
    }
  },

  /** IEEE half precision. */
  F16(1, 2) {
    @Override
    void decode(MemorySegment data, long start, float[] out, int offset, int count) {
      for (int i = 0; i < count; i++) {
        out[offset + i] = half(data, start + 2L * i);
      }
    }
  },

  /** The upper half of a float. */
  BF16(1, 2) {
    @Override
    void decode(MemorySegment data, long start, float[] out, int offset, int count) {
      for (int i = 0; i < count; i++) {
        out[offset + i] = Float.intBitsToFloat(data.get(SHORT, start + 2L * i) << 16);
      }
    }
  },

  /** 32 weights: half d, 32 int8 q; {@code d * q}. */
  Q8_0(32, 34) {
    @Override
    void decodeBlock(MemorySegment data, long at, float[] out, int offset) {
      float d = half(data, at);
      for (int i = 0; i < 32; i++) {
        out[offset + i] = d * data.get(ValueLayout.JAVA_BYTE, at + 2 + i);
      }
    }
  },

  /** 32 weights: half d, 16 bytes of 4-bit q, low halves first; {@code d * (q - 8)}. */
  Q4_0(32, 18) {
    @Override
    void decodeBlock(MemorySegment data, long at, float[] out, int offset) {
      float d = half(data, at);
      for (int i = 0; i < 16; i++) {
        int q = unsigned(data, at + 2 + i);
        out[offset + i] = d * ((q & 15) - 8);
        out[offset + 16 + i] = d * ((q >> 4) - 8);
      }
    }
  },

  /** 32 weights: half d, half m, 16 bytes of 4-bit q; {@code d * q + m}. */
  Q4_1(32, 20) {
    @Override
    void decodeBlock(MemorySegment data, long at, float[] out, int offset) {
      float d = half(data, at);
      float m = half(data, at + 2);
      for (int i = 0; i < 16; i++) {
        int q = unsigned(data, at + 4 + i);
        out[offset + i] = d * (q & 15) + m;
        out[offset + 16 + i] = d * (q >> 4) + m;
      }
    }
  },

  /** 32 weights: half d, 32 fifth bits, 16 bytes of 4-bit q; {@code d * (q - 16)}. */
  Q5_0(32, 22) {
    @Override
    void decodeBlock(MemorySegment data, long at, float[] out, int offset) {
      float d = half(data, at);
      int fifth = data.get(INT, at + 2);
      for (int i = 0; i < 16; i++) {
        int q = unsigned(data, at + 6 + i);
        out[offset + i] = d * (((q & 15) | (fifth >>> i & 1) << 4) - 16);
        out[offset + 16 + i] = d * ((q >> 4 | (fifth >>> i + 16 & 1) << 4) - 16);
      }
    }
  },

  /** 32 weights: half d, half m, 32 fifth bits, 16 bytes of 4-bit q; {@code d * q + m}. */
  Q5_1(32, 24) {
    @Override
    void decodeBlock(MemorySegment data, long at, float[] out, int offset) {
      float d = half(data, at);
      float m = half(data, at + 2);
      int fifth = data.get(INT, at + 4);
      for (int i = 0; i < 16; i++) {
        int q = unsigned(data, at + 8 + i);
        out[offset + i] = d * ((q & 15) | (fifth >>> i & 1) << 4) + m;
        out[offset + 16 + i] = d * (q >> 4 | (fifth >>> i + 16 & 1) << 4) + m;
      }
    }
  },

  /**
   * 256 weights: half d, half dmin, 12 bytes of eight 6-bit scales and minima, 128 bytes of 4-bit
   * q; {@code (d * scale) * q - (dmin * min)}.
   */
  Q4_K(256, 144) {
    @Override
    void decodeBlock(MemorySegment data, long at, float[] out, int offset) {
      for (int group = 0; group < 8; group++) {
        float d = half(data, at) * scaleK4(data, at + 4, group);
        float m = half(data, at + 2) * minK4(data, at + 4, group);
        for (int i = 0; i < 32; i++) {
          int q = unsigned(data, at + 16 + group / 2 * 32L + i) >> group % 2 * 4 & 15;
          out[offset + group * 32 + i] = d * q - m;
        }
      }
    }
  },

  /** As {@link #Q4_K} with 32 bytes of fifth bits before the 4-bit q. */
  Q5_K(256, 176) {
    @Override
    void decodeBlock(MemorySegment data, long at, float[] out, int offset) {
      for (int group = 0; group < 8; group++) {
        float d = half(data, at) * scaleK4(data, at + 4, group);
        float m = half(data, at + 2) * minK4(data, at + 4, group);
        for (int i = 0; i < 32; i++) {
          int low = unsigned(data, at + 48 + group / 2 * 32L + i) >> group % 2 * 4 & 15;
          int q = low | (unsigned(data, at + 16 + i) >> group & 1) << 4;
          out[offset + group * 32 + i] = d * q - m;
        }
      }
    }
  },

  /**
   * 256 weights: 128 bytes of 4 low bits, 64 bytes of 2 high bits, 16 int8 scales, half d; {@code
   * (d * scale) * (q - 32)}.
   */
  Q6_K(256, 210) {
    @Override
    void decodeBlock(MemorySegment data, long at, float[] out, int offset) {
      float d = half(data, at + 208);
      for (int part = 0; part < 8; part++) { // 32 weights each, four parts to a half
        long low = at + part / 4 * 64L + part % 2 * 32L;
        long high = at + 128 + part / 4 * 32L;
        for (int i = 0; i < 32; i++) {
          int q = unsigned(data, low + i) >> part % 4 / 2 * 4 & 15;
          q |= (unsigned(data, high + i) >> part % 4 * 2 & 3) << 4;
          float scale = d * data.get(ValueLayout.JAVA_BYTE, at + 192 + part * 2L + i / 16);
          out[offset + part * 32 + i] = scale * (q - 32);
        }
      }
    }
  };

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int blockSize;
  private final int blockBytes;

  DenseType(int blockSize, int blockBytes) {
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
  }

  /** Returns the number of weights that are stored together; rows are whole blocks. */
  public int blockSize() {
    return blockSize;
  }

  /** Returns the number of bytes of a block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Returns the number of bytes of a row. */
  public long rowBytes(int columns) {
    return (long) (columns / blockSize) * blockBytes;
  }

  /** Decodes {@code count} weights, a whole number of blocks. */
  void decode(MemorySegment data, long start, float[] out, int offset, int count) {
    for (int block = 0; block < count / blockSize; block++) {
      decodeBlock(data, start + (long) block * blockBytes, out, offset + block * blockSize);
    }
  }

  float get(MemorySegment data, long rowStart, int column) {
    float[] block = new float[blockSize];
    int number = column / blockSize;
    decode(data, rowStart + (long) number * blockBytes, block, 0, blockSize);
    return block[column % blockSize];
  }

  /** Decodes one block; types of plain floats decode whole rows instead. */
  void decodeBlock(MemorySegment data, long at, float[] out, int offset) {
    throw new AssertionError(this);
  }

  private static float half(MemorySegment data, long at) {
    return Float.float16ToFloat(data.get(SHORT, at));
  }

  private static int unsigned(MemorySegment data, long at) {
    return data.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
  }

  /**
   * Returns one of eight 6-bit scales; the last four have their high bits in the first eight bytes.
   */
  private static int scaleK4(MemorySegment data, long at, int group) {
    return group < 4
        ? unsigned(data, at + group) & 63
        : unsigned(data, at + group + 4) & 15 | (unsigned(data, at + group - 4) >> 6) << 4;
  }

  private static int minK4(MemorySegment data, long at, int group) {
    return group < 4
        ? unsigned(data, at + group + 4) & 63
        : unsigned(data, at + group + 4) >> 4 | (unsigned(data, at + group) >> 6) << 4;
  }
}
