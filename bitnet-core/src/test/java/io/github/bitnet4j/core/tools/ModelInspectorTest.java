package io.github.bitnet4j.core.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.AvailableKernels;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.tools.Inspection.MemoryEstimate;
import io.github.bitnet4j.core.tools.Inspection.TensorSummary;
import io.github.bitnet4j.core.tools.Inspection.TritCounts;
import io.github.bitnet4j.core.tools.ToolCases.Case;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelInspectorTest {
  @TempDir private Path folder;

  static Stream<Case> containers() throws IOException {
    return ToolCases.malformed().filter(c -> !c.isModel());
  }

  static Stream<Case> models() throws IOException {
    return ToolCases.malformed().filter(Case::isModel);
  }

  @Test
  void describesAGgufFile() throws IOException {
    Inspection inspection = ModelInspector.inspect(ToolCases.TIED_I2S);
    assertThat(inspection.format()).isEqualTo("GGUF");
    assertThat(inspection.version()).isEqualTo(3);
    assertThat(inspection.metadata())
        .containsEntry("general.architecture", "bitnet-b1.58")
        .containsEntry("bitnet-b1.58.rope.freq_base", "500000.0")
        .containsEntry("tokenizer.ggml.add_bos_token", "false")
        .containsEntry(
            "tokenizer.ggml.merges",
            "[\"r d\", \"e d\", \"n s\", \"h o\", \"u e\", \"o i\", ...] (38 elements)")
        .containsEntry("tokenizer.ggml.token_type", "[1, 1, 1, 1, 1, 1, ...] (296 elements)");
    assertThat(inspection.metadata().keySet()).first().isEqualTo("general.architecture");
    assertThat(inspection.tensors()).hasSize(24);
    TensorSummary gate = tensor(inspection, "blk.0.ffn_gate.weight");
    assertThat(gate.type()).isEqualTo("I2_S");
    assertThat(gate.shape()).containsExactly(512L, 256L);
    assertThat(gate.bytes()).isEqualTo(512 * 256 / 4 + 32);
    assertThat(gate.trits().orElseThrow().total()).isEqualTo(512 * 256);
    assertThat(gate.trits().orElseThrow().zeroShare()).isBetween(0.25, 0.55);
    assertThat(gate.scale().orElseThrow()).isPositive();
    assertThat(tensor(inspection, "output_norm.weight").trits()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"model-i2_s.gguf", "model-tq1_0.gguf", "model-tq2_0.gguf"})
  void countsTheSameTritsInEveryFormat(String file) throws IOException {
    Inspection directory = ModelInspector.inspect(SampleModels.TIED);
    Inspection gguf = ModelInspector.inspect(ToolCases.TIED_I2S.resolveSibling(file));
    assertThat(gguf.parameterCount()).isEqualTo(parameters(SampleModels.TIED));
    TensorSummary ours = tensor(gguf, "blk.1.ffn_down.weight");
    TensorSummary theirs = tensor(directory, "model.layers.1.mlp.down_proj.weight");
    assertThat(ours.trits()).isEqualTo(theirs.trits());
    assertThat(ours.scale()).isEqualTo(theirs.scale());
    assertThat(theirs.type()).isEqualTo("U8");
  }

  private static long parameters(Path model) throws IOException {
    try (Model loaded = Model.load(model)) {
      return loaded.info().parameterCount();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "b158-tied/hf",
        "b158-tied/model-i2_s.gguf",
        "b158-bf16-online/hf",
        "old-1bitllm/hf"
      })
  void estimatesTheMemoryThatLoadingTakes(String name) throws IOException {
    Path path = SampleModels.resource("golden").resolve(name);
    LoadOptions scalar = LoadOptions.builder().kernels("scalar").build();
    MemoryEstimate memory = ModelInspector.inspect(path, scalar).memory().orElseThrow();
    try (Model model = Model.load(path, scalar);
        Session session = model.newSession()) {
      assertThat(memory.kernels()).isEqualTo("scalar");
      assertThat(memory.mapped()).isEqualTo(model.info().mappedBytes());
      assertThat(memory.prepared()).isEqualTo(model.info().preparedBytes());
      assertThat(memory.contextLength()).isEqualTo(model.info().contextLength());
      int[] prompt = new int[memory.contextLength() - 1];
      session.generate(prompt, GenerationConfig.builder().maxTokens(1).build());
      assertThat(memory.kvCache()).isEqualTo(session.kvCacheBytes());
    }
  }

  static Stream<Arguments> waysToLoad() {
    return Stream.concat(AvailableKernels.names().stream(), Stream.of(""))
        .flatMap(
            kernels -> Stream.of(true, false).map(screening -> Arguments.of(kernels, screening)));
  }

  /** The head is large enough to be screened; all kinds of linear layers. */
  @ParameterizedTest
  @MethodSource("waysToLoad")
  void forecastsTheMemoryOfTheKernelsThatLoadingChooses(String kernels, boolean screening)
      throws IOException {
    Path screened =
        SampleModels.synthetic(
            folder.resolve("m"), new SampleModels.Sizes(64, 64, 1, 2, 1, 1 << 16, 64), 1);
    LoadOptions.Builder builder =
        LoadOptions.builder().threads(1).headScreening(screening).contextLength(16);
    if (!kernels.isEmpty()) {
      builder.kernels(kernels);
    }
    LoadOptions options = builder.build();
    for (Path path :
        List.of(
            screened,
            ToolCases.TIED_I2S,
            ToolCases.TIED_I2S.resolveSibling("model-tq1_0.gguf"),
            SampleModels.golden("b158-bf16-online"),
            SampleModels.golden("llama-bitlinear").resolveSibling("model-i2_s.gguf"))) {
      MemoryEstimate memory = ModelInspector.inspect(path, options).memory().orElseThrow();
      try (Model model = Model.load(path, options)) {
        assertThat(memory.kernels()).isEqualTo(model.info().kernels());
        assertThat(memory.mapped()).isEqualTo(model.info().mappedBytes());
        assertThat(memory.prepared()).as("%s", path).isEqualTo(model.info().preparedBytes());
        assertThat(memory.contextLength()).isEqualTo(model.info().contextLength());
      }
    }
  }

  @Test
  void optionsThatCannotLoadAreANote() throws IOException {
    LoadOptions unknown = LoadOptions.builder().kernels("gpu").build();
    assertThat(ModelInspector.inspect(SampleModels.TIED, unknown).note())
        .contains("kernels: expected the provider gpu");
    LoadOptions tooLong = LoadOptions.builder().contextLength(1000).build();
    assertThat(ModelInspector.inspect(SampleModels.TIED, tooLong).note())
        .contains("contextLength: expected at most 128");
  }

  @Test
  void describesAHuggingFaceDirectoryAndASafetensorsFile() throws IOException {
    Inspection directory = ModelInspector.inspect(SampleModels.golden("b158-untied-sharded"));
    assertThat(directory.format()).isEqualTo("Hugging Face directory");
    assertThat(directory.metadata())
        .containsEntry("architectures", "[BitNetForCausalLM]")
        .containsEntry("quantization_config.linear_class", "autobitlinear");
    assertThat(directory.tensors().stream().map(TensorSummary::file).distinct()).hasSize(2);
    Inspection file = ModelInspector.inspect(SampleModels.TIED.resolve("model.safetensors"));
    assertThat(file.format()).isEqualTo("safetensors");
    assertThat(file.tensors()).hasSameSizeAs(ModelInspector.inspect(SampleModels.TIED).tensors());
    assertThat(file.memory()).isEmpty();
    assertThat(file.note()).contains("inspect the directory");
  }

  @Test
  void describesAllFilesOfASplitModel() throws IOException {
    Inspection whole = ModelInspector.inspect(ToolCases.TIED_I2S);
    for (int part = 0; part < 2; part++) {
      int number = part;
      ToolCases.copyGguf(
          ToolCases.TIED_I2S,
          folder.resolve("m-0000%d-of-00002.gguf".formatted(part + 1)),
          metadata -> {
            metadata.put("split.no", new IntValue(number));
            metadata.put("split.count", new IntValue(2));
          },
          tensors ->
              (number == 0 ? tensors.subList(10, tensors.size()) : tensors.subList(0, 10)).clear());
    }
    Inspection split = ModelInspector.inspect(folder.resolve("m-00002-of-00002.gguf"));
    assertThat(names(split)).isEqualTo(names(whole));
    assertThat(split.memory().orElseThrow().prepared())
        .isEqualTo(whole.memory().orElseThrow().prepared());
  }

  private static List<String> names(Inspection inspection) {
    return inspection.tensors().stream().map(TensorSummary::name).toList();
  }

  @Test
  void countsInvalidTritsInsteadOfRefusingThem() throws IOException {
    Inspection inspection =
        ModelInspector.inspect(SampleModels.resource("malformed").resolve("hf_code3"));
    assertThat(inspection.tensors().stream().flatMap(t -> t.trits().stream()))
        .extracting(TritCounts::invalid)
        .anyMatch(count -> count > 0);
  }

  @ParameterizedTest
  @MethodSource("containers")
  void judgesContainersAsTheManifestSays(Case c) throws IOException {
    if (c.accept()) {
      assertThat(ModelInspector.inspect(c.path()).path()).isEqualTo(c.path());
    } else {
      assertThatExceptionOfType(ModelFormatException.class)
          .isThrownBy(() -> ModelInspector.inspect(c.path()))
          .withMessageContaining("expected")
          .withMessageContaining("found");
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void inspectsDamagedModelsOrSaysWhyNot(Case c) throws IOException {
    try {
      Inspection inspection = ModelInspector.inspect(c.path());
      assertThat(inspection.note().isEmpty()).isEqualTo(inspection.memory().isPresent());
    } catch (ModelFormatException e) {
      assertThat(c.accept()).as(e.getMessage()).isFalse();
    }
  }

  @Test
  void saysThatNothingIsThere() {
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> ModelInspector.inspect(folder.resolve("no.gguf")));
  }

  private static TensorSummary tensor(Inspection inspection, String name) {
    return inspection.tensors().stream()
        .filter(t -> t.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
