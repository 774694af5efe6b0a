package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.session.BlockingKernels;
import io.github.bitnet4j.core.session.TestProviders;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way to stop a generation, from every thread, at points that latches fix. */
class CancellationTest {
  private static final int[] PROMPT = {2045, 422, 434, 258, 396};

  /** More than one pass of the forward pass, which takes at most 128 rows. */
  private static final int[] LONG_PROMPT = IntStream.range(300, 440).toArray();

  @TempDir Path temp;
  private Model model;
  private Session session;

  @BeforeEach
  void open() throws Exception {
    LoadOptions options = LoadOptions.builder().kernels("blocking").threads(1).build();
    model =
        TestProviders.with(
            temp, BlockingKernels.class.getName(), () -> Model.load(SampleModels.DEMO, options));
    session = model.newSession();
  }

  @AfterEach
  void close() {
    BlockingKernels.beforeNorm(() -> {});
    session.close();
    model.close();
  }

  private static GenerationConfig.Builder config(int maxTokens) {
    return GenerationConfig.builder().maxTokens(maxTokens).ignoreStopTokens(true);
  }

  /** A sampler that says id 300 and runs an action when it is asked for the given token. */
  private static Sampler at(int token, Runnable action) {
    AtomicInteger count = new AtomicInteger();
    return (logits, random) -> {
      if (count.getAndIncrement() == token) {
        action.run();
      }
      return 300;
    };
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(5, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void awaitBlocked(Thread thread) {
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(thread.isAlive()).as("still running").isTrue();
      Thread.onSpinWait();
    }
  }

  /** An action on a thread of its own. */
  private static final class Other<T> {
    private final FutureTask<T> task;
    final Thread thread;

    Other(Callable<T> action) {
      task = new FutureTask<>(action);
      thread = new Thread(task, "other");
      thread.setDaemon(true);
    }

    Other<T> start() {
      thread.start();
      return this;
    }

    T result() throws Exception {
      return task.get(5, TimeUnit.MINUTES);
    }
  }

  private static Other<Void> other(Runnable action) {
    return new Other<>(
        () -> {
          action.run();
          return null;
        });
  }

  /** Stops an action in its first RMSNorm until it is released, and counts the RMSNorms. */
  private static final class Gate {
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch release = new CountDownLatch(1);
    final AtomicInteger norms = new AtomicInteger();

    Gate() {
      BlockingKernels.beforeNorm(
          () -> {
            if (norms.getAndIncrement() == 0) {
              entered.countDown();
              CancellationTest.await(release);
            }
          });
    }
  }

  private void assertUsable() {
    BlockingKernels.beforeNorm(() -> {});
    Generation here = session.generate(LONG_PROMPT, config(3).build());
    try (Session fresh = model.newSession()) {
      assertThat(here.ids()).isEqualTo(fresh.generate(LONG_PROMPT, config(3).build()).ids());
    }
    assertThat(here.finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  private static void assertNothingGenerated(Generation generation) {
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(generation.ids()).isEmpty();
    assertThat(generation.text()).isEmpty();
    assertThat(generation.promptIds()).isEqualTo(LONG_PROMPT);
    assertThat(generation.stats().prefillTokens()).isZero();
    assertThat(generation.stats().decodeTokens()).isZero();
  }

  // ---- Session.cancel

  @Test
  void cancelFromAnotherThreadStopsThePromptWithinOneLayer() throws Exception {
    Gate gate = new Gate();
    Other<Generation> generating =
        new Other<>(() -> session.generate(LONG_PROMPT, config(5).build())).start();
    await(gate.entered);
    session.cancel();
    gate.release.countDown();
    assertNothingGenerated(generating.result());
    int rows = 128;
    assertThat(gate.norms.get()).as("four norms for each row of a layer").isEqualTo(4 * rows);
    assertUsable();
  }

  @Test
  void cancelFromAnotherThreadStopsDecoding() throws Exception {
    CountDownLatch third = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Sampler sampler =
        at(
            2,
            () -> {
              third.countDown();
              await(release);
            });
    Other<Generation> generating =
        new Other<>(() -> session.generate(PROMPT, config(50).sampler(sampler).build())).start();
    await(third);
    session.cancel();
    release.countDown();
    Generation generation = generating.result();
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(generation.ids()).containsExactly(300, 300, 300);
    assertThat(generation.stats().decodeTokens()).isEqualTo(2);
    assertUsable();
  }

  @Test
  void cancelBetweenTheTokensOfAStreamEndsIt() {
    try (TokenStream stream = session.stream(PROMPT, config(9).build())) {
      Iterator<Token> tokens = stream.iterator();
      Token first = tokens.next();
      session.cancel();
      assertThat(tokens.hasNext()).isFalse();
      assertThat(stream.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(stream.result().ids()).containsExactly(first.id());
      assertThat(stream.result().text()).isEqualTo(first.text());
    }
    assertUsable();
  }

  @Test
  void cancelBeforeACallCancelsThatCallAlone() {
    AtomicInteger norms = new AtomicInteger();
    BlockingKernels.beforeNorm(norms::incrementAndGet);
    session.cancel();
    session.cancel(); // the same request
    assertNothingGenerated(session.generate(LONG_PROMPT, config(3).build()));
    assertThat(norms).hasValue(0);
    assertUsable();
  }

  @Test
  void cancelBeforeAStreamEndsItAtItsFirstToken() {
    session.cancel();
    try (TokenStream stream = session.stream(LONG_PROMPT, config(3).build())) {
      assertThat(stream.iterator().hasNext()).isFalse();
      assertNothingGenerated(stream.result());
    }
    assertUsable();
  }

  @Test
  void cancelBeforeAScoreOrATraceCancelsThatAlone() {
    session.cancel();
    assertThatExceptionOfType(CancellationException.class).isThrownBy(() -> session.score(PROMPT));
    assertThat(session.score(PROMPT).logprobs()).hasSize(PROMPT.length - 1);
    CountingListener listener = new CountingListener();
    session.cancel();
    session.trace(PROMPT, listener);
    int cancelled = listener.calls;
    session.trace(PROMPT, listener);
    assertThat(listener.calls).isGreaterThan(2 * cancelled);
    assertUsable();
  }

  @Test
  void aRequestOutlivesCallsThatComputeNothing(@TempDir Path folder) throws Exception {
    session.cancel();
    session.messages();
    session.position();
    session.save(folder.resolve("session"));
    try (Session fork = session.fork()) {
      assertThat(fork.generate(PROMPT, config(3).build()).finishReason())
          .isEqualTo(FinishReason.LENGTH);
    }
    assertNothingGenerated(session.generate(LONG_PROMPT, config(3).build()));
    assertUsable();
  }

  @Test
  void resetDiscardsARequest() {
    session.cancel();
    session.reset();
    assertUsable();
  }

  @Test
  void aCallWithWrongArgumentsUsesTheRequestUp() {
    session.cancel();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.generate(new int[0], config(3).build()));
    assertUsable();
  }

  @Test
  void cancelDuringTheLastTokenDoesNotReachTheNextCall() {
    Sampler sampler = at(2, session::cancel);
    Generation generation = session.generate(PROMPT, config(3).sampler(sampler).build());
    assertThat(generation.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertUsable();
  }

  @Test
  void closingAStreamThatIsAtItsEndDoesNotReachTheNextCall() {
    TokenStream ended = session.stream(PROMPT, config(3).build());
    ended.forEach(token -> {});
    ended.close();
    TokenStream unread = session.stream(PROMPT, config(3).build());
    unread.close();
    try (TokenStream next = session.stream(PROMPT, config(3).build())) {
      ended.close();
      unread.close();
      next.forEach(token -> {});
      assertThat(next.result().finishReason()).isEqualTo(FinishReason.LENGTH);
    }
    assertUsable();
  }

  @Test
  void requestsInARaceAreNeitherLostNorUsedTwice() throws Exception {
    int requests = 60;
    AtomicInteger sent = new AtomicInteger();
    AtomicBoolean answered = new AtomicBoolean(true);
    Other<Void> canceller =
        other(
                () -> {
                  while (sent.get() < requests) {
                    if (answered.compareAndSet(true, false)) {
                      session.cancel();
                      sent.incrementAndGet();
                    }
                    Thread.onSpinWait();
                  }
                })
            .start();
    // With an endless text, a request that is lost is one that never ends a call.
    int cancelled = 0;
    Sampler endless = (logits, random) -> 300;
    while (cancelled < requests) {
      Generation generation =
          session.generate(
              PROMPT,
              config(1_000_000)
                  .overflow(OverflowPolicy.SHIFT)
                  .timeLimit(Duration.ofSeconds(20))
                  .sampler(endless)
                  .build());
      assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
      cancelled++;
      answered.set(true);
    }
    canceller.result();
    assertThat(sent).hasValue(requests);
    assertUsable();
  }

  private static final class CountingListener implements TraceListener {
    int calls;

    @Override
    public void onFloats(String name, int rows, int columns, float[] values) {
      calls++;
    }

    @Override
    public void onBytes(String name, int rows, int columns, byte[] values) {
      calls++;
    }
  }

  @Test
  void cancelFromASamplerKeepsItsToken() {
    Sampler sampler = at(1, session::cancel);
    Generation generation = session.generate(PROMPT, config(9).sampler(sampler).build());
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(generation.ids()).containsExactly(300, 300);
  }

  // ---- TokenStream.close

  @Test
  void aStreamClosedEarlyIsCancelled() {
    TokenStream stream = session.stream(PROMPT, config(9).build());
    List<Token> tokens = new ArrayList<>();
    for (Token token : stream) {
      tokens.add(token);
      if (tokens.size() == 2) {
        break;
      }
    }
    stream.close();
    stream.close();
    assertThat(stream.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(stream.result().ids()).containsExactly(tokens.get(0).id(), tokens.get(1).id());
    assertThat(stream.result().text()).isEqualTo(tokens.get(0).text() + tokens.get(1).text());
    assertThat(stream.iterator().hasNext()).isFalse();
    assertUsable();
  }

  @Test
  void aStreamClosedUnreadHasComputedNothing() {
    AtomicInteger norms = new AtomicInteger();
    BlockingKernels.beforeNorm(norms::incrementAndGet);
    TokenStream stream = session.stream(LONG_PROMPT, config(9).build());
    stream.close();
    assertNothingGenerated(stream.result());
    assertThat(norms).hasValue(0);
    assertThat(session.position()).isZero();
  }

  @Test
  void aStreamReadToItsEndIsNotCancelledByClosing() {
    TokenStream stream = session.stream(PROMPT, config(2).build());
    stream.forEach(token -> {});
    stream.close();
    assertThat(stream.result().finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void closingAStreamFromAnotherThreadStopsThePrompt() throws Exception {
    Gate gate = new Gate();
    TokenStream stream = session.stream(LONG_PROMPT, config(5).build());
    Other<Boolean> reading = new Other<>(() -> stream.iterator().hasNext()).start();
    await(gate.entered);
    Other<Void> closing = other(stream::close).start();
    awaitBlocked(closing.thread);
    gate.release.countDown();
    assertThat(reading.result()).isFalse();
    closing.result();
    assertNothingGenerated(stream.result());
    assertThat(gate.norms.get()).isEqualTo(4 * 128);
    assertUsable();
  }

  @Test
  void closingAStreamFromAnotherThreadKeepsTheTokenBeingComputed() throws Exception {
    TokenStream[] stream = new TokenStream[1];
    Other<Void> closing = other(() -> stream[0].close());
    Sampler sampler = at(1, () -> awaitBlocked(closing.start().thread));
    stream[0] = session.stream(PROMPT, config(9).sampler(sampler).build());
    int read = 0;
    for (Token token : stream[0]) {
      assertThat(token.id()).isEqualTo(300);
      read++;
    }
    closing.result();
    assertThat(read).isEqualTo(2);
    assertThat(stream[0].result().ids()).containsExactly(300, 300);
    assertThat(stream[0].result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertUsable();
  }

  @Test
  void aSamplerMayCloseItsStream() {
    TokenStream[] stream = new TokenStream[1];
    Sampler sampler = at(1, () -> stream[0].close());
    stream[0] = session.stream(PROMPT, config(9).sampler(sampler).build());
    List<Token> tokens = new ArrayList<>();
    stream[0].forEach(tokens::add);
    assertThat(tokens).hasSize(2);
    assertThat(stream[0].result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertUsable();
  }

  // ---- Session.close

  @Test
  void closingTheSessionFromAnotherThreadStopsThePromptAndWaits() throws Exception {
    Gate gate = new Gate();
    Other<Generation> generating =
        new Other<>(() -> session.generate(LONG_PROMPT, config(5).build())).start();
    await(gate.entered);
    Other<Void> closing = other(session::close).start();
    awaitBlocked(closing.thread);
    gate.release.countDown();
    assertNothingGenerated(generating.result());
    closing.result();
    assertThat(gate.norms.get()).isEqualTo(4 * 128);
    assertThatIllegalStateException()
        .isThrownBy(session::position)
        .withMessage("the session is closed");
    model.close(); // no session is open any more
  }

  @Test
  void closingTheSessionEndsItsOpenStream() throws Exception {
    TokenStream stream = session.stream(PROMPT, config(9).build());
    Token first = stream.iterator().next();
    other(session::close).start().result();
    assertThat(stream.iterator().hasNext()).isFalse();
    assertThat(stream.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(stream.result().ids()).containsExactly(first.id());
    stream.close();
  }

  @Test
  void closingTheSessionWhileItsStreamIsReadGivesTheTokenBeingComputed() throws Exception {
    Other<Void> closing = other(session::close);
    Sampler sampler = at(1, () -> awaitBlocked(closing.start().thread));
    TokenStream stream = session.stream(PROMPT, config(9).sampler(sampler).build());
    int read = 0;
    for (Token token : stream) {
      assertThat(token.id()).isEqualTo(300);
      read++;
    }
    closing.result();
    assertThat(read).isEqualTo(2);
    assertThat(stream.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
  }

  // ---- Interrupts and callbacks

  @Test
  void anInterruptCancelsAndStaysSet() {
    Sampler sampler = at(1, () -> Thread.currentThread().interrupt());
    Generation generation = session.generate(PROMPT, config(9).sampler(sampler).build());
    assertThat(Thread.interrupted()).isTrue();
    assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(generation.ids()).containsExactly(300, 300);
    assertUsable();
  }

  @Test
  void anInterruptStopsThePromptWithinOneLayer() throws Exception {
    Gate gate = new Gate();
    gate.release.countDown();
    BlockingKernels.beforeNorm(
        () -> {
          if (gate.norms.getAndIncrement() == 0) {
            Thread.currentThread().interrupt();
          }
        });
    Generation generation = session.generate(LONG_PROMPT, config(5).build());
    assertThat(Thread.interrupted()).isTrue();
    assertNothingGenerated(generation);
    assertThat(gate.norms.get()).isEqualTo(4 * 128);
    assertUsable();
  }

  /** The prompt takes two passes; what the first has put into the cache goes, too. */
  @Test
  void anExceptionOfTheForwardPassLeavesTheCache() {
    int[] other = Arrays.copyOf(LONG_PROMPT, 70);
    session.generate(other, config(1).build());
    AtomicInteger norms = new AtomicInteger();
    BlockingKernels.beforeNorm(norms::incrementAndGet);
    try (Session fresh = model.newSession()) {
      fresh.generate(LONG_PROMPT, config(1).build());
    }
    int[] text = LONG_PROMPT.clone();
    text[0] = 5; // so that nothing is reused
    int all = norms.get();
    for (int failing : new int[] {1, all / 2, all - 5}) {
      norms.set(0);
      BlockingKernels.beforeNorm(
          () -> {
            if (norms.incrementAndGet() == failing) {
              throw new NonFiniteValueException("on purpose");
            }
          });
      assertThatExceptionOfType(NonFiniteValueException.class)
          .isThrownBy(() -> session.generate(text, config(1).build()));
      assertThat(session.position()).isEqualTo(70);
    }
    BlockingKernels.beforeNorm(() -> {});
    assertThat(session.generate(LONG_PROMPT, config(1).build()).stats().reusedTokens())
        .isEqualTo(70);
    assertUsable();
  }

  @Test
  void aCallbackCannotUseOrCloseItsSession() {
    List<Runnable> uses =
        List.of(
            session::position,
            session::messages,
            session::reset,
            session::close,
            () -> session.generate(PROMPT, config(1).build()),
            () -> session.stream(PROMPT, config(1).build()),
            () -> session.addMessage(ChatMessage.user("x")));
    for (Runnable use : uses) {
      Sampler sampler =
          at(
              0,
              () ->
                  assertThatIllegalStateException()
                      .isThrownBy(use::run)
                      .withMessageContaining("by a callback of its own"));
      assertThat(session.generate(PROMPT, config(1).sampler(sampler).build()).ids())
          .containsExactly(300);
    }
    assertThat(session.messages()).isEmpty();
    assertUsable();
  }
}
