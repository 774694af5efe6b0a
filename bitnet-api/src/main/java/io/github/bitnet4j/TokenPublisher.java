package io.github.bitnet4j;

import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Publishes the tokens of a stream to one subscriber, as they are requested. */
final class TokenPublisher implements Flow.Publisher<Token> {
  private final TokenStream tokens;
  private final Executor executor;
  private final AtomicBoolean hasSubscriber = new AtomicBoolean();

  TokenPublisher(TokenStream tokens, Executor executor) {
    this.tokens = tokens;
    this.executor = Objects.requireNonNull(executor, "executor");
  }

  @Override
  public void subscribe(Flow.Subscriber<? super Token> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    if (hasSubscriber.getAndSet(true)) {
      subscriber.onSubscribe(new NoSubscription());
      subscriber.onError(
          new IllegalStateException(
              "a token stream has one subscriber; open a stream for each of them"));
      return;
    }
    new TokenSubscription(tokens, executor, subscriber).start();
  }

  /** What a subscriber has that is refused. */
  private static final class NoSubscription implements Flow.Subscription {
    @Override
    public void request(long n) {}

    @Override
    public void cancel() {}
  }

  /**
   * Signals one at a time: whoever raises {@link #work} from 0 starts a task, and the task runs
   * until nothing new has come.
   */
  private static final class TokenSubscription implements Flow.Subscription {
    private final TokenStream tokens;
    private final Iterator<Token> iterator;
    private final Executor executor;
    private final Flow.Subscriber<? super Token> subscriber;

    /** Requests that have come since the task last looked; at first the call of onSubscribe. */
    private final AtomicInteger work = new AtomicInteger(1);

    private final AtomicLong requested = new AtomicLong();
    private volatile @Nullable IllegalArgumentException badRequest;
    private volatile boolean ended;

    TokenSubscription(
        TokenStream tokens, Executor executor, Flow.Subscriber<? super Token> subscriber) {
      this.tokens = tokens;
      this.executor = executor;
      this.subscriber = subscriber;
      iterator = tokens.iterator();
    }

    void start() {
      boolean accepted = false;
      try {
        subscriber.onSubscribe(this);
        accepted = true;
      } finally {
        if (!accepted) {
          cancel();
        }
      }
      if (work.decrementAndGet() > 0) {
        execute();
      }
    }

    @Override
    public void request(long n) {
      if (ended) {
        return;
      }
      if (n <= 0) {
        badRequest = new IllegalArgumentException("request: expected 1 or more tokens, found " + n);
      } else {
        requested.accumulateAndGet(n, TokenSubscription::saturatedSum);
      }
      if (work.getAndIncrement() == 0) {
        execute();
      }
    }

    private static long saturatedSum(long a, long b) {
      return a + b < 0 ? Long.MAX_VALUE : a + b;
    }

    @Override
    public void cancel() {
      ended = true;
      tokens.close();
    }

    private void execute() {
      try {
        executor.execute(this::run);
      } catch (RejectedExecutionException e) {
        fail(e);
      }
    }

    private void run() {
      int seen = work.get();
      do {
        signal();
        seen = work.addAndGet(-seen);
      } while (seen > 0);
    }

    /** Signals what there is to signal now. */
    private void signal() {
      while (!ended) {
        IllegalArgumentException bad = badRequest;
        if (bad != null) {
          fail(bad);
        } else if (requested.get() == 0) {
          return;
        } else {
          signalNext();
        }
      }
    }

    private void signalNext() {
      Token token;
      boolean more;
      try {
        token = iterator.hasNext() ? iterator.next() : null;
        more = tokens.isOpen();
      } catch (RuntimeException | Error e) { // also those of an application's own sampler
        fail(e);
        return;
      }
      if (ended) {
        tokens.close(); // cancelled meanwhile, perhaps by a callback that could not close it
        return;
      }
      if (token != null) {
        requested.updateAndGet(n -> n == Long.MAX_VALUE ? n : n - 1);
        boolean taken = false;
        try {
          subscriber.onNext(token);
          taken = true;
        } finally {
          if (!taken) {
            cancel(); // the subscriber broke the rules: its exception goes to the executor
          }
        }
      }
      if (!ended && !more) {
        ended = true;
        subscriber.onComplete();
      }
    }

    private void fail(Throwable reason) {
      if (!ended) {
        cancel();
        subscriber.onError(reason);
      }
    }
  }
}
