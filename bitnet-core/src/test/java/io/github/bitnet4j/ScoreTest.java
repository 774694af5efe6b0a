package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.session.BlockingKernels;
import io.github.bitnet4j.core.session.TestProviders;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How probable a model finds texts and continuations. */
class ScoreTest {
  private static final String PROMPT = "Once upon a time";

  private static Model model;
  private Session session;

  @BeforeAll
  static void load() throws IOException {
    model = Model.load(SampleModels.DEMO);
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

  private static int[] withBos(String text) {
    return model.tokenizer().encode(text, new EncodeOptions(true, false));
  }

  private static int[] tail(int[] ids, int from) {
    return Arrays.copyOfRange(ids, from, ids.length);
  }

  private static GenerationConfig measured(int maxTokens) {
    return GenerationConfig.builder()
        .maxTokens(maxTokens)
        .ignoreStopTokens(true)
        .logprobs(0)
        .promptLogprobs(0)
        .build();
  }

  @Test
  void scoresEveryTokenOfAText() {
    String text = PROMPT + ", there was a dog.";
    int[] ids = withBos(text);
    Score score = session.score(text);
    assertThat(score.ids()).isEqualTo(tail(ids, 1));
    assertThat(score.tokens()).isEqualTo(ids.length - 1);
    assertThat(score).isEqualTo(session.score(ids));
    assertThat(score.logprobs())
        .containsExactly(
            session.generate(ids, measured(1)).promptLogprobs().stream()
                .mapToDouble(Logprobs::logprob)
                .toArray());
    double sum = 0;
    for (double logprob : score.logprobs()) {
      assertThat(logprob).isNegative();
      sum += logprob;
    }
    assertThat(score.sum()).isEqualTo(sum);
    assertThat(score.mean()).isEqualTo(sum / (ids.length - 1));
    assertThat(score.perplexity()).isEqualTo(StrictMath.exp(-score.mean())).isBetween(1.0, 20.0);
  }

  @Test
  void scoresAContinuationAsTheGenerationThatWroteIt() {
    Generation generation = session.generate(PROMPT, measured(20));
    for (Session scoring : List.of(session, model.newSession())) {
      Score score = scoring.score(generation.promptIds(), generation.ids());
      assertThat(score.ids()).isEqualTo(generation.ids());
      assertThat(score.logprobs())
          .containsExactly(generation.logprobs().stream().mapToDouble(Logprobs::logprob).toArray());
      if (scoring != session) {
        scoring.close();
      }
    }
  }

  @Test
  void theBestOfSeveralAnswersHasTheLargestSum() {
    List<String> answers = List.of(" a banana", ", there was a little girl", " of the of of");
    List<Double> sums =
        answers.stream().map(answer -> session.score(PROMPT, answer).sum()).toList();
    assertThat(sums.get(1)).isGreaterThan(sums.get(0)).isGreaterThan(sums.get(2));
    try (Session fresh = model.newSession()) {
      assertThat(fresh.score(PROMPT, answers.get(2)).sum())
          .as("what was reused changed no bit")
          .isEqualTo(sums.get(2));
    }
  }

  @Test
  void promptAndContinuationAreEncodedAsOneText() {
    int[] together = withBos("Once upon a time");
    int common = Arrays.mismatch(withBos("Once upon a ti"), together);
    assertThat(common).as("a word of one token").isLessThan(withBos("Once upon a ti").length);
    Score score = session.score("Once upon a ti", "me");
    assertThat(score.ids()).isEqualTo(tail(together, common));
    assertThat(session.score("Once upon", " a time").ids())
        .isEqualTo(tail(together, withBos("Once upon").length));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 127, 128, 129, 290})
  void aContinuationMayBeginAnywhere(int promptLength) {
    int[] ids = Fixtures.randomIds(promptLength, 300, 2048);
    double[] all = session.score(ids).logprobs();
    assertThat(all).hasSize(299);
    session.reset();
    Score score = session.score(Arrays.copyOf(ids, promptLength), tail(ids, promptLength));
    assertThat(score.logprobs())
        .containsExactly(Arrays.copyOfRange(all, promptLength - 1, all.length));
  }

  @Test
  void storiesAreAsProbableAsForTheReference() throws IOException {
    JsonObject eval = (JsonObject) Fixtures.json("demo/expected.json").get("eval");
    String[] stories =
        Files.readString(Fixtures.path("demo/eval.txt")).stripTrailing().split("\n\n");
    List<JsonObject> expected = Fixtures.objects(eval.get("per_story"));
    int stop = model.info().stopIds().getFirst();
    for (int i = 0; i < 4; i++) {
      int[] ids = withBos(stories[i]);
      int[] story = Arrays.copyOf(ids, ids.length + 1);
      story[ids.length] = stop;
      Score score = session.score(story);
      double loss = Fixtures.number(expected.get(i).get("nll_sum"));
      assertThat(score.tokens()).isEqualTo(Fixtures.integer(expected.get(i).get("tokens")));
      assertThat(-score.sum()).as("story %d", i).isCloseTo(loss, within(0.01 * loss));
    }
  }

