package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who may call what, and when: threads, open streams, closed sessions and models. */
class ThreadRuleTest {
  private static final int[] PROMPT = {2045, 422, 434, 258, 396};

  private Model model;
  private Session session;
  private ExecutorService otherThread;

  @BeforeEach
  void open() throws IOException {
    model = Model.load(SampleModels.DEMO);
    session = model.newSession();
    otherThread = Executors.newSingleThreadExecutor();
  }

  @AfterEach
  void close() {
    otherThread.shutdownNow();
    session.close();
    model.close();
  }

  private static GenerationConfig.Builder config(int maxTokens) {
    return GenerationConfig.builder().maxTokens(maxTokens);
  }

  /** Every method of a session but cancel and close. */
  private static Map<String, Callable<?>> calls(Session s) {
    GenerationConfig one = config(1).build();
    ChatMessage message = ChatMessage.user("x");
    TraceListener listener =
        new TraceListener() {
          @Override
          public void onFloats(String name, int rows, int columns, float[] values) {}

          @Override
          public void onBytes(String name, int rows, int columns, byte[] values) {}
        };
    Map<String, Callable<?>> calls = new LinkedHashMap<>();
    calls.put("generate(String)", () -> s.generate("x"));
    calls.put("generate(String, config)", () -> s.generate("x", one));
    calls.put("generate(int[], config)", () -> s.generate(PROMPT, one));
    calls.put("generate(String, config, listener)", () -> s.generate("x", one, token -> {}));
    calls.put("generate(int[], config, listener)", () -> s.generate(PROMPT, one, token -> {}));
    calls.put("stream(String, config)", () -> s.stream("x", one));
    calls.put("stream(int[], config)", () -> s.stream(PROMPT, one));
    calls.put("chat(message)", () -> s.chat(message));
    calls.put("chat(message, config)", () -> s.chat(message, one));
    calls.put("chat(message, config, listener)", () -> s.chat(message, one, token -> {}));
    calls.put("streamChat(message, config)", () -> s.streamChat(message, one));
    calls.put("addMessage", () -> run(() -> s.addMessage(message)));
    calls.put("messages", s::messages);
    calls.put("trace", () -> run(() -> s.trace(PROMPT, listener)));
    calls.put("keepMessages", () -> run(() -> s.keepMessages(0)));
    calls.put("fork", s::fork);
    calls.put("save", () -> save(s));
    calls.put("countTokens(String)", () -> s.countTokens("x"));
    calls.put("countTokens(message)", () -> s.countTokens(message));
    calls.put("remainingTokens", s::remainingTokens);
    calls.put("rewind", () -> run(() -> s.rewind(0)));
    calls.put("score(String)", () -> s.score("x"));
    calls.put("score(int[])", () -> s.score(PROMPT));
    calls.put("score(String, String)", () -> s.score("x", " y"));
    calls.put("score(int[], int[])", () -> s.score(PROMPT, PROMPT));
    calls.put("position", s::position);
    calls.put("contextLength", s::contextLength);
    calls.put("kvCacheBytes", s::kvCacheBytes);
    calls.put("reset", () -> run(s::reset));
    return calls;
  }

  private static boolean save(Session s) throws IOException {
    s.save(Path.of("no", "folder"));
    return true;
  }

  private static boolean run(Runnable action) {
    action.run();
    return true;
  }

  @Test
  void theListOfCallsIsComplete() {
    int calledElsewhere = 2; // cancel and close
    assertThat(calls(session)).hasSize(Session.class.getDeclaredMethods().length - calledElsewhere);
  }

  private void assertRefusesOtherThread(Class<? extends Exception> expected, String message) {
    calls(session)
        .forEach(
            (name, call) ->
                assertThatExceptionOfType(ExecutionException.class)
                    .as(name)
                    .isThrownBy(() -> otherThread.submit(call).get(5, TimeUnit.MINUTES))
                    .withCauseInstanceOf(expected)
                    .withMessageContaining(message));
  }

  @Test
  void aSecondThreadIsRefusedWhileASessionGenerates() {
    Sampler sampler =
        (logits, random) -> {
          assertRefusesOtherThread(
              ConcurrentModificationException.class, "open a session for each thread");
          return 300;
        };
    Generation generation = session.generate(PROMPT, config(2).sampler(sampler).build());
    assertThat(generation.ids()).containsExactly(300, 300);
    assertThat(session.messages()).isEmpty();
    assertThat(session.position()).isEqualTo(PROMPT.length + 1);
  }

  @Test
  void whileASessionIsBeingClosedItIsAlreadyClosedForEverybody() {
    Thread closing = new Thread(session::close, "closing");
    Sampler sampler =
        (logits, random) -> {
          closing.start();
          while (closing.getState() != Thread.State.WAITING) {
            assertThat(closing.isAlive()).as("closing while a token is computed").isTrue();
            Thread.onSpinWait();
          }
          assertRefusesOtherThread(IllegalStateException.class, "the session is closed");
          return 300;
        };
    Generation generation = session.generate(PROMPT, config(5).sampler(sampler).build());
    assertThat(generation.ids()).containsExactly(300);
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
  }

