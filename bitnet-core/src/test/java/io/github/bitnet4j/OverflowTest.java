package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens at the end of the context, on the demo model with a context of 64 tokens. */
class OverflowTest {
  private static final int CONTEXT = 64;
  private static final int[] PROMPT = {2045, 422, 434, 258, 396};
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
    model = Model.load(directory, LoadOptions.builder().contextLength(CONTEXT).build());
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

  private static GenerationConfig.Builder config(OverflowPolicy overflow, int maxTokens) {
    return GenerationConfig.builder()
        .maxTokens(maxTokens)
        .ignoreStopTokens(true)
        .overflow(overflow);
  }

  private static GenerationConfig.Builder shifting(int maxTokens, int keepTokens) {
    return config(OverflowPolicy.SHIFT, maxTokens).keepTokens(keepTokens);
  }

  private static int[] array(List<Integer> ids) {
    return ids.stream().mapToInt(id -> id).toArray();
  }

  private static int[] concat(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  // ---- SHIFT

  /** The rule, step by step: each token comes from a session that knows the window only. */
  private static int[] fromFreshSessions(Model model, int[] prompt, int keep, int count) {
    List<Integer> window = new ArrayList<>();
    List<Integer> generated = new ArrayList<>();
    int leaving = Math.max(1, (CONTEXT - keep) / 2);
    for (int id : prompt) {
      push(window, id, keep, leaving);
    }
    for (int i = 0; i < count; i++) {
      int[] next = {0};
      try (Session fresh = model.newSession()) {
        Sampler greedy =
            (logits, random) -> {
              for (int id = 1; id < logits.length; id++) {
                next[0] = logits[id] > logits[next[0]] ? id : next[0];
              }
              return next[0];
            };
        GenerationConfig.Builder config = config(OverflowPolicy.SHIFT, 1).sampler(greedy);
        fresh.generate(array(window), config.build());
      }
      generated.add(next[0]);
      push(window, next[0], keep, leaving);
    }
    return array(generated);
  }

  private static void push(List<Integer> window, int id, int keep, int leaving) {
    window.add(id);
    if (window.size() > CONTEXT) {
      window.subList(keep, keep + leaving).clear();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "scalar, 4, 50, 17",
    "vector, 4, 40, 60",
    "vector, 0, 50, 50",
    "vector, 63, 50, 20",
    "vector, 13, 200, 40"
  })
  void aShiftedTextIsWhatFreshSessionsSay(String kernels, int keep, int promptLength, int count)
      throws IOException {
    LoadOptions options =
        LoadOptions.builder().contextLength(CONTEXT).kernels(kernels).threads(1).build();
    int[] prompt = new Random(3).ints(promptLength, 0, 2045).toArray();
    try (Model loaded = Model.load(directory, options);
        Session s = loaded.newSession()) {
      Generation generation = s.generate(prompt, shifting(count, keep).build());
      assertThat(generation.finishReason()).isEqualTo(FinishReason.LENGTH);
      assertThat(generation.promptIds()).isEqualTo(prompt);
      assertThat(generation.ids()).isEqualTo(fromFreshSessions(loaded, prompt, keep, count));
      assertThat(s.position()).isLessThanOrEqualTo(CONTEXT);
    }
  }

  @Test
  void goingOnIsTheSameAsOneLongGeneration() {
    GenerationConfig.Builder config = shifting(200, 4).temperature(0.8f).seed(9);
    int[] whole = session.generate(PROMPT, config.build()).ids();
    GenerationConfig greedy = shifting(20, 4).build();
    int[] text = concat(PROMPT, whole);
    Generation goesOn = session.generate(text, greedy);
    assertThat(goesOn.stats().reusedTokens()).isPositive();
    assertThat(goesOn.stats().reusedTokens() + goesOn.stats().prefillTokens())
        .isLessThanOrEqualTo(CONTEXT);
    try (Session fresh = model.newSession()) {
      assertThat(fresh.generate(text, greedy).ids()).isEqualTo(goesOn.ids());
    }
  }

  @Test
  void speculationChangesNothing() {
    int[] repetitive = IntStream.range(0, 40).map(i -> 300 + i % 7).toArray();
    int[] plain = session.generate(repetitive, shifting(150, 4).build()).ids();
    try (Session fresh = model.newSession()) {
      Generation guessed = fresh.generate(repetitive, shifting(150, 4).speculation(true).build());
      assertThat(guessed.ids()).isEqualTo(plain);
      assertThat(fresh.position()).isEqualTo(session.position());
    }
  }

  @Test
  void processorsSeeTheWholeText() {
    List<Integer> sizes = new ArrayList<>();
    LogitsProcessor processor =
        (ids, logits) -> {
          sizes.add(ids.size());
          assertThat(ids.promptSize()).isEqualTo(PROMPT.length);
          assertThat(ids.get(0)).isEqualTo(PROMPT[0]);
          assertThat(ids.get(PROMPT.length - 1)).isEqualTo(PROMPT[PROMPT.length - 1]);
        };
    session.generate(PROMPT, shifting(150, 0).logitsProcessors(processor).build());
    assertThat(sizes)
        .isEqualTo(IntStream.range(PROMPT.length, PROMPT.length + 150).boxed().toList());
  }

  @Test
  void textsEndAtStopTokensHoweverManyTokensAreAllowed() {
    int[] count = {0};
    Sampler sampler = (logits, random) -> count[0]++ < 300 ? 300 : 2046;
    GenerationConfig config =
        GenerationConfig.builder()
            .maxTokens(Integer.MAX_VALUE)
            .overflow(OverflowPolicy.SHIFT)
            .sampler(sampler)
            .build();
    Generation generation = session.generate(PROMPT, config);
    assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
    assertThat(generation.ids()).hasSize(301);
  }

  @Test
  void refusesToKeepTheWholeContext() {
    for (int keep : new int[] {CONTEXT, Integer.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.generate(PROMPT, shifting(5, keep).build()))
          .withMessage("keepTokens: expected below 64 (the context length), found " + keep);
    }
  }

  @Test
  void anExceptionAfterAShiftLeavesTheCache() {
    session.generate(PROMPT, config(OverflowPolicy.STOP, 40).build());
    int position = session.position();
    int[] count = {0};
    Sampler failing =
        (logits, random) -> {
          if (count[0]++ == 100) {
            throw new UnsupportedOperationException("on purpose");
          }
          return 300;
        };
    int[] text = concat(PROMPT, new int[] {7, 8, 9});
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> session.generate(text, shifting(200, 4).sampler(failing).build()));
    assertThat(session.position()).isEqualTo(position);
  }

