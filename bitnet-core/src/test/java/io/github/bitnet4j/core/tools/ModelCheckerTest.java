package io.github.bitnet4j.core.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.tools.CheckReport.Finding;
import io.github.bitnet4j.core.tools.CheckReport.Severity;
import io.github.bitnet4j.core.tools.ToolCases.Case;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class ModelCheckerTest {
  @TempDir private Path folder;

  static Stream<Case> models() throws IOException {
    return ToolCases.malformed().filter(Case::isModel);
  }

  @Test
  void hasNothingToSayAgainstTheDemoModel() {
    CheckReport report = check(SampleModels.DEMO);
    assertThat(report.findings()).noneMatch(f -> f.severity() != Severity.INFO);
    assertThat(report.verdict()).startsWith("OK: ");
    assertThat(report.accepted()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "b158-tied/hf",
        "b158-tied/model-i2_s.gguf",
        "b158-tied/model-tq1_0.gguf",
        "b158-tied/model-i2_s-embd_q6_k.gguf",
        "b158-untied-sharded/hf",
        "b158-bf16-online/hf",
        "llama-bitlinear/hf",
        "llama-bitlinear/model-i2_s.gguf",
        "llama-autobitlinear/hf",
        "llama-bitlinear-rmsnorm/hf",
        "old-1bitllm/hf",
        "old-1bitllm/model-i2_s.gguf"
      })
  void acceptsEveryGoldenModel(String name) {
    CheckReport report = check(SampleModels.resource("golden").resolve(name));
    assertThat(report.accepted()).as(report.verdict()).isTrue();
    // Directories have no tokenizer; nothing else is doubtful.
    assertThat(report.findings())
        .filteredOn(f -> f.severity() == Severity.WARNING)
        .allMatch(f -> f.subject().equals("tokenizer"))
        .hasSize(name.endsWith("hf") ? 1 : 0);
    assertThat(report.findings())
        .anyMatch(f -> f.subject().equals("self-test") && f.severity() == Severity.INFO);
  }

  @ParameterizedTest
  @MethodSource("models")
  void judgesModelsAsTheManifestSays(Case c) {
    CheckReport report = check(c.path());
    assertThat(report.accepted()).as(report.verdict()).isEqualTo(c.accept());
    if (!c.accept()) {
      assertThat(report.verdict()).startsWith("REJECTED: ").contains("expected").contains("found");
    }
  }

  @Test
  void aMissingFileIsAFinding() {
    assertThat(check(folder.resolve("no.gguf")).verdict())
        .startsWith("REJECTED: ")
        .contains("does not exist");
  }

  @Test
  void warnsOfAMissingSplitter() throws IOException {
    Path file =
        ToolCases.copyGguf(
            ToolCases.TIED_I2S,
            folder.resolve("m.gguf"),
            metadata -> metadata.remove("tokenizer.ggml.pre"),
            tensors -> {});
    assertThat(warnings(check(file)))
        .singleElement()
        .satisfies(f -> assertThat(f.subject()).isEqualTo("tokenizer.ggml.pre"))
        .satisfies(f -> assertThat(f.message()).contains("takes llama-bpe"));
  }

  @Test
  void warnsOfThePlaceholderTemplate() throws IOException {
    String placeholder = "{{ 'Human: ' + message + '\\n\\nBITNETAssistant: ' + eos_token }}";
    Path file =
        ToolCases.copyGguf(
            ToolCases.TIED_I2S,
            folder.resolve("m.gguf"),
            metadata -> metadata.put("tokenizer.chat_template", new StringValue(placeholder)),
            tensors -> {});
    assertThat(warnings(check(file)))
        .singleElement()
        .satisfies(f -> assertThat(f.subject()).isEqualTo("tokenizer.chat_template"));
  }

  @Test
  void warnsIfNothingEndsATextAndNoTokenizerIsThere() throws IOException {
    Path file =
        ToolCases.copyGguf(
            ToolCases.TIED_I2S,
            folder.resolve("m.gguf"),
            metadata -> metadata.keySet().removeIf(key -> key.startsWith("tokenizer.")),
            tensors -> {});
    assertThat(warnings(check(file)))
        .extracting(Finding::subject)
        .containsExactly("tokenizer", "stop tokens");
  }

  @ParameterizedTest
  @CsvSource({"0x55, '100.0 % of its weights are zero'", "0x00, '0.0 % of its weights are zero'"})
  void warnsOfUnlikelyTrits(String codes, String message) throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, folder.resolve("m"));
    String name = "model.layers.1.mlp.up_proj.weight";
    SampleModels.editTensor(
        model, name, data -> Arrays.fill(data, Integer.decode(codes).byteValue()));
    assertThat(warnings(check(model)))
        .anyMatch(f -> f.subject().equals(name) && f.message().contains(message));
  }

  @Test
  void warnsOfManyTokensWithoutEmbedding() throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, folder.resolve("m"));
    SampleModels.editTensor(
        model,
        "model.embed_tokens.weight",
        data -> Arrays.fill(data, 0, data.length / 4, (byte) 0));
    assertThat(warnings(check(model)))
        .anyMatch(f -> f.message().contains("74 of 296 rows are all zero"));
  }

  @Test
  void warnsOfANormThatSilencesItsLayer() throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, folder.resolve("m"));
    String name = "model.layers.0.post_attention_layernorm.weight";
    SampleModels.editTensor(model, name, data -> Arrays.fill(data, (byte) 0));
    assertThat(warnings(check(model))).anyMatch(f -> f.subject().equals(name));
  }

  @Test
  void rejectsAModelThatDoesNotTellTokensApart() throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, folder.resolve("m"));
    SampleModels.editTensor(model, "model.norm.weight", data -> Arrays.fill(data, (byte) 0));
    CheckReport report = check(model);
    assertThat(report.verdict()).contains("all tokens are equally likely");
  }

  @Test
  void rejectsAModelWhoseValuesOverflow() throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, folder.resolve("m"));
    SampleModels.editTensor(
        model,
        "model.norm.weight",
        data -> {
          for (int i = 0; i < data.length; i += 2) {
            data[i] = 0x7F; // 3.4e38
            data[i + 1] = 0x7F;
          }
        });
    assertThat(check(model).verdict()).startsWith("REJECTED: ").contains("finite");
  }

  @Test
  void warnsIfTheHiddenStateExplodes() throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, folder.resolve("m"));
    SampleModels.editTensor(
        model,
        "model.layers.1.mlp.down_proj.weight_scale",
        data -> System.arraycopy(SampleModels.bf16(1e7f), 0, data, 0, 2));
    assertThat(warnings(check(model)))
        .extracting(Finding::message)
        .anyMatch(message -> message.contains("the hidden state grows"))
        .anyMatch(message -> message.contains("factor of more than 10000"));
  }

  /** The published scales, and those that converters write that divide where they should not. */
  @Test
  void knowsTheScalesOfThe2bModelFromTheirReciprocals() {
    Map<Integer, Double> scales =
        Map.of(0, 1.22, 5, 1.3, 10, 1.6, 15, 1.68, 20, 1.85, 25, 1.47, 29, 1.13);
    Map<Integer, Double> reciprocals =
        scales.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, e -> 1 / e.getValue()));
    assertThat(WeightChecks.isThatOfBitnet2b(scales, 1)).isTrue();
    assertThat(WeightChecks.isThatOfBitnet2b(scales, -1)).isFalse();
    assertThat(WeightChecks.isThatOfBitnet2b(reciprocals, -1)).isTrue();
    assertThat(WeightChecks.isThatOfBitnet2b(reciprocals, 1)).isFalse();
  }

  private static CheckReport check(Path path) {
    return ModelChecker.check(path, LoadOptions.builder().threads(1).build());
  }

  private static List<Finding> warnings(CheckReport report) {
    return report.findings().stream().filter(f -> f.severity() == Severity.WARNING).toList();
  }
}
