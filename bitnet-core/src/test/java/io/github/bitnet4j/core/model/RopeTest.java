package io.github.bitnet4j.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RopeTest {
  static List<JsonObject> cases() throws IOException {
    return Fixtures.unitCases("rope.json");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void turnsByTheAnglesOfTheReference(JsonObject expected) {
    int headDim = Fixtures.integer(expected.get("head_dim"));
    int half = headDim / 2;
    int[] positions = Fixtures.ints(expected.get("positions"));
    assertThat(positions).contains(0, 4095);
    Rope rope = new Rope(headDim, (float) Fixtures.number(expected.get("theta")));
    float[] cos = new float[positions.length * half];
    float[] sin = new float[positions.length * half];
    for (int row = 0; row < positions.length; row++) {
      rope.fill(positions[row], row, cos, sin);
      float[] expectedCos = row(expected, "cos_first_half", row);
      float[] expectedSin = row(expected, "sin_first_half", row);
      for (int j = 0; j < half; j++) {
        String where = "position %d, lane %d".formatted(positions[row], j);
        float bound = bound(headDim, j);
        assertThat(cos[row * half + j]).as(where).isCloseTo(expectedCos[j], within(bound));
        assertThat(sin[row * half + j]).as(where).isCloseTo(expectedSin[j], within(bound));
      }

      // Two heads side by side, behind other values.
      float[] x = Fixtures.floats(expected.get("x"));
      float[] rotated = row(expected, "rotated", row);
      float[] heads = new float[3 + 2 * headDim];
      System.arraycopy(x, 0, heads, 3, headDim);
      System.arraycopy(x, 0, heads, 3 + headDim, headDim);
      rope.rotate(heads, 3, 2, cos, sin, row);
      for (int i = 0; i < headDim; i++) {
        String where = "position %d, lane %d".formatted(positions[row], i);
        float length = Math.abs(x[i]) + Math.abs(x[(i + half) % headDim]);
        float bound = bound(headDim, i % half) * Math.max(1, length);
        assertThat(heads[3 + i]).as(where).isCloseTo(rotated[i], within(bound));
        assertThat(heads[3 + headDim + i]).as(where).isEqualTo(heads[3 + i]);
      }
      assertThat(heads).startsWith(0, 0, 0);
    }
  }

  /**
   * In one lane the exact power lies next to the middle of two floats, and the reference's {@code
   * pow} takes the wrong one: its angle is off by the last bit, at position 4095 by 7.6e-6.
   */
  private static float bound(int headDim, int lane) {
    return headDim == 96 && lane == 20 ? 8e-6f : 1e-6f;
  }

  private static float[] row(JsonObject expected, String name, int row) {
    return Fixtures.floats(Fixtures.elements(expected.get(name)).get(row));
  }

  @Test
  void leavesPositionZeroAsItIs() {
    Rope rope = new Rope(8, 10_000);
    float[] cos = new float[4];
    float[] sin = new float[4];
    rope.fill(0, 0, cos, sin);
    float[] x = {1, -2, 3, -4, 5, -6, 7, -8};
    rope.rotate(x, 0, 1, cos, sin, 0);
    assertThat(x).containsExactly(1, -2, 3, -4, 5, -6, 7, -8);
  }
}
