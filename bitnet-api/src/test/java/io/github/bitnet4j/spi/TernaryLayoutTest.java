package io.github.bitnet4j.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TernaryLayoutTest {
  @ParameterizedTest
  @CsvSource({"I2_S, i2_s", "I2_S_ARM, i2_s_arm", "TQ2_0, tq2_0", "TQ1_0, tq1_0", "IQ2_BN, iq2_bn"})
  void decodesWhatTheReferenceWrote(TernaryLayout layout, String key) {
    for (GoldenUnit unit : GoldenUnit.cases("ternary_layouts.json")) {
      int rows = unit.integer("out");
      int columns = unit.integer("in");
      TernaryTensor tensor = new TernaryTensor("t", layout, rows, columns, unit.hex(key));
      StringBuilder codes = new StringBuilder();
      byte[] trits = new byte[columns];
      for (int row = 0; row < rows; row++) {
        tensor.decodeRow(row, trits, 0);
        for (byte trit : trits) {
          codes.append(trit + 1);
        }
      }
      assertThat(codes.toString()).isEqualTo(unit.text("trits_plus1"));
    }
  }

  /** No fixture has this type: its blocks are packed here as formats.md 4.7 describes them. */
  @Test
  void decodesIq1BnAsDescribed() {
    int rows = 3;
    int columns = 128;
    Random random = new Random(7);
    byte[][] trits = new byte[rows][columns];
    byte[] data = new byte[(int) TernaryLayout.IQ1_BN.byteSize(rows, columns)];
    for (int row = 0; row < rows; row++) {
      for (int c = 0; c < columns; c++) {
        trits[row][c] = (byte) (random.nextInt(3) - 1);
      }
      for (int block = 0; block < columns / 64; block++) {
        int at = row * (2 + columns / 64 * 13) + 2 + block * 13;
        int[] extra = new int[4];
        for (int group = 0; group < 4; group++) {
          for (int part = 0; part < 3; part++) {
            int[] digits = new int[5];
            for (int i = 0; i < 5; i++) {
              digits[i] = trits[row][block * 64 + group * 16 + part * 5 + i] + 1;
            }
            data[at + group * 3 + part] = byteWithDigits(digits);
          }
          extra[group] = trits[row][block * 64 + group * 16 + 15] + 1;
        }
        data[at + 12] = byteWithDigits(extra);
      }
    }
    TernaryTensor tensor =
        new TernaryTensor("t", TernaryLayout.IQ1_BN, rows, columns, MemorySegment.ofArray(data));
    for (int row = 0; row < rows; row++) {
      byte[] decoded = new byte[columns];
      tensor.decodeRow(row, decoded, 0);
      assertThat(decoded).isEqualTo(trits[row]);
    }
  }

  /** Finds the byte whose digit j, read with the multiplier 3^(4-j), is the wanted one. */
  private static byte byteWithDigits(int[] digits) {
    int[] multipliers = {81, 27, 9, 3, 1};
    for (int value = 0; value < 256; value++) {
      boolean fits = true;
      for (int j = 0; j < digits.length; j++) {
        int v = value * multipliers[j] & 0xFF;
        fits &= (v + (v >> 1)) >> 7 == digits[j];
      }
      if (fits) {
        return (byte) value;
      }
    }
    throw new AssertionError("no byte has these digits");
  }

  @Test
  void rowsOfI2sMayCrossBlocks() {
    int rows = 8;
    int columns = 48; // 128 / 48 is no whole number
    Random random = new Random(3);
    byte[] data = new byte[rows * columns / 4 + 32];
    byte[][] trits = new byte[rows][columns];
    for (int i = 0; i < rows * columns; i++) {
      int trit = random.nextInt(3) - 1;
      trits[i / columns][i % columns] = (byte) trit;
      int inBlock = i % 128;
      data[i / 128 * 32 + inBlock % 32] |= (byte) (trit + 1 << 6 - 2 * (inBlock / 32));
    }
    TernaryTensor tensor =
        new TernaryTensor("t", TernaryLayout.I2_S, rows, columns, MemorySegment.ofArray(data));
    for (int row = 0; row < rows; row++) {
      byte[] decoded = new byte[columns];
      tensor.decodeRow(row, decoded, 0);
      assertThat(decoded).isEqualTo(trits[row]);
    }
  }

  @Test
  void rowsOfInterleavedHeadsComeOutInOrder() {
    int head = 4;
    // Stored rows 2j + b of a head are its rows b * 2 + j; each stored row is marked by its trits.
    byte[][] stored = {{-1, -1}, {-1, 0}, {-1, 1}, {0, -1}, {0, 0}, {0, 1}, {1, -1}, {1, 0}};
    int[] order = {0, 2, 1, 3, 4, 6, 5, 7};
    byte[] data = new byte[2 * 2];
    for (int row = 0; row < 8; row++) {
      for (int c = 0; c < 2; c++) {
        data[row % 2 * 2 + c] |= (byte) (stored[row][c] + 1 << 2 * (row / 2));
      }
    }
    TernaryTensor tensor =
        new TernaryTensor("t", TernaryLayout.ROW_QUARTERS, 8, 2, head, MemorySegment.ofArray(data));
    byte[] decoded = new byte[2];
    for (int row = 0; row < 8; row++) {
      tensor.decodeRow(row, decoded, 0);
      assertThat(decoded).isEqualTo(stored[order[row]]);
    }
  }

  @ParameterizedTest
  @EnumSource(TernaryLayout.class)
  void repackingKeepsEveryTrit(TernaryLayout layout) {
    int rows = 6; // no multiple of 4
    int columns = 256;
    byte[] data = new byte[(int) layout.byteSize(rows, columns)];
    Random random = new Random(11);
    for (int i = 0; i < data.length; i++) {
      int codes = random.nextInt(256);
      data[i] = (byte) (codes & ~(codes >> 1 & 0x55)); // no code 3
    }
    TernaryTensor tensor =
        new TernaryTensor("t", layout, rows, columns, MemorySegment.ofArray(data));
    try (Arena arena = Arena.ofConfined()) {
      TernaryTensor quarters = tensor.toRowQuarters(arena);
      assertThat(quarters.isRowQuarters()).isTrue();
      for (int row = 0; row < rows; row++) {
        byte[] expected = new byte[columns];
        byte[] repacked = new byte[columns];
        tensor.decodeRow(row, expected, 0);
        quarters.decodeRow(row, repacked, 0);
        assertThat(repacked).isEqualTo(expected);
      }
      if (layout == TernaryLayout.ROW_QUARTERS) {
        assertThat(quarters).isSameAs(tensor);
      } else {
        byte last = quarters.data().get(ValueLayout.JAVA_BYTE, quarters.data().byteSize() - 1);
        assertThat(last & 0xC0).as("bits of rows that do not exist").isZero();
      }
    }
  }

  @Test
  void refusesDataOfAnotherSize() {
    assertThatThrownBy(
            () ->
                new TernaryTensor(
                    "blk.0.attn_q.weight",
                    TernaryLayout.I2_S,
                    4,
                    256,
                    MemorySegment.ofArray(new byte[256])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("blk.0.attn_q.weight: expected 288 bytes for I2_S of 4 x 256, found 256");
  }
}
