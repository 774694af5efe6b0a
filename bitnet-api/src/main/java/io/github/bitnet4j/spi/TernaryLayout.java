package io.github.bitnet4j.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * How the trits of a {@code [rows x columns]} matrix are laid out in the bytes of a model file.
 *
 * <p>Two-bit codes are trit + 1; code 3 is invalid. Scales that a format keeps inside the data are
 * not read here.
 */
public enum TernaryLayout {
  /**
   * The packing of Hugging Face {@code bitnet} checkpoints. With {@code R = ceil(rows / 4)}, the
   * packed matrix has R rows of {@code columns} bytes, and the byte at (r, c) holds the trits of
   * column c of the four rows r, R + r, 2R + r and 3R + r, lowest bits first. Rows from {@code
   * rows} on do not exist; their bits are 0.
   *
   * <p>Example with 8 x 2 trits, so R = 2: the byte 0xA1 = 10 10 00 01 at (0, 0) says row 0 has
   * trit 0 (code 01), row 2 has -1 (00), row 4 has +1 (10) and row 6 has +1 (10).
   *
   * <p>Source: {@code unpack_weights} of transformers, {@code integrations/bitnet.py}.
   */
  ROW_QUARTERS {
    @Override
    public long byteSize(int rows, int columns) {
      return (rows + 3L) / 4 * columns;
    }

    @Override
    void decodeRow(MemorySegment data, int rows, int columns, int row, byte[] trits, int offset) {
      int quarter = (rows + 3) / 4;
      long start = (long) (row % quarter) * columns;
      decode2Bits(data, start, row / quarter * 2, trits, offset, columns);
    }

    @Override
    int copyCodes(MemorySegment data, int rows, int columns, int row, byte[] codes) {
      int quarter = (rows + 3) / 4;
      long start = (long) (row % quarter) * columns;
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, start, codes, 0, columns);
      return row / quarter * 2;
    }
  },

  /**
   * GGUF {@code I2_S} as every converter and the x86 build of bitnet.cpp write it. The weights in
   * row-major order are cut into blocks of 128, which may cross rows; byte b of the 32 bytes of a
   * block holds the weights b, 32 + b, 64 + b and 96 + b of the block, highest bits first. A
   * float32 scale and 28 bytes of padding follow the last block.
   *
   * <p>Example: a block of 32 bytes 0x18 = 00 01 10 00 holds -1 (32 times), 0, +1, -1.
   *
   * <p>Source: {@code quantize_i2_s} of bitnet.cpp.
   */
  I2_S {
    @Override
    public long byteSize(int rows, int columns) {
      return i2sByteSize(rows, columns);
    }

    @Override
    void decodeRow(MemorySegment data, int rows, int columns, int row, byte[] trits, int offset) {
      decodeI2S(data, 32, columns, row, trits, offset);
    }
  },

  /**
   * GGUF {@code I2_S} as bitnet.cpp writes it on ARM: blocks of 64 in 16 bytes, otherwise as {@link
   * #I2_S}. A file does not tell which of the two it has.
   */
  I2_S_ARM {
    @Override
    public long byteSize(int rows, int columns) {
      return i2sByteSize(rows, columns);
    }

    @Override
    void decodeRow(MemorySegment data, int rows, int columns, int row, byte[] trits, int offset) {
      decodeI2S(data, 16, columns, row, trits, offset);
    }
  },

  /**
   * GGUF {@code TQ2_0}: 66 bytes for 256 weights of a row. 64 bytes of codes, then a float16 scale.
   * The codes come in two halves; byte m of half h holds the weights {@code 128h + m}, {@code 128h
   * + 32 + m}, ..., lowest bits first.
   *
   * <p>Source: {@code block_tq2_0} of ggml.
   */
  TQ2_0 {
    @Override
    public long byteSize(int rows, int columns) {
      return rows * (columns / 256L) * 66;
    }

    @Override
    void decodeRow(MemorySegment data, int rows, int columns, int row, byte[] trits, int offset) {
      for (int block = 0; block < columns / 256; block++) {
        long start = ((long) row * (columns / 256) + block) * 66;
        for (int part = 0; part < 8; part++) {
          long bytes = start + part / 4 * 32L;
          decode2Bits(data, bytes, part % 4 * 2, trits, offset + block * 256 + part * 32, 32);
        }
      }
    }
  },

  /**
   * GGUF {@code TQ1_0}: 54 bytes for 256 weights of a row. 48 + 4 bytes of base-3 digits, five to a
   * byte (four in the last four bytes), then a float16 scale. A byte is {@code ceil(v * 256 / 243)}
   * with {@code v = sum of digit n * 3^(4 - n)}; a trit is its digit less 1.
   *
   * <p>Source: {@code block_tq1_0} of ggml.
   */
  TQ1_0 {
    @Override
    public long byteSize(int rows, int columns) {
      return rows * (columns / 256L) * 54;
    }

    @Override
    void decodeRow(MemorySegment data, int rows, int columns, int row, byte[] trits, int offset) {
      for (int block = 0; block < columns / 256; block++) {
        long start = ((long) row * (columns / 256) + block) * 54;
        int at = offset + block * 256;
        decodeBase3(data, start, 32, 5, trits, at);
        decodeBase3(data, start + 32, 16, 5, trits, at + 160);
        decodeBase3(data, start + 48, 4, 4, trits, at + 240);
      }
    }

    // Digit n of successive bytes belongs to weights that stand `bytes` apart.
    private void decodeBase3(
        MemorySegment data, long start, int bytes, int digits, byte[] trits, int at) {
      for (int m = 0; m < bytes; m++) {
        int rest = data.get(ValueLayout.JAVA_BYTE, start + m) & 0xFF;
        for (int n = 0; n < digits; n++) {
          trits[at + n * bytes + m] = (byte) ((rest * 3 >> 8) - 1);
          rest = rest * 3 & 0xFF;
        }
      }
    }
  },

  /**
   * {@code IQ2_BN} of ik_llama.cpp: each row is a float32 scale, then 16 bytes for 64 weights; byte
   * m holds the weights m, 16 + m, 32 + m and 48 + m, lowest bits first.
   */
  IQ2_BN {
    @Override
    public long byteSize(int rows, int columns) {
      return rows * (4 + columns / 4L);
    }

    @Override
    void decodeRow(MemorySegment data, int rows, int columns, int row, byte[] trits, int offset) {
      long start = row * (4 + columns / 4L) + 4;
      for (int part = 0; part < columns / 16; part++) {
        long bytes = start + part / 4 * 16L;
        decode2Bits(data, bytes, part % 4 * 2, trits, offset + part * 16, 16);
      }
    }
  },

  /**
   * {@code IQ1_BN} of ik_llama.cpp: each row is a float16 scale, then 13 bytes for 64 weights: four
   * groups of 16 in three bytes of five base-3 digits each, and the sixteenth digit of all four
   * groups in the last byte.
   */
  IQ1_BN {
    @Override
    public long byteSize(int rows, int columns) {
      return rows * (2 + columns / 64L * 13);
    }

    @Override
    void decodeRow(MemorySegment data, int rows, int columns, int row, byte[] trits, int offset) {
      long start = row * (2 + columns / 64L * 13) + 2;
      for (int group = 0; group < columns / 16; group++) {
        long block = start + group / 4 * 13L;
        int at = offset + group * 16;
        for (int i = 0; i < 15; i++) {
          int value = data.get(ValueLayout.JAVA_BYTE, block + group % 4 * 3L + i / 5) & 0xFF;
          trits[at + i] = digit(value, i % 5);
        }
        int extra = data.get(ValueLayout.JAVA_BYTE, block + 12) & 0xFF;
        trits[at + 15] = digit(extra, group % 4);
      }
    }

    private byte digit(int value, int index) {
      int multiplier =
          switch (index) {
            case 0 -> 81;
            case 1 -> 27;
            case 2 -> 9;
            case 3 -> 3;
            default -> 1;
          };
      int v = value * multiplier & 0xFF;
      return (byte) ((v + (v >> 1) >> 7) - 1);
    }
  };

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

  /** Returns the number of bytes that a matrix of this layout takes. */
  public abstract long byteSize(int rows, int columns);

  abstract void decodeRow(
      MemorySegment data, int rows, int columns, int row, byte[] trits, int offset);

  /** As {@link TernaryTensor#copyCodes}, for a stored row. */
  int copyCodes(MemorySegment data, int rows, int columns, int row, byte[] codes) {
    decodeRow(data, rows, columns, row, codes, 0);
    for (int c = 0; c < columns; c++) {
      codes[c]++;
    }
    return 0;
  }

  private static long i2sByteSize(int rows, int columns) {
    return (long) rows * columns / 4 + 32;
  }

  private static void decodeI2S(
      MemorySegment data, int blockBytes, int columns, int row, byte[] trits, int offset) {
    long first = (long) row * columns;
    int done = 0;
    while (done < columns) { // runs of weights that stand at the same bits of successive bytes
      long weight = first + done;
      int inBlock = (int) (weight % (4L * blockBytes));
      int run = Math.min(columns - done, blockBytes - inBlock % blockBytes);
      long bytes = weight / (4L * blockBytes) * blockBytes + inBlock % blockBytes;
      decode2Bits(data, bytes, 6 - 2 * (inBlock / blockBytes), trits, offset + done, run);
      done += run;
    }
  }

  /** Decodes the codes at the same bits of successive bytes. */
  private static void decode2Bits(
      MemorySegment data, long start, int shift, byte[] trits, int offset, int count) {
    MemorySegment.copy(data, ValueLayout.JAVA_BYTE, start, trits, offset, count);
    int end = offset + count;
    int i = offset;
    for (; i <= end - Long.BYTES; i += Long.BYTES) { // codes less 1, without borrows between bytes
      long codes = (long) LONGS.get(trits, i) >>> shift & 0x0303_0303_0303_0303L;
      LONGS.set(trits, i, (codes | HIGH_BITS) - 0x0101_0101_0101_0101L ^ HIGH_BITS);
    }
    for (; i < end; i++) {
      trits[i] = (byte) ((trits[i] >> shift & 3) - 1);
    }
  }
}
