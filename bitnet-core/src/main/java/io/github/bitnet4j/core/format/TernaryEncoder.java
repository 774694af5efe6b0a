package io.github.bitnet4j.core.format;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Encodes rows of trits as one of the ternary types of GGUF; {@link
 * io.github.bitnet4j.spi.TernaryLayout} describes their bits.
 */
public final class TernaryEncoder {
  private static final int I2_S_BLOCK = 128;
  private static final int I2_S_TAIL_BYTES = 32;
  private static final int TQ_BLOCK = 256;

  private final GgufType type;
  private final int columns;
  private final byte[] encoded;

  /**
   * Creates an encoder.
   *
   * @param type I2_S, TQ1_0 or TQ2_0
   * @param columns length of a row: a multiple of {@link #rowMultiple}
   */
  public TernaryEncoder(GgufType type, int columns) {
    if (columns % rowMultiple(type) != 0) {
      throw new IllegalArgumentException(
          "columns: expected a multiple of " + rowMultiple(type) + ", found " + columns);
    }
    this.type = type;
    this.columns = columns;
    encoded = new byte[type == GgufType.I2_S ? columns / 4 : (int) type.byteSize(columns, 1)];
  }

  /**
   * Returns what the length of a row must be a multiple of. For I2_S the file format does not ask
   * for it, but engines that find rows by their number do.
   */
  public static int rowMultiple(GgufType type) {
    return switch (type) {
      case I2_S -> I2_S_BLOCK;
      case TQ1_0, TQ2_0 -> TQ_BLOCK;
      default -> throw new IllegalArgumentException("type: expected a ternary one, found " + type);
    };
  }

  /** Returns whether the type keeps its scale in half precision, in each block. */
  public static boolean hasHalfScale(GgufType type) {
    return type != GgufType.I2_S;
  }

  /** Writes one row of -1, 0 and 1. */
  public void writeRow(byte[] trits, float scale, OutputStream out) throws IOException {
    switch (type) {
      case I2_S -> encodeI2S(trits);
      case TQ2_0 -> encodeTq2(trits, Float.floatToFloat16(scale));
      case TQ1_0 -> encodeTq1(trits, Float.floatToFloat16(scale));
      default -> throw new AssertionError(type);
    }
    out.write(encoded);
  }

  /** Writes what follows the last row. */
  public void writeEnd(float scale, OutputStream out) throws IOException {
    if (type == GgufType.I2_S) {
      byte[] tail = new byte[I2_S_TAIL_BYTES];
      int bits = Float.floatToRawIntBits(scale);
      for (int i = 0; i < Float.BYTES; i++) {
        tail[i] = (byte) (bits >> 8 * i);
      }
      out.write(tail);
    }
  }

  private void encodeI2S(byte[] trits) {
    for (int i = 0; i < encoded.length; i++) {
      int first = i / 32 * I2_S_BLOCK + i % 32;
      int codes = 0;
      for (int part = 0; part < 4; part++) {
        codes = codes << 2 | trits[first + 32 * part] + 1;
      }
      encoded[i] = (byte) codes;
    }
  }

  private void encodeTq2(byte[] trits, short scale) {
    for (int block = 0; block < columns / TQ_BLOCK; block++) {
      int at = block * 66;
      for (int i = 0; i < 64; i++) {
        int first = block * TQ_BLOCK + i / 32 * 128 + i % 32;
        int codes = 0;
        for (int part = 3; part >= 0; part--) {
          codes = codes << 2 | trits[first + 32 * part] + 1;
        }
        encoded[at + i] = (byte) codes;
      }
      putHalf(at + 64, scale);
    }
  }

  private void encodeTq1(byte[] trits, short scale) {
    for (int block = 0; block < columns / TQ_BLOCK; block++) {
      int at = block * 54;
      int first = block * TQ_BLOCK;
      encodeBase3(trits, first, 32, 5, at);
      encodeBase3(trits, first + 160, 16, 5, at + 32);
      encodeBase3(trits, first + 240, 4, 4, at + 48);
      putHalf(at + 52, scale);
    }
  }

  /** Digit n of successive bytes belongs to weights that stand {@code bytes} apart. */
  private void encodeBase3(byte[] trits, int first, int bytes, int digits, int at) {
    for (int m = 0; m < bytes; m++) {
      int value = 0;
      for (int n = 0; n < 5; n++) {
        value = 3 * value + (n < digits ? trits[first + n * bytes + m] + 1 : 0);
      }
      encoded[at + m] = (byte) ((value * 256 + 242) / 243);
    }
  }

  private void putHalf(int at, short half) {
    encoded[at] = (byte) half;
    encoded[at + 1] = (byte) (half >> 8);
  }
}
