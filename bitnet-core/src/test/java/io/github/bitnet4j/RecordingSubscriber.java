package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A subscriber that notes its signals, and that no two come at once or out of order. */
class RecordingSubscriber implements Flow.Subscriber<Token> {
  final List<Token> tokens = new CopyOnWriteArrayList<>();
  final List<Throwable> errors = new CopyOnWriteArrayList<>();

  /** What broke the rules. */
  final List<String> violations = new CopyOnWriteArrayList<>();

  final AtomicInteger completions = new AtomicInteger();
  final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicInteger inSignal = new AtomicInteger();
  private final long firstRequest;
  private volatile boolean subscribed;
  private volatile Flow.Subscription subscription;

  /** Creates a subscriber that requests so many tokens at once, 0 for none. */
  RecordingSubscriber(long firstRequest) {
    this.firstRequest = firstRequest;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    signal(
        () -> {
          this.subscription = subscription;
          if (firstRequest != 0) {
            subscription.request(firstRequest);
          }
          subscribed();
        });
    subscribed = true;
  }

  /** Called at the end of onSubscribe. */
  void subscribed() {}

  /** Called at the end of onNext. */
  void received(Token token) {}

  @Override
  public void onNext(Token token) {
    signal(
        () -> {
          tokens.add(token);
          received(token);
        });
  }

  @Override
  public void onError(Throwable error) {
    signal(() -> errors.add(error));
    ended.countDown();
  }

  @Override
  public void onComplete() {
    signal(completions::incrementAndGet);
    ended.countDown();
  }

  private void signal(Runnable action) {
    if (inSignal.getAndIncrement() != 0) {
      violations.add("two signals at once");
    }
    if (!subscribed && subscription != null) {
      violations.add("a signal before onSubscribe has returned");
    }
    if (completions.get() + errors.size() > 0) {
      violations.add("a signal after the last");
    }
    try {
      action.run();
    } finally {
      inSignal.getAndDecrement();
    }
  }

  Flow.Subscription subscription() {
    return subscription;
  }

  void request(long n) {
    subscription.request(n);
  }

  void cancel() {
    subscription.cancel();
  }

  void awaitEnd() throws InterruptedException {
    assertThat(ended.await(5, TimeUnit.MINUTES)).as("ended").isTrue();
  }

  int completions() {
    return completions.get();
  }
}
