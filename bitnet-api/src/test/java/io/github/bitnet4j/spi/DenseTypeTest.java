package io.github.bitnet4j.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DenseTypeTest {
  private final Random random = new Random(5);

  @Test
  void decodesBlocksAsTheReferenceDoes() {
    for (GoldenUnit unit : GoldenUnit.cases("dense_blocks.json")) {
      float[] values = unit.floats("values");
      DenseType type = DenseType.valueOf(unit.text("type"));
      float[] decoded = decode(type, unit.hex("bytes"), values.length);
      for (int i = 0; i < decoded.length; i++) {
        decoded[i] += 0f; // the JSON reader knows no negative zero
      }
      assertThat(decoded).isEqualTo(values);
    }
  }

  /**
   * The types without a fixture: blocks of random bytes against the definition, element by element.
   */
  @Test
  void decodesTheOtherBlocksByTheirDefinition() {
    for (int repeat = 0; repeat < 20; repeat++) {
      check32(DenseType.Q4_1, 4, 0, 2);
      check32(DenseType.Q5_0, 6, 2, 0);
      check32(DenseType.Q5_1, 8, 4, 2);
      checkK(DenseType.Q4_K, 16, 0);
      checkK(DenseType.Q5_K, 48, 16);
    }
  }

  private void check32(DenseType type, int nibbles, int fifthBits, int minimum) {
    ByteBuffer block = randomBlock(type);
    float d = Float.float16ToFloat(block.getShort(0));
    float m = minimum == 0 ? 0 : Float.float16ToFloat(block.getShort(minimum));
    float[] expected = new float[32];
    for (int i = 0; i < 32; i++) {
      int q = block.get(nibbles + i % 16) >> (i < 16 ? 0 : 4) & 15;
      if (fifthBits > 0) {
        q += 16 * (block.getInt(fifthBits) >>> i & 1);
      }
      expected[i] = minimum == 0 ? d * (q - 16) : d * q + m;
    }
    assertThat(decode(type, MemorySegment.ofBuffer(block), 32)).isEqualTo(expected);
  }

  private void checkK(DenseType type, int nibbles, int fifthBits) {
    ByteBuffer block = randomBlock(type);
    float d = Float.float16ToFloat(block.getShort(0));
    float dmin = Float.float16ToFloat(block.getShort(2));
    float[] expected = new float[256];
    for (int i = 0; i < 256; i++) {
      int group = i / 32;
      int a = block.get(4 + group % 4) & 0xFF;
      int b = block.get(8 + group % 4) & 0xFF;
      int c = block.get(12 + group % 4) & 0xFF;
      int scale = group < 4 ? a & 63 : (c & 15) + 16 * (a >> 6);
      int min = group < 4 ? b & 63 : (c >> 4) + 16 * (b >> 6);
      int q = block.get(nibbles + i / 64 * 32 + i % 32) >> (group % 2 * 4) & 15;
      if (fifthBits > 0) {
        q += 16 * (block.get(fifthBits + i % 32) >> group & 1);
      }
      expected[i] = (d * scale) * q - (dmin * min);
    }
    assertThat(decode(type, MemorySegment.ofBuffer(block), 256)).isEqualTo(expected);
  }

  private ByteBuffer randomBlock(DenseType type) {
    byte[] bytes = new byte[type.blockBytes()];
    random.nextBytes(bytes);
    ByteBuffer block = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    block.putShort(0, Float.floatToFloat16(random.nextFloat()));
    block.putShort(2, Float.floatToFloat16(random.nextFloat()));
    return block;
  }

  @Test
  void everyElementCanBeReadAlone() {
    for (DenseType type : DenseType.values()) {
      int columns = 2 * type.blockSize();
      byte[] bytes = new byte[(int) (3 * type.rowBytes(columns))];
      random.nextBytes(bytes);
      DenseMatrix matrix = new DenseMatrix("m", type, 3, columns, MemorySegment.ofArray(bytes));
      float[] row = new float[columns];
      matrix.copyRow(2, row, 0);
      for (int c = 0; c < columns; c++) {
        assertThat(Float.floatToIntBits(matrix.get(2, c)))
            .as("%s, column %d", type, c)
            .isEqualTo(Float.floatToIntBits(row[c]));
      }
    }
  }

  @Test
  void severalRowsAreThoseThatCanBeReadAlone() {
    for (DenseType type : DenseType.values()) {
      int columns = 2 * type.blockSize();
      byte[] bytes = new byte[(int) (5 * type.rowBytes(columns))];
      random.nextBytes(bytes);
      DenseMatrix matrix = new DenseMatrix("m", type, 5, columns, MemorySegment.ofArray(bytes));
      float[] expected = new float[1 + 3 * columns];
      for (int row = 0; row < 3; row++) {
        matrix.copyRow(2 + row, expected, 1 + row * columns);
      }
      float[] rows = new float[1 + 3 * columns];
      matrix.copyRows(2, 3, rows, 1);
      assertThat(rows).as(type.name()).isEqualTo(expected);
      assertThatThrownBy(() -> matrix.copyRows(3, 3, rows, 0))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> matrix.copyRows(0, 3, rows, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  private static float[] decode(DenseType type, MemorySegment data, int count) {
    float[] values = new float[count];
    new DenseMatrix("m", type, 1, count, data).copyRow(0, values, 0);
    return values;
  }
}
