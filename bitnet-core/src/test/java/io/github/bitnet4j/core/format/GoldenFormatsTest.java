package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.AvailableKernels;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceComparison;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every file of every golden model gives what the reference computed, and all files of one model
 * the same.
 */
class GoldenFormatsTest {
  private static final double RELATIVE_L2 = 1e-5;
  private static final double MAX_LOGIT_DIFFERENCE = 1e-3;

  /** Values of other runs than the one that a trace of the prompt repeats. */
  private static final Set<String> OTHER_RUNS =
      Set.of(
          "logits_bf16_run",
          "logits_embd_q6_k",
          "full_sequence_logits",
          "full_sequence_logits_last4");

  private static final Map<String, List<String>> FILES =
      Map.of(
          "b158-tied", List.of("hf", "model-i2_s.gguf", "model-tq1_0.gguf", "model-tq2_0.gguf"),
          "b158-untied-sharded", List.of("hf"),
          "b158-bf16-online", List.of("hf"),
          "llama-bitlinear", List.of("hf", "model-i2_s.gguf"),
          "llama-autobitlinear", List.of("hf"),
          "llama-bitlinear-rmsnorm", List.of("hf"),
          "old-1bitllm", List.of("hf", "model-i2_s.gguf"));

  static Stream<Arguments> files() {
    List<Arguments> files = new ArrayList<>();
    for (String folder : new TreeSet<>(FILES.keySet())) {
      for (String file : FILES.getOrDefault(folder, List.of())) {
        files.add(Arguments.of(folder, file, "scalar"));
        files.add(Arguments.of(folder, file, "vector"));
      }
    }
    return files.stream();
  }

  private static Path folder(String name) {
    return SampleModels.resource("golden").resolve(name);
  }

  private static JsonObject expected(String folder) throws IOException {
    return (JsonObject) JsonReader.read(folder(folder).resolve("expected.json"));
  }

  private static int[] ints(JsonValue array) {
    return ((JsonArray) array)
        .elements().stream().mapToInt(e -> ((JsonNumber) e).value().intValueExact()).toArray();
  }

  private static Trace trace(Path model, String kernels, int[] ids) throws IOException {
    LoadOptions options = LoadOptions.builder().kernels(kernels).threads(2).build();
    try (Model loaded = Model.load(model, options);
        Session session = loaded.newSession()) {
      return Trace.record(session, ids);
    }
  }

  private static int[] greedy(Path model, String kernels, int[] ids) throws IOException {
    LoadOptions options = LoadOptions.builder().kernels(kernels).threads(2).build();
    GenerationConfig config =
        GenerationConfig.builder().maxTokens(32).ignoreStopTokens(true).build();
    try (Model loaded = Model.load(model, options);
        Session session = loaded.newSession()) {
      return session.generate(ids, config).ids();
    }
  }

  private static TraceStep logits(Trace trace, String name) {
    return trace.step(name).orElseThrow(() -> new AssertionError("no step " + name));
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyStepIsTheReferences(String folder, String file, String kernels) throws IOException {
    Trace reference = Trace.read(folder(folder).resolve("expected.safetensors"));
    int[] ids = ints(expected(folder).get("input_ids"));
    Trace ours = trace(folder(folder).resolve(file), kernels, ids);
    TraceComparison comparison = ours.compare(reference, RELATIVE_L2);
    assertThat(comparison.firstDeparture()).isEmpty();
    Set<String> compared =
        comparison.steps().stream().map(TraceComparison.Step::name).collect(Collectors.toSet());
    Set<String> stored =
        reference.steps().stream()
            .map(TraceStep::name)
            .collect(Collectors.toCollection(TreeSet::new));
    stored.removeAll(OTHER_RUNS);
    assertThat(compared).containsAll(stored).hasSizeGreaterThan(25);
    assertLogits(logits(ours, "logits"), logits(reference, "logits"), RELATIVE_L2);
  }

  @ParameterizedTest
  @MethodSource("files")
  void greedyTokensAreTheReferences(String folder, String file, String kernels) throws IOException {
    JsonObject expected = expected(folder);
    assertThat(greedy(folder(folder).resolve(file), kernels, ints(expected.get("input_ids"))))
        .containsExactly(ints(expected.get("greedy_continuation")))
        .hasSize(32);
  }

  @ParameterizedTest
  @CsvSource({"scalar", "vector"})
  void aQuantizedEmbeddingIsAlsoTheHead(String kernels) throws IOException {
    String name = "model-i2_s-embd_q6_k.gguf";
    Path file = folder("b158-tied").resolve(name);
    JsonObject expected = expected("b158-tied");
    int[] ids = ints(expected.get("input_ids"));
    Trace reference = Trace.read(folder("b158-tied").resolve("expected.safetensors"));
    assertLogits(
        logits(trace(file, kernels, ids), "logits"),
        logits(reference, "logits_embd_q6_k"),
        RELATIVE_L2);
    JsonObject ofFile = (JsonObject) ((JsonObject) expected.get("gguf")).get(name);
    assertThat(greedy(file, kernels, ids)).containsExactly(ints(ofFile.get("greedy")));
  }

  @ParameterizedTest
  @CsvSource({
    "b158-tied, model-i2_s.gguf, 0",
    "b158-tied, model-tq1_0.gguf, 0",
    "b158-tied, model-tq2_0.gguf, 0",
    "llama-bitlinear, model-i2_s.gguf, 1e-5", // here the scales are one rounding apart
    "old-1bitllm, model-i2_s.gguf, 1e-5"
  })
  void directoryAndGgufAgree(String folder, String file, double bound) throws IOException {
    int[] ids = ints(expected(folder).get("input_ids"));
    for (String kernels : AvailableKernels.names()) {
      TraceStep ofDirectory = logits(trace(folder(folder).resolve("hf"), kernels, ids), "logits");
      TraceStep ofFile = logits(trace(folder(folder).resolve(file), kernels, ids), "logits");
      assertLogits(ofFile, ofDirectory, bound);
    }
  }

  /** Compares as golden/README.md says: relative L2 of the matrix, and the largest difference. */
  static void assertLogits(TraceStep ours, TraceStep theirs, double relativeL2) {
    assertThat(List.of(ours.rows(), ours.columns()))
        .isEqualTo(List.of(theirs.rows(), theirs.columns()));
    double difference = 0;
    double norm = 0;
    for (int row = 0; row < ours.rows(); row++) {
      for (int id = 0; id < ours.columns(); id++) {
        double d = (double) ours.get(row, id) - theirs.get(row, id);
        assertThat(d)
            .as("logit of token %d at position %d", id, row)
            .isCloseTo(0, within(relativeL2 == 0 ? 0 : MAX_LOGIT_DIFFERENCE));
        difference += d * d;
        norm += (double) theirs.get(row, id) * theirs.get(row, id);
      }
    }
    assertThat(Math.sqrt(difference / norm)).isLessThanOrEqualTo(relativeL2);
  }
}
