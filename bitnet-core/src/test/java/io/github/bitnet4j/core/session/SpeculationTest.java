package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.LogitsProcessor;
import io.github.bitnet4j.Mirostat;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.OverflowPolicy;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.Sampler;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.Token;
import io.github.bitnet4j.TokenStream;
import io.github.bitnet4j.Xtc;
import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Generation with guesses against generation without. */
class SpeculationTest {
  /** Ids that any model of the tests has, and that come again and again. */
  private static final int[] REPETITIVE =
      IntStream.range(0, 48).map(i -> new int[] {31, 41, 59, 26, 53, 58}[i % 6]).toArray();

  private static GenerationConfig.Builder config(int maxTokens) {
    return GenerationConfig.builder()
        .maxTokens(maxTokens)
        .ignoreStopTokens(true)
        .seed(5)
        .speculation(true);
  }

  /** Writes the text that repeats the prompt, but now and then something else. */
  private static Sampler echo(List<Integer> calls) {
    return (logits, random) -> {
      int call = calls.size();
      int id = call % 17 == 16 ? 7 : REPETITIVE[call % 6];
      calls.add(id);
      return id;
    };
  }

  private static Sampler echo() {
    return echo(new ArrayList<>());
  }

  /** Says the ids one after the other. */
  private static Sampler script(int[] said) {
    int[] next = {0};
    return (logits, random) -> said[next[0]++];
  }

  private static List<GenerationConfig.Builder> settings(int maxTokens) {
    return List.of(
        config(maxTokens),
        config(maxTokens).temperature(1),
        config(maxTokens).temperature(0.3f),
        config(maxTokens).temperature(0.8f).topK(20),
        config(maxTokens).temperature(0.5f).topP(0.9f),
        config(maxTokens).temperature(0.6f).topK(20).topP(0.8f),
        config(maxTokens).penalties(new Penalties(1.1f, 0, 0.05f, 20)),
        config(maxTokens).temperature(0.4f).mirostat(new Mirostat(2, 0.3f)),
        config(maxTokens)
            .penalties(new Penalties(1, 0.1f, 0, 30))
            .dry(Dry.none().withMultiplier(0.1f).withSequenceBreakers())
            .temperature(0.7f)
            .minP(0.1f)
            .xtc(new Xtc(0.1f, 0.2f))
            .bannedIds(7)
            .logitBias(31, 1));
  }

  /** Opens a session that guesses whatever it can: it takes every pass to cost the same. */
  private static Session boldSession(Model model) {
    return ((TransformerModel) model)
        .newSession(
            new PassCosts() {
              @Override
              double of(int rows) {
                return 1;
              }
            });
  }

  /** Generates both ways, in sessions of their own, and compares all but the times. */
  private static Generation assertSame(
      Model model, int[] prompt, Supplier<GenerationConfig.Builder> config, String where) {
    try (Session plainSession = model.newSession();
        Session session = boldSession(model)) {
      Generation plain = plainSession.generate(prompt, config.get().speculation(false).build());
      Generation guessed = session.generate(prompt, config.get().speculation(true).build());
      assertThat(plain.stats().draftedTokens()).as(where).isZero();
      assertSameText(guessed, plain, where);
      assertThat(session.position()).as(where).isEqualTo(plainSession.position());
      return guessed;
    }
  }

  @Test
  void logProbabilitiesAreThoseOfPlainDecoding() throws IOException {
    int accepted = 0;
    try (Model model = load(SampleModels.DEMO, "scalar", 1);
        Session plainSession = model.newSession();
        Session session = boldSession(model)) {
      for (GenerationConfig.Builder builder : settings(40)) {
        builder.logprobs(2);
        Generation plain = plainSession.generate(REPETITIVE, builder.speculation(false).build());
        Generation guessed = session.generate(REPETITIVE, builder.speculation(true).build());
        assertThat(guessed.logprobs())
            .as("%s", builder.build())
            .hasSize(40)
            .isEqualTo(plain.logprobs());
        accepted += guessed.stats().acceptedTokens();
      }
    }
    assertThat(accepted).isPositive();
  }