  // ---- FAIL and STOP

  @Test
  void stopIsTheDefaultAndEndsTheText() {
    assertThat(GenerationConfig.defaults().overflow()).isEqualTo(OverflowPolicy.STOP);
    Generation generation = session.generate(PROMPT, config(OverflowPolicy.STOP, 100).build());
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
    assertThat(generation.ids()).hasSize(CONTEXT - PROMPT.length);
  }

  @Test
  void failThrowsWhereStopEndsAndLeavesTheSession() {
    int[] other = {2045, 17, 18};
    session.generate(other, config(OverflowPolicy.FAIL, 10).build());
    int position = session.position();
    assertThatExceptionOfType(ContextOverflowException.class)
        .isThrownBy(() -> session.generate(PROMPT, config(OverflowPolicy.FAIL, 100).build()))
        .withMessage(
            "continuation: expected it to end within 64 tokens (the context length, prompt"
                + " included), found that it goes on; use another OverflowPolicy or load with a"
                + " larger contextLength")
        .satisfies(e -> assertThat(e.tokens()).isEqualTo(65))
        .satisfies(e -> assertThat(e.contextLength()).isEqualTo(64));
    assertThat(session.position()).isEqualTo(position);
    assertThat(session.generate(other, config(OverflowPolicy.FAIL, 1).build()).stats())
        .satisfies(stats -> assertThat(stats.reusedTokens()).isEqualTo(other.length - 1));
  }

