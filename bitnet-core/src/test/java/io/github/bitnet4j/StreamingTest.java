package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ways to get a text while it is generated, and what is heard of its prompt. */
class StreamingTest {
  private static final String PROMPT = "Once upon a time";

  private static final class ListenerFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

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
    return GenerationConfig.builder().maxTokens(maxTokens);
  }

  /** Says the given ids one after the other. */
  private static Sampler script(int... ids) {
    int[] next = {0};
    return (logits, random) -> ids[next[0]++];
  }

  private static String join(List<Token> tokens) {
    return tokens.stream().map(Token::text).collect(Collectors.joining());
  }

  /** Fails at the given token, and notes those before. */
  private static Consumer<Token> failingAt(int index, List<Token> before) {
    return token -> {
      if (before.size() == index) {
        throw new ListenerFailure();
      }
      before.add(token);
    };
  }

  // ---- Listeners

  @Test
  void aListenerGetsEveryTokenOnTheCallingThread() {
    List<Token> heard = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    GenerationConfig config = config(30).temperature(0.8f).seed(3).build();
    Generation generation =
        session.generate(
            PROMPT,
            config,
            token -> {
              heard.add(token);
              threads.add(Thread.currentThread());
            });
    assertThat(heard).extracting(Token::id).isEqualTo(boxed(generation.ids())).hasSize(30);
    assertThat(join(heard)).isEqualTo(generation.text()).isNotBlank();
    assertThat(threads).containsOnly(Thread.currentThread());
    Generation ofIds = session.generate(generation.promptIds(), config, token -> {});
    assertThat(ofIds.ids()).isEqualTo(generation.ids());
    assertThat(session.generate(PROMPT, config).ids()).isEqualTo(generation.ids());
  }

  private static List<Integer> boxed(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4})
  void anExceptionOfAListenerPassesAndTheSessionStaysUsable(int index) {
    Generation expected = session.generate(PROMPT, config(5).build());
    List<Token> heard = new ArrayList<>();
    assertThatExceptionOfType(ListenerFailure.class)
        .isThrownBy(() -> session.generate(PROMPT, config(5).build(), failingAt(index, heard)));
    assertThat(heard).hasSize(index);
    assertThat(session.generate(PROMPT, config(5).build()).ids()).isEqualTo(expected.ids());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void aConversationIsAsBeforeIfTheListenerFails(int index, @TempDir java.nio.file.Path temp)
      throws IOException {
    java.nio.file.Path directory = SampleModels.copy(SampleModels.DEMO, temp.resolve("model"));
    SampleModels.setJson(
        directory,
        "tokenizer_config.json",
        "chat_template",
        SampleModels.quote("{% for m in messages %}{{ m.content }} {% endfor %}"));
    try (Model chatting = Model.load(directory);
        Session s = chatting.newSession()) {
      ChatMessage hello = ChatMessage.user("Hello");
      GenerationConfig five = config(5).ignoreStopTokens(true).build();
      assertThatExceptionOfType(ListenerFailure.class)
          .as("token 4 is the last one")
          .isThrownBy(() -> s.chat(hello, five, failingAt(index, new ArrayList<>())));
      assertThat(s.messages()).isEmpty();
      List<Token> heard = new ArrayList<>();
      Generation reply = s.chat(hello, five, heard::add);
      assertThat(join(heard)).isEqualTo(reply.text());
      assertThat(s.messages()).containsExactly(hello, ChatMessage.assistant(reply.text()));
    }
  }

  @Test
  void aListenerMayCancelButNotUseItsSession() {
    List<Token> heard = new ArrayList<>();
    Generation generation =
        session.generate(
            PROMPT,
            config(9).build(),
            token -> {
              heard.add(token);
              assertThatIllegalStateException()
                  .isThrownBy(session::position)
                  .withMessageContaining("by a callback of its own");
              assertThatIllegalStateException().isThrownBy(session::close);
              if (heard.size() == 3) {
                session.cancel();
              }
            });
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(generation.ids()).hasSize(3);
    assertThat(generation.text()).isEqualTo(join(heard));
  }

  @Test
  void aListenerIsRequired() {
    assertThatNullPointerException()
        .isThrownBy(() -> session.generate(PROMPT, config(1).build(), null))
        .withMessage("listener");
    assertThat(session.position()).isZero();
  }

  // ---- A stream of strings

  @Test
  void textsAreTheTextAndCloseTheTokenStream() {
    GenerationConfig config = config(30).build();
    String expected = session.generate(PROMPT, config).text();
    TokenStream tokens = session.stream(PROMPT, config);
    try (Stream<String> texts = tokens.texts()) {
      assertThat(texts.collect(Collectors.joining())).isEqualTo(expected);
    }
    assertThat(tokens.result().finishReason()).isEqualTo(FinishReason.LENGTH);
    TokenStream closedEarly = session.stream(PROMPT, config);
    try (Stream<String> texts = closedEarly.texts()) {
      assertThat(texts.limit(2).toList()).hasSize(2);
    }
    assertThat(closedEarly.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(session.position()).isPositive();
  }

  @Test
  void textsComputeATokenWhenTheyNeedOne() {
    int[] chosen = {0};
    Sampler counting = (logits, random) -> 300 + chosen[0]++;
    try (TokenStream tokens = session.stream(PROMPT, config(9).sampler(counting).build());
        Stream<String> texts = tokens.texts()) {
      Iterator<String> iterator = texts.iterator();
      assertThat(chosen[0]).isZero();
      assertThat(iterator.next()).isEqualTo(model.tokenizer().decode(300));
      assertThat(chosen[0]).isEqualTo(1);
    }
  }

  // ---- The same text in every way

  @Test
  void everyWayGivesTheTextWithStopStringsAndCharactersOfSeveralTokens() {
    int[] said = model.tokenizer().encode("The 🙂 cat saß on thé mat. End");
    assertThat(said.length).isGreaterThan(12);
    for (String stop : List.of("none at all", "saß on t", "🙂", "mat. E", "é", "End?", "n")) {
      List<String> texts = new ArrayList<>();
      GenerationConfig.Builder config = config(said.length).stop(stop, "n#");
      Generation generation = session.generate(PROMPT, config.sampler(script(said)).build());
      List<Token> heard = new ArrayList<>();
      session.generate(PROMPT, config.sampler(script(said)).build(), heard::add);
      texts.add(join(heard));
      try (TokenStream stream = session.stream(PROMPT, config.sampler(script(said)).build())) {
        texts.add(stream.texts().collect(Collectors.joining()));
      }
      try (TokenStream stream = session.stream(PROMPT, config.sampler(script(said)).build())) {
        RecordingSubscriber subscriber = new RecordingSubscriber(Long.MAX_VALUE);
        stream.publisher(Runnable::run).subscribe(subscriber);
        texts.add(join(subscriber.tokens));
      }
      String whole = "The 🙂 cat saß on thé mat. End";
      int end = whole.indexOf(stop);
      assertThat(generation.text()).as(stop).isEqualTo(end < 0 ? whole : whole.substring(0, end));
      assertThat(texts).as(stop).containsOnly(generation.text());
    }
  }

  // ---- Ids that stop

  @Test
  void endsAtStopIdsOfTheSettingsWithoutTheirText() {
    int[] words = model.tokenizer().encode("The cat sat");
    int last = words[words.length - 1];
    GenerationConfig.Builder config = config(50).stopIds(last, 7).ignoreStopTokens(true);
    Generation generation = session.generate(PROMPT, config.sampler(script(words)).build());
    assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
    assertThat(generation.ids()).isEqualTo(words);
    assertThat(generation.text())
        .isEqualTo(model.tokenizer().decode(Arrays.copyOf(words, words.length - 1)));
    int stop = model.info().stopIds().getFirst();
    assertThat(
            session
                .generate(PROMPT, config(9).stopIds(7).sampler(script(words[0], stop)).build())
                .finishReason())
        .as("the model's own stop too")
        .isEqualTo(FinishReason.STOP_TOKEN);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.generate(PROMPT, config(1).stopIds(2048).build()))
        .withMessage("stopIds: expected token ids from 0 to 2047, found 2048");
  }

  // ---- The prompt

  @Test
  void thePromptsProgressIsHeardAfterEachPass() {
    int[] prompt = IntStream.range(300, 600).toArray();
    List<List<Integer>> calls = new ArrayList<>();
    GenerationConfig.Builder config =
        config(4)
            .ignoreStopTokens(true)
            .onPrefill((done, total) -> calls.add(List.of(done, total)));
    session.generate(prompt, config.build());
    assertThat(calls).containsExactly(List.of(128, 300), List.of(256, 300), List.of(300, 300));
    calls.clear();
    session.generate(prompt, config.speculation(true).build());
    assertThat(calls).as("all but the last token reused").containsExactly(List.of(300, 300));
  }

  @Test
  void whatHearsOfThePromptMayCancelAndMayFail() {
    int[] prompt = IntStream.range(300, 600).toArray();
    GenerationConfig cancelling = config(4).onPrefill((done, total) -> session.cancel()).build();
    Generation generation = session.generate(prompt, cancelling);
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(session.position()).isEqualTo(128);
    session.reset();
    GenerationConfig failing =
        config(4)
            .onPrefill(
                (done, total) -> {
                  throw new ListenerFailure();
                })
            .build();
    assertThatExceptionOfType(ListenerFailure.class)
        .isThrownBy(() -> session.generate(prompt, failing));
    assertThat(session.position()).isZero(); // as before the call
    Generation after = session.generate(prompt, config(4).build());
    try (Session fresh = model.newSession()) {
      assertThat(after.ids()).isEqualTo(fresh.generate(prompt, config(4).build()).ids());
    }
  }
}
