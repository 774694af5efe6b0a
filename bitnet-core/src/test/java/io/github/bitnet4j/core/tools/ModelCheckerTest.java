package io.github.bitnet4j.core.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.tools.CheckReport.Finding;
import io.github.bitnet4j.core.tools.CheckReport.Severity;
import io.github.bitnet4j.core.tools.ToolCases.Case;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  private Path demoWithTemplate(String template) throws IOException {
    Path model = SampleModels.copy(SampleModels.DEMO, folder.resolve("demo"));
    Files.writeString(model.resolve("chat_template.jinja"), template);
    return model;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      textBlock =
          """
          {% if messages %} ~ it cannot be used for the first message of a chat: ~
          {{ nothing(messages) }} ~ it cannot be used for the first message of a chat: ~
          {# nothing #} ~ it cannot be used for the first message of a chat: ~ it writes nothing
          {{ raise_exception('no') }} ~ it cannot be used for the first message of a chat: ~
          {% if messages|length > 2 %}{{ raise_exception('no more') }}{% endif %}x ~ it cannot be used for a second message: ~ no more
          """)
  void warnsOfAChatTemplateThatCannotBeUsed(String template, String message, String reason)
      throws IOException {
    CheckReport report = check(demoWithTemplate(template));
    assertThat(warnings(report))
        .singleElement()
        .satisfies(f -> assertThat(f.subject()).isEqualTo("chat template"))
        .satisfies(f -> assertThat(f.message()).contains(message, "continuing texts works"))
        .satisfies(f -> assertThat(f.message()).contains(reason == null ? "" : reason));
    assertThat(report.verdict()).startsWith("OK with 1 warnings");
  }

  @Test
  void aTemplateMayRefuseSystemMessages() throws IOException {
    CheckReport report =
        check(
            demoWithTemplate(
                "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system')"
                    + " }}{% endif %}{{ m.content }}{% endfor %}"));
    assertThat(warnings(report)).isEmpty();
    assertThat(report.findings())
        .anyMatch(
            f ->
                f.message().contains("it refuses a system message: ")
                    && f.message().contains("no system"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "{\"temperature\": NaN}", "{\"eos_token_id\": \"x\"}"})
  void warnsOfAGenerationConfigThatCannotBeUsed(String text) throws IOException {
    Path model = SampleModels.copy(SampleModels.DEMO, folder.resolve("demo"));
    Files.writeString(model.resolve("generation_config.json"), text);
    assertThat(warnings(check(model)))
        .singleElement()
        .satisfies(
            f ->
                assertThat(f.message())
                    .contains("generation_config.json: ", "; this file is ignored"));
  }

  @Test
  void saysHowFarDenseLinearLayersAreFromTrits() {
    assertThat(check(SampleModels.golden("b158-bf16-online")).findings())
        .filteredOn(f -> f.subject().equals("dense linear layers"))
        .singleElement()
        .satisfies(f -> assertThat(f.severity()).isEqualTo(Severity.INFO))
        .satisfies(
            f ->
                assertThat(f.message())
                    .containsPattern("14 of 14 do not hold trits .* on average [0-9.]+ % of")
                    .contains("at row "));
  }

  @Test
  void warnsOfAnOrdinaryModelThatIsQuantizedOnRequest() throws IOException {
    Path model = SampleModels.copy(SampleModels.golden("b158-bf16-online"), folder.resolve("m"));
    SampleModels.removeConfig(model, "quantization_config");
    SampleModels.setConfig(model, "architectures", "[\"LlamaForCausalLM\"]");
    SampleModels.setConfig(model, "hidden_act", "\"silu\"");
    SampleModels.editWeights(
        model, entries -> entries.keySet().removeIf(name -> name.contains("sub_norm")));
    assertThat(check(model).verdict()).startsWith("REJECTED: ").contains("--quantize-masters");
    CheckReport report =
        ModelChecker.check(model, LoadOptions.builder().threads(1).quantizeMasters(true).build());
    assertThat(report.accepted()).as(report.verdict()).isTrue();
    assertThat(warnings(report))
        .anyMatch(
            f ->
                f.subject().equals("dense linear layers")
                    && f.message().contains("An ordinary float model looks the same"));
  }

  /** Names in files come from anyone: none may command a terminal or forge a line. */
  @Test
  void textsOfFilesAreShownWithoutControlCharacters() throws IOException {
    String hostile = "\u001b[2J\nOK: nothing to complain about\r\u202e" + "x".repeat(5000);
    Path file =
        ToolCases.copyGguf(
            ToolCases.TIED_I2S,
            folder.resolve("m.gguf"),
            metadata -> metadata.put("bitnet-b1.58." + hostile, new IntValue(7)),
            tensors -> {});
    CheckReport report = check(file);
    assertThat(report.accepted()).isFalse();
    assertThat(report.verdict()).contains("\\u001b[2J\\nOK: nothing").hasSizeLessThan(2100);
    assertThat(report.verdict().codePoints()).noneMatch(Character::isISOControl);
    Inspection inspection = ModelInspector.inspect(file);
    assertThat(inspection.metadata().keySet())
        .allSatisfy(key -> assertThat(key).hasSizeLessThan(300).doesNotContain("\n", "\u001b"));
    assertThat(inspection.note()).contains("\\u001b[2J").hasSizeLessThan(2100);
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
