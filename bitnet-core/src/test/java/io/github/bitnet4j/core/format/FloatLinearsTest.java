package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.format.EditableGguf.Content;
import io.github.bitnet4j.core.format.SafetensorsWriter.Entry;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Models whose linear layers are stored as float weights, and of which nothing says that they were
 * trained for trits: they are trits times one scale, or refused, or quantized on request.
 */
class FloatLinearsTest {
  private static final Path LLAMA =
      SampleModels.golden("llama-bitlinear").resolveSibling("model-i2_s.gguf");
  private static final Path BITNET =
      SampleModels.golden("b158-tied").resolveSibling("model-i2_s.gguf");
  private static final LoadOptions ON_REQUEST =
      LoadOptions.builder().quantizeMasters(true).threads(1).build();
  private static final int[] IDS = {3, 141, 59, 26, 5, 35};

  @TempDir private Path temp;

  /** Makes the weight at a place from its trit. */
  private interface Weights {
    float of(int trit, int row, int column);
  }

  /** Replaces each linear layer of a file. */
  private Path withWeights(Path file, GgufType type, Weights weights) throws IOException {
    EditableGguf gguf = EditableGguf.read(file);
    for (Map.Entry<String, Content> tensor : gguf.tensors.entrySet()) {
      Content old = tensor.getValue();
      if (old.type() == GgufType.I2_S.id()) {
        byte[][] trits = TritEncoder.decodeI2s(old);
        List<Float> values = new ArrayList<>();
        for (int row = 0; row < trits.length; row++) {
          for (int c = 0; c < trits[row].length; c++) {
            values.add(weights.of(trits[row][c], row, c));
          }
        }
        byte[] data = TritEncoder.floats(type, values);
        tensor.setValue(new Content(type.id(), old.dimensions(), data));
      }
    }
    return gguf.write(temp.resolve("model.gguf"));
  }

  private static TraceStep logits(Path path, LoadOptions options) throws IOException {
    try (Model model = Model.load(path, options);
        Session session = model.newSession()) {
      return Trace.record(session, IDS).step("logits").orElseThrow();
    }
  }

  private static void assertRefused(Path path, String... parts) {
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(path).close())
        .withMessageStartingWith(path.toString())
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  @ParameterizedTest
  @EnumSource(
      value = GgufType.class,
      names = {"F32", "F16", "BF16"})
  void anOrdinaryLlamaIsRefusedUnlessItIsToBeQuantized(GgufType type) throws IOException {
    Random random = new Random(1);
    Path file = withWeights(LLAMA, type, (_, _, _) -> (float) (0.02 * random.nextGaussian()));
    assertRefused(
        file,
        "tensor blk.0.attn_",
        "expected trits times one scale, found weights that are not ternary: ",
        " % of them differ by more than a tenth of the scale 0.0",
        " at row ",
        "LoadOptions.Builder.quantizeMasters(true), on the command line --quantize-masters");
    assertThat(logits(file, ON_REQUEST).rows()).isEqualTo(IDS.length);
  }

  @Test
  void theArchitecturesOfBitnetMayHoldMasters() throws IOException {
    Random random = new Random(1);
    Path file =
        withWeights(BITNET, GgufType.F32, (_, _, _) -> (float) (0.02 * random.nextGaussian()));
    GoldenFormatsTest.assertLogits(
        logits(file, LoadOptions.defaults()), logits(file, ON_REQUEST), 0);
  }

  @Test
  void tritsTimesOneScaleAreUsedAsTheyAreWithoutAsking() throws IOException {
    Path file = withWeights(LLAMA, GgufType.F16, (trit, _, _) -> 0.25f * trit);
    GoldenFormatsTest.assertLogits(
        logits(file, LoadOptions.defaults()), logits(file, ON_REQUEST), 0);
  }

  /** One weight of a whole matrix is enough. */
  @Test
  void oneWeightThatIsNotATritIsFoundWithItsPlace() throws IOException {
    Path file =
        withWeights(
            LLAMA,
            GgufType.F32,
            (trit, row, column) -> row == 17 && column == 5 ? 0.375f : 0.25f * trit);
    assertRefused(file, "the farthest is 0.375 at row 17, column 5", "0.0 % of them");
  }

  @ParameterizedTest
  @CsvSource({"128, 128", "64, 64", "32, 32"})
  void groupsWithScalesOfTheirOwnAreNamed(int group, int named) throws IOException {
    Path file =
        withWeights(
            LLAMA,
            GgufType.F16,
            (trit, row, column) -> trit * (0.25f + 0.125f * ((row + column / group) % 4)));
    String message =
        "a scale for every " + named + " weights; only one scale for the whole tensor is supported";
    assertRefused(file, message);
    assertThatExceptionOfType(ModelFormatException.class)
        .as("their absolute mean is none of the scales")
        .isThrownBy(() -> Model.load(file, ON_REQUEST).close())
        .withMessageEndingWith(message);
  }

