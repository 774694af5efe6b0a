package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.WeightSource.MasterRule;
import io.github.bitnet4j.core.format.WeightSource.Masters;
import io.github.bitnet4j.core.format.WeightSource.Packed;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TritQuantizerTest {
  private final Arena arena = Arena.ofConfined();
  private WeightSource source;

  @BeforeEach
  void openASourceForMessages() throws IOException {
    ModelConfig config = HuggingFaceConfig.read(SampleModels.TIED, false).model();
    source =
        new GgufWeights(
            Path.of("m.gguf"), config, List.of(), TernaryLayout.I2_S, MasterRule.RECOVER, 0);
  }

  @AfterEach
  void close() {
    arena.close();
  }

  record Unit(
      String name, GgufType type, List<List<Float>> w, List<List<Float>> trits, float beta) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Unit> absmean() throws IOException {
    Path file = SampleModels.resource("golden").resolve("unit").resolve("absmean.json");
    JsonArray cases = (JsonArray) ((JsonObject) JsonReader.read(file)).get("cases");
    return cases.elements().stream()
        .map(JsonObject.class::cast)
        .map(
            c ->
                new Unit(
                    ((JsonString) c.get("name")).value(),
                    GgufType.valueOf(((JsonString) c.get("dtype")).value()),
                    matrix(c.get("w")),
                    matrix(c.get("trits")),
                    number(c.get("beta"))));
  }

  private static List<List<Float>> matrix(JsonValue rows) {
    return ((JsonArray) rows)
        .elements().stream()
            .map(
                row ->
                    ((JsonArray) row).elements().stream().map(TritQuantizerTest::number).toList())
            .toList();
  }

  private static float number(JsonValue value) {
    return (float) ((JsonNumber) value).value().doubleValue();
  }

  private static Masters masters(
      GgufType type, List<List<Float>> w, MasterRule rule, int interleavedHead) {
    byte[] data = TritEncoder.floats(type, w.stream().flatMap(List::stream).toList());
    DenseMatrix weights =
        new DenseMatrix(
            "w",
            type.dense().orElseThrow(),
            w.size(),
            w.getFirst().size(),
            MemorySegment.ofArray(data));
    return new Masters(weights, rule, interleavedHead);
  }

  private static void assertTrits(Packed packed, List<List<Float>> expected) {
    byte[][] trits = TritEncoder.decode(packed.trits());
    for (int row = 0; row < expected.size(); row++) {
      for (int c = 0; c < expected.get(row).size(); c++) {
        assertThat((float) trits[row][c])
            .as("row %d, column %d", row, c)
            .isEqualTo(expected.get(row).get(c));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("absmean")
  void masterWeightsAreQuantizedAsTheReferenceDoes(Unit unit) throws IOException {
    Packed packed =
        TritQuantizer.quantize(source, masters(unit.type, unit.w, MasterRule.QUANTIZE, 0), arena);
    assertTrits(packed, unit.trits);
    assertThat(packed.scale()).isEqualTo(unit.beta);
  }

  @ParameterizedTest
  @MethodSource("absmean")
  void onlyUnpackedTritsAreRecovered(Unit unit) throws IOException {
    Masters masters = masters(unit.type, unit.w, MasterRule.RECOVER_OR_QUANTIZE, 0);
    Packed packed = TritQuantizer.quantize(source, masters, arena);
    assertTrits(packed, unit.trits);
    assertThat(packed.scale()).isEqualTo(unit.name.equals("already_ternary") ? 0.375f : unit.beta);
  }

  @ParameterizedTest
  @CsvSource({"1e-40", "1e-34", "1.1754944e-38", "0.3", "65504", "3.4028235e38"})
  void tritsOfAnyMagnitudeAreRecovered(float m) throws IOException {
    List<List<Float>> w = List.of(List.of(m, 0f, -m), List.of(-0f, -m, m), List.of(m, m, 0f));
    Packed packed =
        TritQuantizer.quantize(source, masters(GgufType.F32, w, MasterRule.RECOVER, 0), arena);
    assertTrits(packed, List.of(List.of(1f, 0f, -1f), List.of(0f, -1f, 1f), List.of(1f, 1f, 0f)));
    assertThat(packed.scale()).isEqualTo(m);
  }

  @Test
  void rowsOfInterleavedHeadsComeOutInOrder() throws IOException {
    List<List<Float>> stored =
        List.of(List.of(2f, 2f), List.of(2f, 0f), List.of(0f, 2f), List.of(-2f, 2f));
    Packed packed =
        TritQuantizer.quantize(source, masters(GgufType.F32, stored, MasterRule.RECOVER, 4), arena);
    assertTrits(
        packed, List.of(List.of(1f, 1f), List.of(0f, 1f), List.of(1f, 0f), List.of(-1f, 1f)));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void weightsMustBeFinite(float value) {
    for (MasterRule rule : MasterRule.values()) {
      Masters masters = masters(GgufType.F32, List.of(List.of(1f, 0f, value)), rule, 0);
      assertThatExceptionOfType(ModelFormatException.class)
          .isThrownBy(() -> TritQuantizer.quantize(source, masters, arena))
          .withMessageContaining("tensor w: expected finite weights, found NaN or an infinity");
    }
  }

  /** A layer that is all zero holds trits; its scale does not matter. */
  @ParameterizedTest
  @EnumSource(MasterRule.class)
  void zerosAreTrits(MasterRule rule) throws IOException {
    Masters masters = masters(GgufType.F32, List.of(List.of(0f, -0f)), rule, 0);
    Packed packed = TritQuantizer.quantize(source, masters, arena);
    assertTrits(packed, List.of(List.of(0f, 0f)));
    assertThat(packed.scale()).isPositive().isFinite();
  }

  @ParameterizedTest
  @MethodSource("absmean")
  void otherWeightsAreRefusedIfTheyMustBeTrits(Unit unit) throws IOException {
    Masters masters = masters(unit.type, unit.w, MasterRule.RECOVER, 0);
    if (TritDistance.of(masters.weights()).isExact()) {
      Packed packed = TritQuantizer.quantize(source, masters, arena);
      assertTrits(packed, unit.trits);
    } else {
      assertThatExceptionOfType(ModelFormatException.class)
          .isThrownBy(() -> TritQuantizer.quantize(source, masters, arena))
          .withMessageContaining("tensor w: expected trits times one scale, found");
    }
  }

  @Test
  void theDistanceFromTritsIsMeasured() {
    List<List<Float>> w = List.of(List.of(2f, 0f, -2f, 2f), List.of(0f, 2f, 0.5f, -2f));
    TritDistance distance =
        TritDistance.of(masters(GgufType.F32, w, MasterRule.RECOVER, 0).weights());
    assertThat(distance.scale()).isEqualTo(2);
    assertThat(distance.farShare()).isEqualTo(1.0 / 8);
    assertThat(distance.farthest()).isEqualTo(0.5f);
    assertThat(distance.row()).isEqualTo(1);
    assertThat(distance.column()).isEqualTo(2);
    assertThat(distance.largest()).isEqualTo(0.25);
    assertThat(distance.weightsPerScale()).isZero();
    assertThat(distance.description())
        .isEqualTo(
            "weights that are not ternary: 12.5 % of them differ by more than a tenth of the scale"
                + " 2.0 from -1, 0 and 1 times the scale, the farthest is 0.5 at row 1, column 2");
  }
}