  @Test
  void aSecondReaderOfAStreamIsRefusedWhileATokenIsComputed() {
    TokenStream[] stream = new TokenStream[1];
    Sampler sampler =
        (logits, random) -> {
          List<Callable<?>> calls =
              List.of(
                  () -> stream[0].iterator().hasNext(),
                  () -> stream[0].iterator().next(),
                  () -> stream[0].result());
          for (Callable<?> call : calls) {
            assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> otherThread.submit(call).get(5, TimeUnit.MINUTES))
                .withCauseInstanceOf(ConcurrentModificationException.class);
          }
          return 300;
        };
    stream[0] = session.stream(PROMPT, config(2).sampler(sampler).build());
    List<Token> tokens = new ArrayList<>();
    stream[0].forEach(tokens::add);
    assertThat(tokens).hasSize(2);
  }

  @Test
  void threadsMayTakeTurns() throws Exception {
    Generation here = session.generate(PROMPT, config(5).build());
    Generation there = otherThread.submit(() -> session.generate(PROMPT, config(5).build())).get();
    assertThat(there.ids()).isEqualTo(here.ids());
    try (TokenStream stream = session.stream(PROMPT, config(2).build())) {
      Token first = stream.iterator().next();
      Token second = otherThread.submit(() -> stream.iterator().next()).get();
      assertThat(new int[] {first.id(), second.id()})
          .isEqualTo(new int[] {here.ids()[0], here.ids()[1]});
    }
  }

  @Test
  void everyCallIsRefusedWhileAStreamIsOpen() {
    try (TokenStream stream = session.stream(PROMPT, config(3).build())) {
      Runnable allRefused =
          () ->
              calls(session)
                  .forEach(
                      (name, call) ->
                          assertThatIllegalStateException()
                              .as(name)
                              .isThrownBy(call::call)
                              .withMessageContaining("a token stream of this session is open"));
      allRefused.run();
      stream.iterator().next();
      allRefused.run();
      int rest = 0;
      while (stream.iterator().hasNext()) {
        stream.iterator().next();
        rest++;
      }
      assertThat(rest).isEqualTo(2);
    }
    assertThat(session.messages()).isEmpty();
    assertThat(session.generate(PROMPT, config(3).build()).ids()).hasSize(3);
  }

  @Test
  void everyCallIsRefusedOnAClosedSession() {
    session.generate(PROMPT, config(1).build());
    session.close();
    calls(session)
        .forEach(
            (name, call) ->
                assertThatIllegalStateException()
                    .as(name)
                    .isThrownBy(call::call)
                    .withMessage("the session is closed"));
    session.cancel();
    session.close();
    assertThat(session.toString()).contains(SampleModels.DEMO.toString());
  }

  @Test
  void aModelWithOpenSessionsRefusesToCloseAndStaysUsable() {
    Session second = model.newSession();
    assertThatIllegalStateException()
        .isThrownBy(model::close)
        .withMessageStartingWith("2 sessions of ")
        .withMessageEndingWith("are still open; close them first");
    assertThat(session.generate(PROMPT, config(2).build()).ids()).hasSize(2);
    second.close();
    second.close(); // counts once
    assertThatIllegalStateException().isThrownBy(model::close).withMessageStartingWith("1 session");
    try (Session third = model.newSession()) {
      assertThat(third.generate(PROMPT, config(2).build()).ids()).hasSize(2);
    }
  }

  @Test
  void aClosedModelOpensNoSessionAndClosesTwice() {
    session.close();
    model.close();
    model.close();
    assertThatIllegalStateException()
        .isThrownBy(model::newSession)
        .withMessageStartingWith("the model is closed");
    assertThat(model.info().vocabSize()).isEqualTo(2048);
    assertThat(model.tokenizer().vocabSize()).isEqualTo(2048);
  }

  @Test
  void sessionsOfManyThreadsGiveWhatTheyGiveAlone() throws Exception {
    int count = 6;
    List<int[]> prompts = new ArrayList<>();
    List<int[]> alone = new ArrayList<>();
    GenerationConfig config = config(25).temperature(0.9f).topP(0.95f).seed(3).build();
    for (int i = 0; i < count; i++) {
      int[] prompt = new int[5 + 40 * i];
      for (int j = 0; j < prompt.length; j++) {
        prompt[j] = 300 + (31 * i + 17 * j) % 1000;
      }
      prompts.add(prompt);
      try (Session s = model.newSession()) {
        alone.add(s.generate(prompt, config).ids());
      }
    }
    CyclicBarrier start = new CyclicBarrier(count);
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      List<Future<int[]>> together = new ArrayList<>();
      for (int[] prompt : prompts) {
        together.add(
            threads.submit(
                () -> {
                  try (Session s = model.newSession()) {
                    start.await(5, TimeUnit.MINUTES);
                    return s.generate(prompt, config).ids();
                  }
                }));
      }
      for (int i = 0; i < count; i++) {
        assertThat(together.get(i).get()).as("session " + i).isEqualTo(alone.get(i));
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