  private static void assertSameText(Generation actual, Generation expected, String where) {
    assertThat(actual.ids()).as(where).isEqualTo(expected.ids());
    assertThat(actual.text()).as(where).isEqualTo(expected.text());
    assertThat(actual.finishReason()).as(where).isEqualTo(expected.finishReason());
    assertThat(actual.stats().decodeTokens()).as(where).isEqualTo(expected.stats().decodeTokens());
    assertThat(actual.stats().reusedTokens()).as(where).isEqualTo(expected.stats().reusedTokens());
  }

  private static Model load(Path directory, String kernels, int threads) throws IOException {
    return Model.load(directory, LoadOptions.builder().kernels(kernels).threads(threads).build());
  }

  @ParameterizedTest
  @CsvSource({"scalar, 1", "vector, 1", "vector, 2"})
  void everySettingGivesTheTokensOfPlainDecoding(String kernels, int threads) throws IOException {
    for (Path directory :
        List.of(SampleModels.DEMO, SampleModels.TIED, SampleModels.golden("b158-untied-sharded"))) {
      try (Model model = load(directory, kernels, threads)) {
        int accepted = 0;
        for (GenerationConfig.Builder builder : settings(60)) {
          String where = "%s, %s".formatted(directory, builder.build());
          Generation generation = assertSame(model, REPETITIVE, () -> builder, where);
          assertThat(generation.ids()).as(where).hasSize(60);
          accepted += generation.stats().acceptedTokens();
          assertThat(generation.stats().acceptedTokens())
              .isLessThanOrEqualTo(generation.stats().draftedTokens());
        }
        assertThat(accepted).as("%s", directory).isPositive();
      }
    }
  }

  @Test
  void guessesOfATextThatRepeatsItsPromptComeTrue() throws IOException {
    try (Model model = load(SampleModels.TIED, "vector", 2)) {
      Generation.Stats stats =
          assertSame(model, REPETITIVE, () -> config(75).sampler(echo()), "echo").stats();
      assertThat(stats.acceptedTokens()).isGreaterThan(50).isLessThan(stats.draftedTokens());
      assertThat(stats.decodeTokens()).isEqualTo(74);
    }
  }

  /** The context of 128 tokens shifts several times, and the array of ids grows. */
  @Test
  void guessesDoNotCrossTheEndOfAWindow() throws IOException {
    try (Model model = load(SampleModels.TIED, "vector", 2)) {
      for (int keep : new int[] {0, 4, 99}) {
        Supplier<GenerationConfig.Builder> greedy =
            () -> config(220).overflow(OverflowPolicy.SHIFT).keepTokens(keep);
        Generation.Stats stats = assertSame(model, REPETITIVE, greedy, "keep " + keep).stats();
        assertThat(stats.draftedTokens()).isPositive();
        assertSame(model, REPETITIVE, () -> greedy.get().temperature(0.7f), "keep " + keep);
        assertSame(model, REPETITIVE, () -> greedy.get().sampler(echo()), "keep " + keep);
      }
    }
  }

  @Test
  void nothingIsGuessedIfNotWanted() throws IOException {
    try (Model model = load(SampleModels.TIED, "vector", 2);
        Session session = boldSession(model)) {
      GenerationConfig config = config(40).sampler(echo()).speculation(false).build();
      assertThat(session.generate(REPETITIVE, config).stats().draftedTokens()).isZero();
    }
  }

