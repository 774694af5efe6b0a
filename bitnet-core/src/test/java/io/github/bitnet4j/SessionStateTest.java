package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Forks, going back, and counts of tokens, on the demo model with a chat template. */
class SessionStateTest {
  private static final String PROMPT = "Once upon a time";
  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role + ': ' + m.content + '<|eot_id|>' }}{% endfor %}"
          + "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";

  private static Path directory;
  private static Model model;
  private Session session;

  @BeforeAll
  static void load(@TempDir Path temp) throws IOException {
    directory = SampleModels.copy(SampleModels.DEMO, temp.resolve("model"));
    SampleModels.setJson(
        directory, "tokenizer_config.json", "chat_template", SampleModels.quote(TEMPLATE));
    model = Model.load(directory);
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
    return GenerationConfig.builder().maxTokens(maxTokens).ignoreStopTokens(true);
  }

  private static int[] concat(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  /** Draws by the given random numbers, and remembers all logits. */
  private static final class Recorder implements Sampler {
    final List<float[]> logits = new ArrayList<>();

    @Override
    public int sample(float[] values, RandomGenerator random) {
      logits.add(values.clone());
      int best = random.nextInt(values.length);
      for (int i = 0; i < 20; i++) {
        int id = random.nextInt(values.length);
        best = values[id] > values[best] ? id : best;
      }
      return best;
    }
  }

  // ---- Forks

  @ParameterizedTest
  @CsvSource({"scalar, F32", "vector, F32", "vector, F16"})
  void aForkGoesOnWithTheBitsOfASessionThatComputedAllItself(String kernels, KvCacheType type)
      throws IOException {
    LoadOptions options = LoadOptions.builder().kernels(kernels).kvCache(type).build();
    try (Model loaded = Model.load(directory, options);
        Session origin = loaded.newSession()) {
      Generation start = origin.generate(PROMPT, config(90).temperature(1).seed(1).build());
      int[] text = concat(start.promptIds(), start.ids());
      try (Session fork = origin.fork()) {
        assertThat(fork.position()).isEqualTo(origin.position()).isEqualTo(text.length - 1);
        for (int seed = 0; seed < 3; seed++) {
          Recorder inFork = new Recorder();
          Recorder inOrigin = new Recorder();
          Recorder alone = new Recorder();
          Generation forked = fork.generate(text, config(12).sampler(inFork).seed(seed).build());
          origin.generate(text, config(12).sampler(inOrigin).seed(seed + 100).build());
          assertThat(forked.stats().reusedTokens()).isEqualTo(text.length - 1);
          try (Session fresh = loaded.newSession()) {
            assertThat(fresh.generate(text, config(12).sampler(alone).seed(seed).build()).ids())
                .isEqualTo(forked.ids());
          }
          assertThat(inFork.logits).hasSameSizeAs(alone.logits);
          for (int i = 0; i < alone.logits.size(); i++) {
            assertThat(inFork.logits.get(i)).isEqualTo(alone.logits.get(i));
          }
          assertThat(inOrigin.logits.getFirst()).isEqualTo(alone.logits.getFirst());
        }
      }
    }
  }

  @Test
  void manyForksWorkAtTheSameTime() throws Exception {
    session.addMessage(ChatMessage.user("kept"));
    Generation start = session.generate(PROMPT, config(60).build());
    int[] text = concat(start.promptIds(), start.ids());
    List<Callable<int[]>> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      GenerationConfig config = config(20).temperature(1).seed(i).build();
      Session fork = session.fork();
      tasks.add(
          () -> {
            try (fork;
                Session forkOfFork = fork.fork()) {
              int[] ids = fork.generate(text, config).ids();
              assertThat(forkOfFork.generate(text, config).ids()).isEqualTo(ids);
              assertThat(fork.messages()).containsExactly(ChatMessage.user("kept"));
              return ids;
            }
          });
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<int[]>> results = threads.invokeAll(tasks);
      for (int i = 0; i < results.size(); i++) {
        try (Session fresh = model.newSession()) {
          assertThat(results.get(i).get())
              .as("seed " + i)
              .isEqualTo(fresh.generate(text, config(20).temperature(1).seed(i).build()).ids());
        }
      }
    }
    assertThat(session.generate(text, config(1).build()).stats().reusedTokens())
        .isEqualTo(text.length - 1);
  }

  @Test
  void conversationsOfForksAreIndependent() {
    session.addMessage(ChatMessage.system("s"));
    session.chat(ChatMessage.user("a"), config(3).build());
    List<ChatMessage> before = session.messages();
    try (Session fork = session.fork()) {
      assertThat(fork.messages()).isEqualTo(before);
      fork.chat(ChatMessage.user("b"), config(3).build());
      session.addMessage(ChatMessage.user("c"));
      assertThat(fork.messages()).hasSize(5);
      fork.reset();
      assertThat(session.messages()).hasSize(4).startsWith(before.toArray(ChatMessage[]::new));
      assertThat(session.position()).isPositive();
    }
  }

  @Test
  void aForkCountsSharedBlocksInFull() {
    session.generate(new int[70], config(1).build());
    try (Session fork = session.fork()) {
      assertThat(fork.kvCacheBytes()).isEqualTo(session.kvCacheBytes()).isPositive();
    }
  }

  @Test
  void anOpenForkKeepsTheModelOpen() throws IOException {
    try (Model loaded = Model.load(SampleModels.DEMO)) {
      Session origin = loaded.newSession();
      try (Session fork = origin.fork()) {
        origin.close();
        assertThatIllegalStateException().isThrownBy(loaded::close);
        assertThatIllegalStateException().isThrownBy(origin::fork);
        assertThat(fork.generate(PROMPT, config(1).build()).ids()).hasSize(1);
      }
    }
  }

  @Test
  void isRefusedWhileAStreamIsOpen(@TempDir Path temp) {
    try (TokenStream stream = session.stream(PROMPT, config(3).build())) {
      stream.iterator().next();
      assertThatIllegalStateException().isThrownBy(session::fork);
      assertThatIllegalStateException().isThrownBy(() -> session.rewind(0));
      assertThatIllegalStateException().isThrownBy(() -> session.save(temp.resolve("s")));
      assertThatIllegalStateException().isThrownBy(() -> session.keepMessages(0));
      assertThatIllegalStateException().isThrownBy(() -> session.countTokens("x"));
    }
  }

  // ---- Going back

  @Test
  void rewindForgetsTokensAndReleasesTheirBlocks() {
    Generation start = session.generate(PROMPT, config(120).build());
    int[] text = concat(start.promptIds(), start.ids());
    long bytes = session.kvCacheBytes();
    session.rewind(60);
    assertThat(session.position()).isEqualTo(60);
    assertThat(session.kvCacheBytes()).isLessThan(bytes);
    Generation again = session.generate(text, config(5).build());
    assertThat(again.stats().reusedTokens()).isEqualTo(60);
    try (Session fresh = model.newSession()) {
      assertThat(again.ids()).isEqualTo(fresh.generate(text, config(5).build()).ids());
    }
    session.rewind(session.position()); // forgets nothing
    assertThat(session.generate(text, config(1).build()).stats().reusedTokens())
        .isEqualTo(text.length - 1);
    session.rewind(0);
    assertThat(session.kvCacheBytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 8, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void rewindRefusesPositionsThatAreNotThere(int position) {
    session.generate(new int[] {1, 2, 3, 4, 5}, config(3).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.rewind(position))
        .withMessage("position: expected 0 to 7 (the tokens in the KV cache), found " + position);
    assertThat(session.position()).isEqualTo(7);
  }

  @Test
  void rewindLeavesTheConversation() {
    Generation first = session.chat(ChatMessage.user("a"), config(5).build());
    List<ChatMessage> before = session.messages();
    session.rewind(3);
    assertThat(session.messages()).isEqualTo(before);
    Generation second = session.chat(ChatMessage.user("b"), config(5).build());
    assertThat(second.stats().reusedTokens()).isEqualTo(3);
    assertThat(second.promptIds()).startsWith(first.promptIds());
  }

  @Test
  void resetReleasesTheMemory() {
    session.generate(PROMPT, config(3).build());
    session.reset();
    assertThat(session.kvCacheBytes()).isZero();
  }

  @Test
  void keepMessagesTakesBackTurnsAndReusesTheRest() {
    session.addMessage(ChatMessage.system("You are a kind old wizard."));
    session.chat(ChatMessage.user("a"), config(8).build());
    List<ChatMessage> afterFirst = session.messages();
    Generation second = session.chat(ChatMessage.user("b"), config(8).build());
    session.keepMessages(afterFirst.size());
    assertThat(session.messages()).isEqualTo(afterFirst);
    assertThat(session.chat(ChatMessage.user("b"), config(8).build()).ids())
        .isEqualTo(second.ids());
    session.keepMessages(1);
    assertThat(session.messages())
        .containsExactly(ChatMessage.system("You are a kind old wizard."));
    Generation anew = session.chat(ChatMessage.user("c"), config(8).build());
    int system = model.tokenizer().encode("system: You are a kind old wizard.").length;
    assertThat(anew.stats().reusedTokens()).isGreaterThan(system);
    session.keepMessages(0);
    assertThat(session.messages()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 2})
  void keepMessagesRefusesOtherCounts(int count) {
    session.addMessage(ChatMessage.user("x"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.keepMessages(count))
        .withMessage("count: expected 0 to 1 (the number of messages), found " + count);
    assertThat(session.messages()).hasSize(1);
  }

  // ---- Counts of tokens

  @Test
  void countsTheTokensOfTheNextCall() {
    for (String text : List.of(PROMPT, "x", "🙂 <|eot_id|> ", " a  b\n")) {
      int count = session.countTokens(text);
      assertThat(count)
          .isEqualTo(session.generate(text, config(1).build()).promptIds().length)
          .isEqualTo(model.tokenizer().encode(text, new EncodeOptions(true, false)).length);
    }
    session.addMessage(ChatMessage.system("You answer."));
    for (String text : List.of("Hi", "", "<|eot_id|>")) {
      ChatMessage message = ChatMessage.user(text);
      int count = session.countTokens(message);
      List<ChatMessage> before = session.messages();
      assertThat(session.countTokens(message)).isEqualTo(count);
      assertThat(session.messages()).isEqualTo(before);
      assertThat(session.chat(message, config(4).build()).promptIds()).hasSize(count);
    }
  }

  @Test
  void theCountTellsTheRoomForTheContinuation() {
    int room = session.contextLength() - session.countTokens(PROMPT);
    Generation all = session.generate(PROMPT, config(1000).build());
    assertThat(all.ids()).hasSize(room);
    assertThat(all.finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
    assertThat(session.remainingTokens()).isEqualTo(1); // the last token was not computed
    session.rewind(100);
    assertThat(session.remainingTokens()).isEqualTo(session.contextLength() - 100);
  }

  @Test
  void countsAreRefusedLikeTheCalls() throws IOException {
    assertThatIllegalArgumentException().isThrownBy(() -> session.countTokens(""));
    try (Model plain = Model.load(SampleModels.DEMO);
        Session s = plain.newSession()) {
      assertThatIllegalStateException()
          .isThrownBy(() -> s.countTokens(ChatMessage.user("x")))
          .withMessageContaining("has no chat template");
    }
    try (Model tied = Model.load(SampleModels.TIED);
        Session s = tied.newSession()) {
      assertThatIllegalStateException().isThrownBy(() -> s.countTokens("x"));
    }
  }
}