  @Test
  void refusesWhatCannotBeScored() throws IOException {
    assertThatIllegalArgumentException().isThrownBy(() -> session.score(""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.score(new int[] {5}))
        .withMessage("expected a token to score after the first 1, found none");
    assertThatIllegalArgumentException().isThrownBy(() -> session.score(new int[0]));
    assertThatIllegalArgumentException().isThrownBy(() -> session.score(PROMPT, ""));
    assertThatIllegalArgumentException().isThrownBy(() -> session.score("", " x"));
    assertThatIllegalArgumentException().isThrownBy(() -> session.score(new int[] {5}, new int[0]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.score(new int[0], new int[] {5, 6}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.score(new int[] {5, 2048}))
        .withMessageContaining("found 2048 at index 1");
    assertThatExceptionOfType(ContextOverflowException.class)
        .isThrownBy(() -> session.score(new int[385]))
        .satisfies(e -> assertThat(e.tokens()).isEqualTo(385));
    assertThat(session.score(new int[384]).tokens()).isEqualTo(383);
    session.addMessage(ChatMessage.user("x"));
    session.score(PROMPT);
    assertThat(session.messages()).as("a conversation is not touched").hasSize(1);
  }

  @Test
  void anInterruptCancels() {
    Thread.currentThread().interrupt();
    try {
      assertThatExceptionOfType(CancellationException.class)
          .isThrownBy(() -> session.score(PROMPT));
    } finally {
      assertThat(Thread.interrupted()).as("stays set").isTrue();
    }
    assertThat(session.score(PROMPT).tokens()).isPositive();
  }

  @Test
  void afterAScoreThatWasCancelledTheCacheIsAsItWas() {
    Generation before = session.generate("Once upon a time", GenerationConfig.defaults());
    int position = session.position();
    Thread.currentThread().interrupt();
    try {
      assertThatExceptionOfType(CancellationException.class)
          .isThrownBy(() -> session.score("The dog was happy."));
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(session.position()).isEqualTo(position);
    Generation again = session.generate("Once upon a time", GenerationConfig.defaults());
    assertThat(again.ids()).isEqualTo(before.ids());
    assertThat(again.stats().prefillTokens()).isEqualTo(1);
  }

  @Test
  void computesNoMoreThanItMustAndIsCancelledWithinOneLayer(@TempDir Path temp) throws Exception {
    LoadOptions options = LoadOptions.builder().kernels("blocking").threads(1).build();
    AtomicInteger norms = new AtomicInteger();
    int[] prompt = Fixtures.randomIds(1, 40, 2048);
    int[] answer = Fixtures.randomIds(2, 7, 2048);
    int[] other = Fixtures.randomIds(3, 5, 2048);
    try (Model counting =
            TestProviders.with(
                temp,
                BlockingKernels.class.getName(),
                () -> Model.load(SampleModels.DEMO, options));
        Session s = counting.newSession()) {
      BlockingKernels.beforeNorm(norms::incrementAndGet);
      int perRow = 4 * 4; // layers
      s.score(prompt, answer);
      assertThat(norms).hasValue((40 + 7 - 1) * perRow + 7);
      norms.set(0);
      s.score(prompt, other);
      assertThat(norms).as("the prompt is in the cache").hasValue(5 * perRow + 5);

      BlockingKernels.beforeNorm(
          () -> {
            if (norms.incrementAndGet() == 1) {
              s.cancel();
            }
          });
      norms.set(0);
      s.reset();
      assertThatExceptionOfType(CancellationException.class)
          .isThrownBy(() -> s.score(Fixtures.randomIds(4, 200, 2048)))
          .withMessage("the scoring was cancelled");
      assertThat(norms).hasValue(4 * 128);
      assertThat(s.position()).isZero();
    } finally {
      BlockingKernels.beforeNorm(() -> {});
    }
  }

  @Test
  void isAValue() {
    int[] ids = {3, 4};
    double[] logprobs = {-1, -2};
    Score score = new Score(ids, logprobs);
    ids[0] = 9;
    logprobs[0] = 9;
    score.ids()[0] = 9;
    score.logprobs()[0] = 9;
    assertThat(score).isEqualTo(new Score(new int[] {3, 4}, new double[] {-1, -2}));
    assertThat(score).hasSameHashCodeAs(new Score(new int[] {3, 4}, new double[] {-1, -2}));
    assertThat(score).isNotEqualTo(new Score(new int[] {3, 4}, new double[] {-1, -3}));
    assertThat(score).isNotEqualTo(new Score(new int[] {3, 5}, new double[] {-1, -2}));
    assertThat(score.toString()).startsWith("Score[2 tokens, sum -3.0, perplexity 4.48");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Score(new int[] {3}, new double[] {-1, -2}))
        .withMessage("logprobs: expected one for each id, found 2");
    assertThatIllegalArgumentException().isThrownBy(() -> new Score(new int[0], new double[0]));
  }
}
