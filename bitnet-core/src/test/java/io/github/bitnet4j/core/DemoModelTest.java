package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The shipped demo model against its training framework's reference: texts, logits, loss. */
class DemoModelTest {
  /** What {@code logit_tolerance} of the file states: the spread between its own references. */
  private static final double LOGIT_TOLERANCE = 0.0891;

  /** An int8 value that rounds the other way moves a story's loss by about a thousandth. */
  private static final double STORY_TOLERANCE = 0.01;

  private static Model model;
  private static JsonObject expected;

  @BeforeAll
  static void open() throws IOException {
    model =
        Model.load(Fixtures.DEMO_MODEL, LoadOptions.builder().kernels("vector").threads(2).build());
    expected = Fixtures.json("demo/expected.json");
  }

  @AfterAll
  static void close() {
    model.close();
  }

  static List<JsonObject> cases() throws IOException {
    return Fixtures.objects(Fixtures.json("demo/expected.json").get("cases"));
  }

  @Test
  void thereAreEightPrompts() throws IOException {
    assertThat(cases()).hasSize(8);
    assertThat(Fixtures.string(expected.get("logit_tolerance"))).contains("at most 0.0891");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void continuesThePromptAsTheReferenceDoes(JsonObject expectedCase) {
    String prompt = Fixtures.string(expectedCase.get("prompt"));
    GenerationConfig config =
        GenerationConfig.builder()
            .maxTokens(Fixtures.integer(expected.get("max_new_tokens")))
            .build();
    try (Session session = model.newSession()) {
      Generation generation = session.generate(prompt, config);
      assertThat(generation.promptIds())
          .containsExactly(Fixtures.ints(expectedCase.get("prompt_ids")));
      assertThat(generation.ids())
          .containsExactly(Fixtures.ints(expectedCase.get("continuation_ids")));
      assertThat(generation.text())
          .isEqualTo(Fixtures.string(expectedCase.get("continuation_text")));
      assertThat(generation.finishReason() == FinishReason.STOP_TOKEN)
          .isEqualTo(Fixtures.bool(expectedCase.get("stopped_at_end_of_text")));
    }
  }

  /** Seven prompts have the reference's continuation; in the eighth two tokens are nearly tied. */
  @ParameterizedTest
  @MethodSource("cases")
  void aCacheOfHalfPrecisionChoosesAnotherTokenOnlyInATie(JsonObject expectedCase)
      throws IOException {
    int[] promptIds = Fixtures.ints(expectedCase.get("prompt_ids"));
    int[] reference = Fixtures.ints(expectedCase.get("continuation_ids"));
    GenerationConfig config = GenerationConfig.builder().maxTokens(reference.length).build();
    LoadOptions options =
        LoadOptions.builder().kernels("vector").threads(2).kvCache(KvCacheType.F16).build();
    int[] ids;
    try (Model halfCache = Model.load(Fixtures.DEMO_MODEL, options);
        Session session = halfCache.newSession()) {
      ids = session.generate(promptIds, config).ids();
    }
    int other = Arrays.mismatch(ids, reference);
    if (other >= 0) {
      int[] common = Arrays.copyOf(promptIds, promptIds.length + other);
      System.arraycopy(reference, 0, common, promptIds.length, other);
      try (Session session = model.newSession()) {
        TraceStep logits = Trace.record(session, common).step("logits").orElseThrow();
        double margin =
            logits.get(common.length - 1, reference[other])
                - logits.get(common.length - 1, ids[other]);
        assertThat(margin).as("at token %d", other).isBetween(0.0, LOGIT_TOLERANCE);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void ranksTheNextTokenAsTheReferenceDoes(JsonObject expectedCase) {
    int[] ids = Fixtures.ints(expectedCase.get("prompt_ids"));
    try (Session session = model.newSession()) {
      TraceStep logits = Trace.record(session, ids).step("logits").orElseThrow();
      List<JsonObject> top5 = Fixtures.objects(expectedCase.get("last_prompt_position_top5"));
      assertThat(top5).hasSize(5);
      for (JsonObject token : top5) {
        int id = Fixtures.integer(token.get("id"));
        assertThat((double) logits.get(ids.length - 1, id))
            .as("logit of %s", Fixtures.string(token.get("token")))
            .isCloseTo(Fixtures.number(token.get("logit")), within(LOGIT_TOLERANCE));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void losesAsLittleOnUnseenStoriesAsTheReference(KvCacheType cacheType) throws IOException {
    JsonObject eval = (JsonObject) expected.get("eval");
    String text = Files.readString(Fixtures.path("demo/eval.txt")).stripTrailing();
    String[] stories = text.split("\n\n");
    List<JsonObject> expectedStories = Fixtures.objects(eval.get("per_story"));
    assertThat(stories).hasSize(expectedStories.size());

    double total = 0;
    int tokens = 0;
    try (TestModel forward = new TestModel(Fixtures.DEMO_MODEL, "vector", 2)) {
      for (int i = 0; i < stories.length; i++) {
        int[] ids = encode(stories[i]);
        double loss = negativeLogLikelihood(forward, ids, cacheType);
        double expectedLoss = Fixtures.number(expectedStories.get(i).get("nll_sum"));
        assertThat(ids.length - 1)
            .as("tokens of story %d", i)
            .isEqualTo(Fixtures.integer(expectedStories.get(i).get("tokens")));
        assertThat(loss)
            .as("loss of story %d", i)
            .isCloseTo(expectedLoss, within(STORY_TOLERANCE * expectedLoss));
        total += loss;
        tokens += ids.length - 1;
      }
    }
    assertThat(tokens).isEqualTo(Fixtures.integer(eval.get("predicted_tokens")));
    assertThat(total / tokens).isCloseTo(Fixtures.number(eval.get("mean_nll")), within(0.0005));
  }

  /** Stories are scored alone, from the beginning-of-text token to the end-of-text token. */
  private static int[] encode(String story) {
    Tokenizer tokenizer = model.tokenizer();
    int[] ids = tokenizer.encode(story, new EncodeOptions(true, false));
    int[] withEnd = Arrays.copyOf(ids, ids.length + 1);
    withEnd[ids.length] = model.info().stopIds().getFirst();
    return withEnd;
  }

  private static double negativeLogLikelihood(TestModel forward, int[] ids, KvCacheType cacheType) {
    int vocabSize = forward.config().vocabSize();
    float[] logits = forward.logits(ids, ids.length, cacheType);
    double sum = 0;
    for (int t = 0; t < ids.length - 1; t++) {
      double max = logits[t * vocabSize + Fixtures.argmax(logits, t, vocabSize)];
      double normalizer = 0;
      for (int id = 0; id < vocabSize; id++) {
        normalizer += Math.exp(logits[t * vocabSize + id] - max);
      }
      sum += max + Math.log(normalizer) - logits[t * vocabSize + ids[t + 1]];
    }
    return sum;
  }
}
