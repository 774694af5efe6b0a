package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.format.EditableGguf.Content;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import java.util.List;

/** Encodes trits in the ways that GGUF files have them, as formats.md describes them. */
final class TritEncoder {
  private static final List<Integer> DIGIT_MULTIPLIERS = List.of(81, 27, 9, 3, 1);

  private TritEncoder() {}

  /** Returns the trits of a tensor of type I2_S, in their stored order. */
  static byte[][] decodeI2s(Content tensor) {
    int columns = (int) (long) tensor.dimensions().get(0);
    int rows = (int) (long) tensor.dimensions().get(1);
    return decode(
        new TernaryTensor(
            "t", TernaryLayout.I2_S, rows, columns, MemorySegment.ofArray(tensor.data())));
  }

  /** Returns the trits of a tensor, row by row. */
  static byte[][] decode(TernaryTensor tensor) {
    byte[][] trits = new byte[tensor.rows()][tensor.columns()];
    for (int row = 0; row < trits.length; row++) {
      tensor.decodeRow(row, trits[row], 0);
    }
    return trits;
  }

  /** Returns the scale of a tensor of type I2_S. */
  static float scaleOfI2s(Content tensor) {
    return ByteBuffer.wrap(tensor.data())
        .order(ByteOrder.LITTLE_ENDIAN)
        .getFloat(tensor.data().length - 32);
  }

  /**
   * Encodes trits.
   *
   * @param type a ternary type, or F32, F16 or BF16 for trits multiplied by the scale
   */
  static Content encode(GgufType type, byte[][] trits, float scale) {
    byte[] data =
        switch (type) {
          case I2_S -> i2s(trits, scale, 32);
          case IQ2_BN -> iq2bn(trits, scale);
          case IQ1_BN -> iq1bn(trits, scale);
          case F32, F16, BF16 -> unpacked(type, trits, scale);
          default -> throw new IllegalArgumentException(type.toString());
        };
    return content(type, trits, data);
  }

  /** Encodes trits as bitnet.cpp does on ARM. */
  static Content encodeArmI2s(byte[][] trits, float scale) {
    return content(GgufType.I2_S, trits, i2s(trits, scale, 16));
  }

  private static Content content(GgufType type, byte[][] trits, byte[] data) {
    return new Content(type.id(), List.of((long) trits[0].length, (long) trits.length), data);
  }

  private static byte[] i2s(byte[][] trits, float scale, int blockBytes) {
    int columns = trits[0].length;
    int weights = trits.length * columns;
    ByteBuffer out = buffer(weights / 4 + 32);
    for (int i = 0; i < weights; i++) {
      int inBlock = i % (4 * blockBytes);
      int at = i / (4 * blockBytes) * blockBytes + inBlock % blockBytes;
      int codes = trits[i / columns][i % columns] + 1 << 6 - 2 * (inBlock / blockBytes);
      out.put(at, (byte) (out.get(at) | codes));
    }
    return out.putFloat(weights / 4, scale).array();
  }

  private static byte[] iq2bn(byte[][] trits, float scale) {
    int columns = trits[0].length;
    ByteBuffer out = buffer(trits.length * (4 + columns / 4));
    for (byte[] row : trits) {
      out.putFloat(scale);
      for (int block = 0; block < columns; block += 64) {
        for (int m = 0; m < 16; m++) {
          int codes = 0;
          for (int l = 3; l >= 0; l--) {
            codes = codes << 2 | row[block + 16 * l + m] + 1;
          }
          out.put((byte) codes);
        }
      }
    }
    return out.array();
  }

  private static byte[] iq1bn(byte[][] trits, float scale) {
    int columns = trits[0].length;
    ByteBuffer out = buffer(trits.length * (2 + columns / 64 * 13));
    for (byte[] row : trits) {
      out.putShort(Float.floatToFloat16(scale));
      for (int block = 0; block < columns; block += 64) {
        for (int part = 0; part < 12; part++) {
          int first = block + part / 3 * 16 + part % 3 * 5;
          out.put(base3(row, first, 1, 5));
        }
        out.put(base3(row, block + 15, 16, 4));
      }
    }
    return out.array();
  }

  /** Finds the byte whose digits are those of some trits that stand a stride apart. */
  private static byte base3(byte[] row, int first, int stride, int digits) {
    for (int value = 0; value < 256; value++) {
      boolean fits = true;
      for (int j = 0; j < digits; j++) {
        int v = value * DIGIT_MULTIPLIERS.get(j) & 0xFF;
        fits &= (v + (v >> 1) >> 7) - 1 == row[first + j * stride];
      }
      if (fits) {
        return (byte) value;
      }
    }
    throw new AssertionError("no byte has these digits");
  }

  private static byte[] unpacked(GgufType type, byte[][] trits, float scale) {
    ByteBuffer out = buffer(trits.length * trits[0].length * (type == GgufType.F32 ? 4 : 2));
    for (byte[] row : trits) {
      for (byte trit : row) {
        putFloat(out, type, trit * scale);
      }
    }
    return out.array();
  }

  /** Encodes floats; those that are no BF16 lose their last bits. */
  static byte[] floats(GgufType type, Collection<Float> values) {
    ByteBuffer out = buffer(values.size() * (type == GgufType.F32 ? 4 : 2));
    values.forEach(value -> putFloat(out, type, value));
    return out.array();
  }

  private static void putFloat(ByteBuffer out, GgufType type, float value) {
    switch (type) {
      case F32 -> out.putFloat(value);
      case F16 -> out.putShort(Float.floatToFloat16(value));
      case BF16 -> out.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
      default -> throw new IllegalArgumentException(type.toString());
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