  @Test
  void shardsWithScalesOfTheirOwnAreNamed() throws IOException {
    Path file = withWeights(LLAMA, GgufType.F16, (trit, row, _) -> trit * (row < 8 ? 0.25f : 0.5f));
    assertRefused(file, "a scale for every 128 weights; only one scale");
  }

  @Test
  void unequalSignsAreNotTrits() throws IOException {
    Path file =
        withWeights(LLAMA, GgufType.F16, (trit, _, _) -> trit < 0 ? -0.1875f : 0.25f * trit);
    assertRefused(file, "weights that are not ternary");
  }

  // ---- Hugging Face directories without quantization_config

  private Path undeclared(String golden) throws IOException {
    Path model = SampleModels.copy(SampleModels.golden(golden), temp.resolve(golden));
    SampleModels.removeConfig(model, "quantization_config");
    return model;
  }

  @Test
  void aDirectoryThatDeclaresNothingSaysHowToGoOn() throws IOException {
    for (String golden : List.of("b158-bf16-online", "llama-bitlinear", "b158-tied")) {
      assertRefused(
          undeclared(golden),
          "config.json: quantization_config: expected an object of quant_method bitnet, found"
              + " nothing",
          "--quantize-masters",
          "quantizeMasters(true)",
          "copy quantization_config from the original");
    }
  }

  @Test
  void mastersOfAnUndeclaredDirectoryAreQuantizedOnRequest() throws IOException {
    Path model = undeclared("b158-bf16-online");
    TraceStep declared = logits(SampleModels.golden("b158-bf16-online"), LoadOptions.defaults());
    GoldenFormatsTest.assertLogits(logits(model, ON_REQUEST), declared, 0);
  }

  @Test
  void packedWeightsOfAnUndeclaredDirectoryAreRefusedOnRequestToo() throws IOException {
    Path model = undeclared("b158-tied");
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(model, ON_REQUEST).close())
        .withMessageContaining("expected F32, F16 or BF16, found U8");
  }

  /** Trits that were multiplied by a scale give that scale, not their absolute mean. */
  @Test
  void unpackedTritsOfAnUndeclaredDirectoryAreRecovered() throws IOException {
    Path model = undeclared("b158-bf16-online");
    SampleModels.editWeights(
        model,
        entries -> {
          for (Entry entry : List.copyOf(entries.values())) {
            if (entry.name().contains("_proj")) {
              Random random = new Random(entry.name().hashCode());
              float[] values = new float[(int) entry.data().byteSize() / 2];
              for (int i = 0; i < values.length; i++) {
                values[i] = 0.5f * (random.nextInt(3) - 1);
              }
              entries.put(
                  entry.name(),
                  SampleModels.entry(
                      entry.name(), DType.BF16, entry.shape(), SampleModels.bf16(values)));
            }
          }
        });
    try (Arena arena = Arena.ofConfined()) {
      ModelFiles files = ModelFiles.open(model, arena, ON_REQUEST);
      assertThat(files.trits(0, WeightSource.Linear.Q, arena).scale()).isEqualTo(0.5f);
    }
  }

  // ---- Prepared files

  /** Weights that were prepared on request must not load without the request. */
  @Test
  void aPreparedFileIsNoWayAroundTheRequest() throws IOException {
    Random random = new Random(1);
    Path file =
        withWeights(LLAMA, GgufType.F16, (_, _, _) -> (float) (0.02 * random.nextGaussian()));
    Path prepared = temp.resolve("prepared");
    Model.load(
            file,
            LoadOptions.builder().quantizeMasters(true).preparedFile(prepared).threads(1).build())
        .close();
    assertThat(prepared).isNotEmptyFile();
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(
            () -> Model.load(file, LoadOptions.builder().preparedFile(prepared).build()).close())
        .withMessageContaining("--quantize-masters");
  }

  @Test
  void aPreparedFileOfTheOtherLayoutOfI2sIsNotUsed() throws IOException {
    Path prepared = temp.resolve("prepared");
    LoadOptions.Builder options = LoadOptions.builder().preparedFile(prepared).threads(1);
    TraceStep arm = logits(BITNET, options.armI2sLayout(true).build());
    TraceStep usual = logits(BITNET, options.armI2sLayout(false).build());
    GoldenFormatsTest.assertLogits(usual, logits(BITNET, LoadOptions.defaults()), 0);
    assertThat(usual.get(0, 0)).isNotEqualTo(arm.get(0, 0));
  }
}
