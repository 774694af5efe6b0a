package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.Logprobs.Alternative;
import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.logits.LogSoftmax;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Log probabilities of generated tokens and of prompts. */
class LogprobsTest {
  private static final String PROMPT = "Once upon a time";

  /** A logit is at most 1e-3 off the reference, and so is the logarithm of the sum. */
  private static final double GOLDEN_TOLERANCE = 2e-3;

  private static Model model;
  private Session session;

  @BeforeAll
  static void load() throws IOException {
    model =
        Model.load(SampleModels.DEMO, LoadOptions.builder().kernels("scalar").threads(1).build());
  }

  @AfterAll
  static void closeModel() {
    model.close();
  }

  @BeforeEach
  void open() {
    session = model.newSession();
  }

  @AfterEach
  void close() {
    session.close();
  }

  private static GenerationConfig.Builder config(int maxTokens) {
    return GenerationConfig.builder().maxTokens(maxTokens).ignoreStopTokens(true).seed(3);
  }

  /** Log probabilities of the ids after the first, from the logits of a trace. */
  private double[] traced(int[] ids) {
    double[] logprobs = new double[ids.length - 1];
    try (Session tracing = model.newSession()) {
      TraceStep logits = Trace.record(tracing, ids).step("logits").orElseThrow();
      for (int i = 0; i < logprobs.length; i++) {
        LogSoftmax softmax = new LogSoftmax();
        softmax.read(row(logits, i), 0, logits.columns());
        logprobs[i] = softmax.logprob(ids[i + 1]);
      }
    }
    return logprobs;
  }

  private static float[] row(TraceStep logits, int row) {
    float[] values = new float[logits.columns()];
    for (int id = 0; id < values.length; id++) {
      values[id] = logits.get(row, id);
    }
    return values;
  }

  private static double[] values(List<Logprobs> logprobs) {
    return logprobs.stream().mapToDouble(Logprobs::logprob).toArray();
  }