  @Test
  void aSamplerIsCalledOnceForEachTokenWithTheLogitsOfPlainDecoding() throws IOException {
    try (Model model = load(SampleModels.TIED, "vector", 2)) {
      List<List<float[]>> seen = List.of(new ArrayList<>(), new ArrayList<>());
      for (int way = 0; way < 2; way++) {
        List<float[]> logitsSeen = seen.get(way);
        List<Integer> calls = new ArrayList<>();
        Sampler echo = echo(calls);
        Sampler recording =
            (logits, random) -> {
              logitsSeen.add(logits.clone());
              Arrays.fill(logits, Float.NaN); // it may do that
              return echo.sample(logits, random);
            };
        try (Session session = boldSession(model)) {
          Generation generation =
              session.generate(
                  REPETITIVE, config(75).sampler(recording).speculation(way == 1).build());
          assertThat(generation.ids())
              .containsExactly(calls.stream().mapToInt(Integer::intValue).toArray());
          assertThat(generation.stats().acceptedTokens() > 0).isEqualTo(way == 1);
        }
      }
      assertThat(seen.get(1)).hasSize(75);
      for (int i = 0; i < 75; i++) {
        assertThat(Arrays.equals(seen.get(0).get(i), seen.get(1).get(i)))
            .as("token %d", i)
            .isTrue();
      }
    }
  }

  @Test
  void aProcessorSeesEachTextOnceAndNoGuesses() throws IOException {
    try (Model model = load(SampleModels.TIED, "vector", 2);
        Session session = boldSession(model)) {
      List<List<Integer>> seen = new ArrayList<>();
      LogitsProcessor watching =
          (ids, logits) -> {
            assertThat(ids.promptSize()).isEqualTo(REPETITIVE.length);
            seen.add(IntStream.range(0, ids.size()).mapToObj(ids::get).toList());
          };
      GenerationConfig config = config(60).sampler(echo()).logitsProcessors(watching).build();
      Generation generation = session.generate(REPETITIVE, config);
      assertThat(generation.stats().acceptedTokens()).isPositive();
      List<Integer> all =
          IntStream.concat(Arrays.stream(REPETITIVE), Arrays.stream(generation.ids()))
              .boxed()
              .toList();
      assertThat(seen)
          .isEqualTo(
              IntStream.range(0, 60).mapToObj(i -> all.subList(0, REPETITIVE.length + i)).toList());
    }
  }

  @Test
  void everyCutEndsAsPlainDecodingDoes() throws IOException {
    try (Model model = load(SampleModels.TIED, "vector", 2)) {
      for (int cut = 1; cut <= 40; cut++) {
        int maxTokens = cut;
        String where = "cut after " + maxTokens;
        Generation generation =
            assertSame(model, REPETITIVE, () -> config(maxTokens).sampler(echo()), where);
        assertThat(generation.finishReason()).as(where).isEqualTo(FinishReason.LENGTH);
      }
    }
  }

  @Test
  void aFullContextEndsAsPlainDecodingDoes() throws IOException {
    for (int context = REPETITIVE.length; context < REPETITIVE.length + 24; context++) {
      LoadOptions options = LoadOptions.builder().contextLength(context).build();
      try (Model model = Model.load(SampleModels.TIED, options)) {
        String where = "context " + context;
        Generation generation =
            assertSame(model, REPETITIVE, () -> config(99).sampler(echo()), where);
        assertThat(generation.finishReason()).as(where).isEqualTo(FinishReason.CONTEXT_FULL);
        assertThat(generation.ids()).as(where).hasSize(context - REPETITIVE.length);
      }
    }
  }

  @Test
  void stopStringsAndStopTokensEndAmongTrueGuesses() throws IOException {
    try (Model model = load(SampleModels.DEMO, "vector", 2)) {
      int stopId = model.info().stopIds().getFirst();
      int[] words = model.tokenizer().encode("One two three four five six seven. ");
      int[] prompt = repeat(words, 6);
      for (int end = 12; end < 30; end++) {
        int[] said = Arrays.copyOf(repeat(words, 6), end + 1);
        said[end] = stopId;
        Generation generation =
            assertSame(
                model,
                prompt,
                () -> config(99).ignoreStopTokens(false).sampler(script(said)),
                "stop token at " + end);
        assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
        assertThat(generation.ids()).isEqualTo(said);
      }
      int[] said = repeat(words, 6);
      for (String stop : List.of("two", "e four", "seven. One", "six seven. One two thr")) {
        Generation generation =
            assertSame(
                model, prompt, () -> config(said.length).stop(stop).sampler(script(said)), stop);
        assertThat(generation.finishReason()).as(stop).isEqualTo(FinishReason.STOP_STRING);
      }
    }
  }

