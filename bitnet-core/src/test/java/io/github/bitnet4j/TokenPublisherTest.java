package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A publisher of tokens and the rules of Reactive Streams; numbers of rules are from there. */
class TokenPublisherTest {
  private static final int[] PROMPT = {2045, 422, 434, 258, 396};

  private static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static Model model;
  private static ExecutorService pool;
  private Session session;
  private final AtomicInteger computed = new AtomicInteger();

  @BeforeAll
  static void load() throws IOException {
    model =
        Model.load(SampleModels.DEMO, LoadOptions.builder().kernels("scalar").threads(1).build());
    pool = Executors.newFixedThreadPool(4);
  }

  @AfterAll
  static void closeModel() {
    pool.shutdownNow();
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

  /** Opens a stream of ids 300, 301, ..., and counts them. */
  private TokenStream counting(int maxTokens) {
    return session.stream(
        PROMPT,
        config(maxTokens).sampler((logits, random) -> 300 + computed.getAndIncrement()).build());
  }

  private static void subscribe(TokenStream tokens, Flow.Subscriber<Token> subscriber) {
    tokens.publisher(Runnable::run).subscribe(subscriber);
  }

  private void assertUsable() {
    assertThat(session.generate(PROMPT, config(3).build()).ids()).hasSize(3);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(5, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void publishesTheTokensOfTheStreamAndThenItsEnd() throws InterruptedException {
    GenerationConfig config = config(40).temperature(0.9f).seed(4).build();
    Generation expected = session.generate(PROMPT, config);
    try (TokenStream tokens = session.stream(PROMPT, config)) {
      RecordingSubscriber subscriber = new RecordingSubscriber(Long.MAX_VALUE);
      tokens.publisher(pool).subscribe(subscriber);
      subscriber.awaitEnd();
      assertThat(subscriber.tokens.stream().mapToInt(Token::id)).containsExactly(boxed(expected));
      assertThat(subscriber.completions()).isEqualTo(1);
      assertThat(subscriber.errors).isEmpty();
      assertThat(subscriber.violations).isEmpty();
      assertThat(tokens.result().text()).isEqualTo(expected.text());
      subscriber.request(5);
      subscriber.cancel();
      assertThat(subscriber.completions()).as("nothing after the end").isEqualTo(1);
    }
  }

  private static Integer[] boxed(Generation generation) {
    return Arrays.stream(generation.ids()).boxed().toArray(Integer[]::new);
  }

  @Test
  void computesWhatIsRequestedAndNoMore() { // 1.1
    try (TokenStream tokens = counting(20)) {
      RecordingSubscriber subscriber = new RecordingSubscriber(0);
      subscribe(tokens, subscriber);
      assertThat(computed).hasValue(0);
      assertThat(session.toString()).as("no prompt either").contains(" 0 of ");
      subscriber.request(3);
      assertThat(subscriber.tokens).extracting(Token::id).containsExactly(300, 301, 302);
      assertThat(computed).hasValue(3);
      subscriber.request(1);
      subscriber.request(1);
      assertThat(subscriber.tokens).hasSize(5);
      assertThat(computed).hasValue(5);
      assertThat(subscriber.completions()).isZero();
      assertThat(tokens.isOpen()).isTrue();
    }
  }

  @Test
  void completesWithTheLastTokenWithoutAFurtherRequest() { // 1.5
    try (TokenStream tokens = counting(4)) {
      RecordingSubscriber subscriber = new RecordingSubscriber(4);
      subscribe(tokens, subscriber);
      assertThat(subscriber.tokens).hasSize(4);
      assertThat(subscriber.completions()).isEqualTo(1);
      assertThat(tokens.isOpen()).isFalse();
      assertThat(tokens.result().finishReason()).isEqualTo(FinishReason.LENGTH);
    }
  }

  @Test
  void holdsNoThreadWhileNothingIsRequested() {
    AtomicInteger tasks = new AtomicInteger();
    Executor executor =
        task -> {
          tasks.incrementAndGet();
          task.run();
        };
    try (TokenStream tokens = counting(20)) {
      RecordingSubscriber subscriber = new RecordingSubscriber(0);
      tokens.publisher(executor).subscribe(subscriber);
      assertThat(tasks).hasValue(0);
      subscriber.request(5);
      assertThat(tasks).hasValue(1);
      subscriber.request(5);
      assertThat(tasks).as("the first has returned").hasValue(2);
      assertThat(subscriber.tokens).hasSize(10);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void aRequestOfLessThanOneTokenIsAnError(long n) { // 3.9
    try (TokenStream tokens = counting(20)) {
      RecordingSubscriber subscriber = new RecordingSubscriber(0);
      subscribe(tokens, subscriber);
      subscriber.request(2);
      subscriber.request(n);
      assertThat(subscriber.errors)
          .singleElement()
          .isInstanceOf(IllegalArgumentException.class)
          .extracting(Throwable::getMessage)
          .isEqualTo("request: expected 1 or more tokens, found " + n);
      subscriber.request(2);
      assertThat(subscriber.tokens).hasSize(2);
      assertThat(subscriber.completions()).isZero();
      assertThat(subscriber.violations).isEmpty();
      assertThat(tokens.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
    assertUsable();
  }

  @Test
  void requestsAddUpWithoutOverflow() { // 3.17
    try (TokenStream tokens = counting(9)) {
      RecordingSubscriber subscriber =
          new RecordingSubscriber(Long.MAX_VALUE) {
            @Override
            void subscribed() {
              subscription().request(Long.MAX_VALUE);
              subscription().request(1);
            }
          };
      subscribe(tokens, subscriber);
      assertThat(subscriber.tokens).hasSize(9);
      assertThat(subscriber.completions()).isEqualTo(1);
    }
  }

  @Test
  void hasOneSubscriber() { // 1.11, 1.9
    try (TokenStream tokens = counting(20)) {
      Flow.Publisher<Token> publisher = tokens.publisher(Runnable::run);
      RecordingSubscriber first = new RecordingSubscriber(1);
      publisher.subscribe(first);
      RecordingSubscriber second = new RecordingSubscriber(1);
      publisher.subscribe(second);
      assertThat(second.errors).singleElement().isInstanceOf(IllegalStateException.class);
      assertThat(second.tokens).isEmpty();
      second.cancel();
      first.request(1);
      assertThat(first.tokens).as("not disturbed").hasSize(2);
      assertThat(first.violations).isEmpty();
      assertThat(second.violations).isEmpty();
      assertThatNullPointerException().isThrownBy(() -> publisher.subscribe(null));
      assertThatNullPointerException().isThrownBy(() -> tokens.publisher(null));
    }
  }

  @Test
  void requestsInsideOnNextDoNotRecurse() { // 3.3
    try (TokenStream tokens = counting(200)) {
      RecordingSubscriber subscriber =
          new RecordingSubscriber(1) {
            @Override
            void received(Token token) {
              subscription().request(1);
            }
          };
      subscribe(tokens, subscriber);
      assertThat(subscriber.tokens).hasSize(200);
      assertThat(subscriber.completions()).isEqualTo(1);
      assertThat(subscriber.violations).isEmpty();
    }
  }

  @Test
  void signalsComeOneAfterTheOtherWhoeverRequests() throws Exception { // 1.3
    for (int round = 0; round < 5; round++) {
      computed.set(0);
      try (TokenStream tokens = counting(100)) {
        RecordingSubscriber subscriber =
            new RecordingSubscriber(1) {
              @Override
              void subscribed() {
                Thread.yield(); // a task that ran now would signal at once
              }
            };
        tokens.publisher(pool).subscribe(subscriber);
        List<Thread> requesting = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
          Thread thread =
              new Thread(
                  () -> {
                    for (int i = 0; i < 25; i++) {
                      subscriber.request(1);
                    }
                  });
          thread.start();
          requesting.add(thread);
        }
        for (Thread thread : requesting) {
          thread.join();
        }
        subscriber.awaitEnd();
        assertThat(subscriber.tokens).hasSize(100);
        for (int i = 0; i < 100; i++) {
          assertThat(subscriber.tokens.get(i).id()).isEqualTo(300 + i);
        }
        assertThat(subscriber.errors).isEmpty();
        assertThat(subscriber.violations).isEmpty();
      }
    }
  }

  @Test
  void aSubscriberMayCancelInOnNext() { // 2.8, 3.12
    try (TokenStream tokens = counting(20)) {
      RecordingSubscriber subscriber =
          new RecordingSubscriber(Long.MAX_VALUE) {
            @Override
            void received(Token token) {
              if (token.id() == 302) {
                subscription().cancel();
                subscription().cancel();
                subscription().request(1);
              }
            }
          };
      subscribe(tokens, subscriber);
      assertThat(subscriber.tokens).hasSize(3);
      assertThat(subscriber.completions()).isZero();
      assertThat(subscriber.errors).isEmpty();
      assertThat(computed).hasValue(3);
      assertThat(tokens.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
    assertUsable();
  }

  @Test
  void cancelFromAnotherThreadEndsTheComputation() throws Exception {
    CountDownLatch third = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Sampler sampler =
        (logits, random) -> {
          if (computed.incrementAndGet() == 3) {
            third.countDown();
            await(release);
          }
          return 300;
        };
    TokenStream tokens = session.stream(PROMPT, config(50).sampler(sampler).build());
    RecordingSubscriber subscriber = new RecordingSubscriber(Long.MAX_VALUE);
    tokens.publisher(pool).subscribe(subscriber);
    await(third);
    Thread cancelling = new Thread(subscriber::cancel);
    cancelling.start();
    while (cancelling.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    release.countDown();
    cancelling.join();
    assertThat(tokens.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(subscriber.tokens).as("the third came too late").hasSize(2);
    assertThat(computed).hasValue(3);
    assertUsable();
    assertThat(subscriber.completions()).isZero();
    assertThat(subscriber.errors).isEmpty();
  }

  @Test
  void aSamplerMayCancel() {
    RecordingSubscriber subscriber = new RecordingSubscriber(Long.MAX_VALUE);
    Sampler sampler =
        (logits, random) -> {
          if (computed.incrementAndGet() == 2) {
            subscriber.cancel();
          }
          return 300;
        };
    TokenStream tokens = session.stream(PROMPT, config(50).sampler(sampler).build());
    subscribe(tokens, subscriber);
    assertThat(subscriber.tokens).hasSize(1);
    assertThat(tokens.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertUsable();
  }

  @Test
  void aFailureOfTheGenerationComesAsAnError() { // 1.4
    Failure failure = new Failure();
    Sampler failing =
        (logits, random) -> {
          if (computed.getAndIncrement() == 2) {
            throw failure;
          }
          return 300;
        };
    TokenStream tokens = session.stream(PROMPT, config(50).sampler(failing).build());
    RecordingSubscriber subscriber = new RecordingSubscriber(Long.MAX_VALUE);
    subscribe(tokens, subscriber);
    assertThat(subscriber.tokens).hasSize(2);
    assertThat(subscriber.errors).containsExactly(failure);
    assertThat(subscriber.completions()).isZero();
    assertThat(subscriber.violations).isEmpty();
    assertUsable();
  }

  @Test
  void anExecutorThatTakesNoTasksIsAnError() {
    TokenStream tokens = counting(9);
    RecordingSubscriber subscriber = new RecordingSubscriber(0);
    tokens
        .publisher(
            task -> {
              throw new RejectedExecutionException("full");
            })
        .subscribe(subscriber);
    assertThat(subscriber.errors).as("nothing was asked of it yet").isEmpty();
    subscriber.request(1);
    assertThat(subscriber.errors).singleElement().isInstanceOf(RejectedExecutionException.class);
    assertUsable();
  }

  @Test
  void aSubscriberThatThrowsIsCancelled() { // 2.13
    TokenStream tokens = counting(9);
    RecordingSubscriber subscriber =
        new RecordingSubscriber(0) {
          @Override
          void received(Token token) {
            throw new Failure();
          }
        };
    subscribe(tokens, subscriber);
    assertThatExceptionOfType(Failure.class).isThrownBy(() -> subscriber.request(9));
    assertThat(computed).hasValue(1);
    assertThat(subscriber.errors).isEmpty();
    assertThat(tokens.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    TokenStream other = counting(9);
    RecordingSubscriber refusing =
        new RecordingSubscriber(1) {
          @Override
          void subscribed() {
            throw new Failure();
          }
        };
    assertThatExceptionOfType(Failure.class).isThrownBy(() -> subscribe(other, refusing));
    assertThat(refusing.tokens).isEmpty();
    assertUsable();
  }

  @Test
  void aStreamThatIsClosedBySomeoneElseCompletes() {
    TokenStream tokens = counting(9);
    RecordingSubscriber subscriber = new RecordingSubscriber(2);
    subscribe(tokens, subscriber);
    tokens.close();
    assertThat(subscriber.completions()).isZero();
    subscriber.request(1);
    assertThat(subscriber.completions()).isEqualTo(1);
    assertThat(subscriber.tokens).hasSize(2);
    assertUsable();
  }
}