  private static int[] concat(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private void assertAreOfTheModelsLogits(Generation generation) {
    double[] all = traced(concat(generation.promptIds(), generation.ids()));
    int from = generation.promptIds().length - 1;
    assertThat(values(generation.logprobs()))
        .containsExactly(Arrays.copyOfRange(all, from, all.length));
    assertThat(generation.logprobs().stream().mapToInt(Logprobs::id))
        .containsExactly(Arrays.stream(generation.ids()).boxed().toArray(Integer[]::new));
  }

  @Test
  void tokensHaveTheirLogProbabilityAndTheLikeliestOnes() {
    List<Token> tokens = new ArrayList<>();
    Generation generation = session.generate(PROMPT, config(20).logprobs(3).build(), tokens::add);
    assertAreOfTheModelsLogits(generation);
    assertThat(tokens.stream().map(token -> token.logprobs().orElseThrow()))
        .isEqualTo(generation.logprobs());
    for (Logprobs logprobs : generation.logprobs()) {
      List<Alternative> alternatives = logprobs.alternatives();
      assertThat(alternatives).hasSize(3);
      assertThat(alternatives.getFirst())
          .as("greedy")
          .isEqualTo(new Alternative(logprobs.id(), logprobs.logprob()));
      assertThat(alternatives.get(0).logprob())
          .isGreaterThanOrEqualTo(alternatives.get(1).logprob());
      assertThat(alternatives.get(1).logprob())
          .isGreaterThanOrEqualTo(alternatives.get(2).logprob());
    }
    assertThat(generation.promptLogprobs()).isEmpty();
  }

  @Test
  void theWholeVocabularyHasTheProbabilityOne() {
    Logprobs first =
        session.generate(PROMPT, config(1).logprobs(5000).build()).logprobs().getFirst();
    assertThat(first.alternatives()).hasSize(2048);
    assertThat(first.alternatives().stream().mapToDouble(a -> Math.exp(a.logprob())).sum())
        .isCloseTo(1, within(1e-6));
  }

  @Test
  void thereAreNoneIfNotAskedFor() {
    List<Token> tokens = new ArrayList<>();
    Generation generation = session.generate(PROMPT, config(3).build(), tokens::add);
    assertThat(generation.logprobs()).isEmpty();
    assertThat(generation.promptLogprobs()).isEmpty();
    assertThat(tokens).hasSize(3).allSatisfy(token -> assertThat(token.logprobs()).isEmpty());
  }

  @Test
  void noSettingChangesWhatIsMeasuredAndMeasuringChangesNoToken() {
    LogitsProcessor processor = (ids, logits) -> logits[300] += 3;
    List<GenerationConfig.Builder> settings =
        List.of(
            config(15),
            config(15).temperature(1.4f),
            config(15).temperature(0.6f).topP(0.8f),
            config(15).temperature(1).topK(20).minP(0.01f),
            config(15).penalties(new Penalties(1.4f, 0.3f, 0.2f, 20)),
            config(15).temperature(1).logitBias(301, 4).bannedIds(11, 300),
            config(15).temperature(1).logitsProcessors(processor).mirostat(new Mirostat(4, 0.1f)));
    for (GenerationConfig.Builder setting : settings) {
      Generation plain = session.generate(PROMPT, setting.build());
      Generation measured = session.generate(PROMPT, setting.logprobs(0).build());
      assertThat(measured.ids()).as("%s", setting.build()).isEqualTo(plain.ids());
      assertAreOfTheModelsLogits(measured);
    }
    Sampler destroying =
        (logits, random) -> {
          Arrays.fill(logits, Float.NaN);
          return 300;
        };
    assertAreOfTheModelsLogits(
        session.generate(PROMPT, config(3).sampler(destroying).logprobs(1).build()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theFastestKernelsAndAnotherHeadGiveTheSameBits(boolean screening) throws IOException {
    GenerationConfig config = config(30).temperature(0.7f).logprobs(2).build();
    Generation expected = session.generate(PROMPT, config);
    LoadOptions options = LoadOptions.builder().headScreening(screening).threads(2).build();
    try (Model other = Model.load(SampleModels.DEMO, options);
        Session s = other.newSession()) {
      Generation same = s.generate(PROMPT, config);
      assertThat(same.ids()).isEqualTo(expected.ids());
      assertThat(same.logprobs()).isEqualTo(expected.logprobs()).hasSize(30);
    }
  }

  // ---- Prompts

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 129, 160})
  void promptsHaveThemWhateverIsInTheCache(int length) {
    int[] prompt = Fixtures.randomIds(length, length, 2048);
    Generation plain = session.generate(prompt, config(4).build());
    List<Integer> progress = new ArrayList<>();
    GenerationConfig config =
        config(4).promptLogprobs(2).onPrefill((done, total) -> progress.add(done)).build();
    Generation generation = session.generate(prompt, config);
    assertThat(generation.ids()).isEqualTo(plain.ids());
    assertThat(generation.stats().reusedTokens()).isZero();
    assertThat(generation.stats().prefillTokens()).isEqualTo(length);
    assertThat(generation.logprobs()).isEmpty();
    assertThat(progress).isSorted().endsWith(length);
    assertThat(values(generation.promptLogprobs())).containsExactly(traced(prompt));
    for (int i = 0; i < length - 1; i++) {
      assertThat(generation.promptLogprobs().get(i).id()).isEqualTo(prompt[i + 1]);
      assertThat(generation.promptLogprobs().get(i).alternatives()).hasSize(2);
    }
  }

  @Test
  void aCancelledPromptHasThoseThatWereComputed() {
    int[] prompt = Fixtures.randomIds(1, 140, 2048);
    GenerationConfig config =
        config(4).promptLogprobs(0).onPrefill((done, total) -> session.cancel()).build();
    Generation generation = session.generate(prompt, config);
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(values(generation.promptLogprobs()))
        .containsExactly(Arrays.copyOf(traced(prompt), 128));
    assertThat(session.position()).isEqualTo(128);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "b158-tied",
        "b158-untied-sharded",
        "b158-bf16-online",
        "llama-bitlinear",
        "llama-autobitlinear",
        "llama-bitlinear-rmsnorm",
        "old-1bitllm"
      })
  void theyAreThoseOfTheReferencesLogits(String folder) throws IOException {
    JsonObject expected = Fixtures.json("golden/" + folder + "/expected.json");
    int[] prompt = Fixtures.ints(expected.get("input_ids"));
    TraceStep reference =
        Trace.read(Fixtures.path("golden/" + folder + "/expected.safetensors"))
            .step("logits")
            .orElseThrow();
    try (Model golden = Model.load(Fixtures.goldenModel(folder));
        Session s = golden.newSession()) {
      double[] logprobs =
          values(s.generate(prompt, config(1).promptLogprobs(0).build()).promptLogprobs());
      assertThat(logprobs).hasSize(prompt.length - 1);
      for (int i = 0; i < logprobs.length; i++) {
        double sum = 0;
        for (int id = 0; id < reference.columns(); id++) {
          sum += Math.exp((double) reference.get(i, id));
        }
        assertThat(logprobs[i])
            .as("token %d", i + 1)
            .isCloseTo(reference.get(i, prompt[i + 1]) - Math.log(sum), within(GOLDEN_TOLERANCE));
      }
    }
  }
}