  private static int[] repeat(int[] words, int times) {
    return IntStream.range(0, times * words.length).map(i -> words[i % words.length]).toArray();
  }

  @Test
  void aStreamClosedAnywhereLeavesTheSessionAsPlainDecodingDoes() throws IOException {
    try (Model model = load(SampleModels.TIED, "vector", 2)) {
      for (int read = 0; read <= 30; read++) {
        String where = "closed after " + read;
        try (Session plain = model.newSession();
            Session session = boldSession(model)) {
          int[] expected = readSome(plain, false, read);
          int[] actual = readSome(session, true, read);
          assertThat(actual).as(where).isEqualTo(expected);
          assertThat(session.position()).as(where).isEqualTo(plain.position());
          int[] next = IntStream.concat(Arrays.stream(REPETITIVE), Arrays.stream(actual)).toArray();
          GenerationConfig.Builder builder = config(20).temperature(0.5f);
          assertSameText(
              session.generate(next, builder.speculation(true).build()),
              plain.generate(next, builder.speculation(false).build()),
              where);
        }
      }
    }
  }

  private static int[] readSome(Session session, boolean speculation, int count) {
    GenerationConfig config = config(60).sampler(echo()).speculation(speculation).build();
    TokenStream stream = session.stream(REPETITIVE, config);
    int[] ids;
    try (stream) {
      Iterator<Token> tokens = stream.iterator();
      ids = IntStream.range(0, count).map(i -> tokens.next().id()).toArray();
    }
    assertThat(stream.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(stream.result().ids()).isEqualTo(ids);
    return ids;
  }

  @Test
  void cancellingBetweenTrueGuessesStopsAtOnce() throws IOException {
    try (Model model = load(SampleModels.TIED, "vector", 2)) {
      for (int last = 1; last <= 30; last++) {
        try (Session session = boldSession(model)) {
          List<Integer> calls = new ArrayList<>();
          Sampler echo = echo(calls);
          int cancelAt = last;
          Sampler cancelling =
              (logits, random) -> {
                int id = echo.sample(logits, random);
                if (calls.size() == cancelAt) {
                  session.cancel();
                }
                return id;
              };
          Generation generation =
              session.generate(REPETITIVE, config(60).sampler(cancelling).build());
          assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
          assertThat(generation.ids()).hasSize(last);
          assertThat(session.position()).isEqualTo(REPETITIVE.length + last - 1);
        }
      }
    }
  }

  @Test
  void aFailingSamplerLeavesTheCacheAsItWas() throws IOException {
    try (Model model = load(SampleModels.TIED, "vector", 2)) {
      for (int good = 0; good <= 30; good++) {
        for (boolean speculation : new boolean[] {false, true}) {
          try (Session session = boldSession(model)) {
            List<Integer> calls = new ArrayList<>();
            Sampler echo = echo(calls);
            int failAt = good;
            session.generate(new int[] {REPETITIVE[0], REPETITIVE[1], 3}, config(1).build());
            Sampler failing =
                (logits, random) -> calls.size() == failAt ? -1 : echo.sample(logits, random);
            GenerationConfig config = config(60).sampler(failing).speculation(speculation).build();
            assertThatIllegalStateException()
                .isThrownBy(() -> session.generate(REPETITIVE, config))
                .withMessageContaining("returned -1");
            assertThat(session.position()).isEqualTo(3);
          }
        }
      }
    }
  }
}