  @Test
  void failIsContentWithATextThatFills() {
    int room = CONTEXT - PROMPT.length;
    assertThat(session.generate(PROMPT, config(OverflowPolicy.FAIL, room).build()).finishReason())
        .isEqualTo(FinishReason.LENGTH);
    int[] count = {0};
    Sampler endsInTheLastPosition = (logits, random) -> ++count[0] < room ? 300 : 2046;
    GenerationConfig config =
        GenerationConfig.builder()
            .overflow(OverflowPolicy.FAIL)
            .sampler(endsInTheLastPosition)
            .build();
    assertThat(session.generate(PROMPT, config).finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
    assertThat(session.position()).isEqualTo(CONTEXT - 1);
  }

  @Test
  void aStreamThatFailsGivesAllTokensFirst() {
    try (TokenStream stream = session.stream(PROMPT, config(OverflowPolicy.FAIL, 100).build())) {
      Iterator<Token> tokens = stream.iterator();
      for (int i = PROMPT.length; i < CONTEXT; i++) {
        tokens.next();
      }
      assertThatExceptionOfType(ContextOverflowException.class).isThrownBy(tokens::hasNext);
      assertThat(tokens.hasNext()).isFalse();
    }
    assertThat(session.position()).isZero();
  }

  @Test
  void longPromptsAreRefusedUnlessTheWindowShifts() {
    int[] prompt = new int[CONTEXT + 1];
    for (OverflowPolicy policy : List.of(OverflowPolicy.FAIL, OverflowPolicy.STOP)) {
      assertThatExceptionOfType(ContextOverflowException.class)
          .isThrownBy(() -> session.generate(prompt, config(policy, 1).build()));
    }
    assertThat(session.generate(prompt, shifting(1, 4).build()).ids()).hasSize(1);
    assertThat(session.position()).isEqualTo(CONTEXT + 1 - 30);
  }

  // ---- Conversations

  /** A configuration whose reply is the given text, ended by the end of turn. */
  private static GenerationConfig saying(OverflowPolicy policy, String reply) {
    Tokenizer tokenizer = model.tokenizer();
    int[] words = tokenizer.encode(reply);
    int[] ids = Arrays.copyOf(words, words.length + 1);
    ids[words.length] = tokenizer.idOf("<|eot_id|>").orElseThrow();
    int[] next = {0};
    return GenerationConfig.builder()
        .maxTokens(10)
        .overflow(policy)
        .sampler((logits, random) -> ids[next[0]++])
        .build();
  }

  private static int[] layout(List<ChatMessage> messages) {
    StringBuilder text = new StringBuilder();
    messages.forEach(m -> text.append(m.role() + ": " + m.content() + "<|eot_id|>"));
    text.append("assistant: ");
    return model.tokenizer().encode(text.toString(), new EncodeOptions(true, true));
  }

  @Test
  void oldTurnsLeaveAConversationButNotItsSystemMessage() {
    ChatMessage system = ChatMessage.system("Be kind.");
    session.addMessage(system);
    int shifts = 0;
    for (int turn = 0; turn < 20; turn++) {
      List<ChatMessage> before = session.messages();
      ChatMessage message = ChatMessage.user("Tell me " + turn);
      int count = session.countTokens(message);
      Generation reply = session.chat(message, saying(OverflowPolicy.SHIFT, "Yes, the cat"));
      assertThat(reply.text()).isEqualTo("Yes, the cat");
      List<ChatMessage> after = session.messages();
      assertThat(after.getFirst()).isEqualTo(system);
      assertThat(after).endsWith(message, ChatMessage.assistant("Yes, the cat"));
      assertThat(reply.promptIds()).isEqualTo(layout(after.subList(0, after.size() - 1)));
      List<ChatMessage> earlier = after.subList(1, after.size() - 2);
      assertThat(before).endsWith(earlier.toArray(ChatMessage[]::new));
      assertThat(earlier.size() % 2).as("whole turns").isZero();
      if (count + 10 <= CONTEXT) {
        assertThat(after).hasSize(before.size() + 2);
        assertThat(reply.promptIds()).hasSize(count);
      } else {
        shifts++;
        assertThat(after).hasSizeLessThan(before.size() + 2);
        assertThat(reply.promptIds()).hasSizeLessThanOrEqualTo(CONTEXT / 2);
      }
    }
    assertThat(shifts).isBetween(3, 10);
  }

  @Test
  void theOtherPoliciesRefuseAConversationThatIsTooLong() {
    for (int i = 0; i < 8; i++) {
      session.addMessage(ChatMessage.user("Tell me " + i));
      session.addMessage(ChatMessage.assistant("Yes, the cat"));
    }
    List<ChatMessage> before = session.messages();
    for (OverflowPolicy policy : List.of(OverflowPolicy.FAIL, OverflowPolicy.STOP)) {
      assertThatExceptionOfType(ContextOverflowException.class)
          .isThrownBy(() -> session.chat(ChatMessage.user("And?"), saying(policy, "No")));
      assertThat(session.messages()).isEqualTo(before);
    }
  }

  @Test
  void aReplyThatFailsBringsTheOldTurnsBack() {
    for (int i = 0; i < 8; i++) {
      session.addMessage(ChatMessage.user("Tell me " + i));
      session.addMessage(ChatMessage.assistant("Yes, the cat"));
    }
    List<ChatMessage> before = session.messages();
    GenerationConfig failing =
        config(OverflowPolicy.SHIFT, 5)
            .sampler(
                (logits, random) -> {
                  throw new UnsupportedOperationException("on purpose");
                })
            .build();
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> session.chat(ChatMessage.user("And?"), failing));
    assertThat(session.messages()).isEqualTo(before);
    assertThat(session.position()).isZero();
    session.chat(ChatMessage.user("And?"), saying(OverflowPolicy.SHIFT, "No"));
    assertThat(session.messages()).hasSizeLessThan(before.size());
  }

  @Test
  void aMessageThatIsTooLongAloneIsRefused() {
    session.addMessage(ChatMessage.user("a"));
    session.addMessage(ChatMessage.assistant("b"));
    ChatMessage tooLong = ChatMessage.user("cat ".repeat(100));
    assertThatExceptionOfType(ContextOverflowException.class)
        .isThrownBy(() -> session.chat(tooLong, saying(OverflowPolicy.SHIFT, "No")));
    assertThat(session.messages()).hasSize(2);
  }

  @Test
  void aReplyThatFillsTheContextEnds() {
    Generation reply =
        session.chat(
            ChatMessage.user("cat ".repeat(20)), config(OverflowPolicy.SHIFT, 100).build());
    assertThat(reply.finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
    assertThat(reply.promptIds().length + reply.ids().length).isEqualTo(CONTEXT);
    assertThat(session.messages()).hasSize(2);
  }
}
