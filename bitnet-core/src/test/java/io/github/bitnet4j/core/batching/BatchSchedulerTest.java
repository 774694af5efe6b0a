package io.github.bitnet4j.core.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.logits.PassOutput;
import io.github.bitnet4j.core.logits.PassOutput.AllTokens;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatchSchedulerTest {
  private static final int MAX_ROWS = 16;
  private static final ModelConfig CONFIG =
      new ModelConfig(
          "test",
          16,
          16,
          1,
          1,
          1,
          16,
          8,
          64,
          0,
          1,
          Activation.SILU,
          false,
          0,
          ScaleRule.MULTIPLY,
          true);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<KvCache> caches = Collections.synchronizedList(new ArrayList<>());

  private final Map<KvCache, BatchRequest> requests = new ConcurrentHashMap<>();

  /** The rows of each request of each pass. */
  private final List<List<Integer>> passes = Collections.synchronizedList(new ArrayList<>());

  /** Released before a pass ends; the first one waits for it. */
  private final CountDownLatch firstMayEnd = new CountDownLatch(1);

  private final CountDownLatch firstHasBegun = new CountDownLatch(1);

  /** Gets a permit when a request has been queued. */
  private final Semaphore queued = new Semaphore(0);

  private final AtomicInteger inPass = new AtomicInteger();
  private volatile int failingRows = -1;

  private final BatchScheduler queue = new BatchScheduler(this::pass, MAX_ROWS);

  private boolean pass(List<BatchRequest> requests, BooleanSupplier cancelled) {
    assertThat(inPass.incrementAndGet()).isEqualTo(1);
    try {
      passes.add(requests.stream().map(BatchRequest::rows).toList());
      firstHasBegun.countDown();
      for (int layer = 0; layer < 5 || firstMayEnd.getCount() > 0; layer++) {
        if (cancelled.getAsBoolean()) {
          return false;
        }
        Thread.sleep(1);
      }
      for (BatchRequest request : requests) {
        if (request.rows() == failingRows) {
          throw new ArithmeticException("row " + failingRows);
        }
      }
      for (BatchRequest request : requests) {
        request.cache.advance(request.end);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      inPass.decrementAndGet();
    }
  }

  @AfterEach
  void close() throws InterruptedException {
    firstMayEnd.countDown();
    threads.shutdown();
    assertThat(threads.awaitTermination(5, TimeUnit.MINUTES)).isTrue();
    caches.forEach(KvCache::close);
  }

  private KvCache cache() {
    KvCache cache = new KvCache(CONFIG, 64, KvCacheType.F32);
    caches.add(cache);
    return cache;
  }

  private boolean run(KvCache cache, int rows, BooleanSupplier cancelled) {
    BatchRequest request = requests.computeIfAbsent(cache, BatchRequest::new);
    int end = cache.length() + rows;
    request.set(new int[end], end, PassOutput.NOTHING, signalsWhenQueued(cancelled));
    return queue.run(request);
  }

  /** A request is asked whether it is cancelled once it waits in the queue. */
  private BooleanSupplier signalsWhenQueued(BooleanSupplier cancelled) {
    AtomicBoolean signalled = new AtomicBoolean();
    return () -> {
      if (signalled.compareAndSet(false, true)) {
        queued.release();
      }
      return cancelled.getAsBoolean();
    };
  }

  private Future<Boolean> start(int rows) {
    return start(rows, () -> false);
  }

  private Future<Boolean> start(int rows, BooleanSupplier cancelled) {
    return start(() -> run(cache(), rows, cancelled));
  }

  private <T> Future<T> start(Callable<T> action) {
    return threads.submit(action);
  }

  /** Waits until the first pass runs. */
  private void awaitFirst() throws InterruptedException {
    assertThat(firstHasBegun.await(5, TimeUnit.MINUTES)).isTrue();
    awaitQueued(1);
  }

  /** Waits until so many more requests are in the queue. */
  private void awaitQueued(int requests) throws InterruptedException {
    assertThat(queued.tryAcquire(requests, 5, TimeUnit.MINUTES)).isTrue();
  }

  @Test
  void whatWaitsIsComputedInOnePass() throws Exception {
    Future<Boolean> first = start(1);
    awaitFirst();
    List<Future<Boolean>> others = List.of(start(2), start(3), start(4));
    awaitQueued(3);
    firstMayEnd.countDown();
    assertThat(first.get()).isTrue();
    for (Future<Boolean> other : others) {
      assertThat(other.get()).isTrue();
    }
    assertThat(passes).hasSize(2);
    assertThat(passes.get(1)).containsExactlyInAnyOrder(2, 3, 4);
  }

  @Test
  void aPassHasRoomForSoManyRows() throws Exception {
    Future<Boolean> first = start(1);
    awaitFirst();
    Future<Boolean> second = start(10);
    awaitQueued(1);
    Future<Boolean> third = start(10);
    awaitQueued(1);
    Future<Boolean> fourth = start(6);
    awaitQueued(1);
    firstMayEnd.countDown();
    for (Future<Boolean> future : List.of(first, second, third, fourth)) {
      assertThat(future.get()).isTrue();
    }
    // The small one need not wait for the large one before it.
    assertThat(passes).containsExactly(List.of(1), List.of(10, 6), List.of(10));
  }

  @Test
  void sequencesThatComeBackAreWaitedForAndStayTogether() throws Exception {
    firstMayEnd.countDown();
    int sequences = 4;
    int steps = 30;
    CountDownLatch begin = new CountDownLatch(1);
    List<Future<Boolean>> all = new ArrayList<>();
    for (int i = 0; i < sequences; i++) {
      all.add(
          start(
              () -> {
                begin.await();
                KvCache cache = cache();
                boolean done = true;
                for (int step = 0; step < steps; step++) {
                  done &= run(cache, 1, () -> false);
                }
                return done && cache.length() == steps;
              }));
    }
    begin.countDown();
    for (Future<Boolean> future : all) {
      assertThat(future.get()).isTrue();
    }
    // By turns it would be about twice as many as there are steps.
    assertThat(passes.size()).isLessThan(steps * 3 / 2);
  }

  @Test
  void aCancelledSequenceLeavesThePassAndTheOthersBeginAgain() throws Exception {
    AtomicBoolean cancelled = new AtomicBoolean();
    Future<Boolean> first = start(1, cancelled::get);
    awaitFirst();
    Future<Boolean> second = start(2);
    awaitQueued(1);
    cancelled.set(true);
    assertThat(first.get()).isFalse();
    firstMayEnd.countDown();
    assertThat(second.get()).isTrue();
  }

  @Test
  void anyMemberOfAPassCanBeCancelled() throws Exception {
    firstMayEnd.countDown();
    for (int round = 0; round < 20; round++) {
      AtomicBoolean cancelled = new AtomicBoolean();
      Future<Boolean> patient = start(3);
      Future<Boolean> hasty = start(2, cancelled::get);
      cancelled.set(true);
      assertThat(patient.get()).isTrue();
      hasty.get(); // it may have been done before
    }
  }

  @Test
  void aWaitingSequenceCanBeCancelled() throws Exception {
    Future<Boolean> first = start(1);
    awaitFirst();
    AtomicBoolean cancelled = new AtomicBoolean();
    Future<Boolean> second = start(2, cancelled::get);
    awaitQueued(1);
    cancelled.set(true);
    assertThat(second.get(5, TimeUnit.MINUTES)).isFalse();
    assertThat(first.isDone()).isFalse();
    firstMayEnd.countDown();
    assertThat(first.get()).isTrue();
    assertThat(passes).containsExactly(List.of(1));
  }

  @Test
  void anInterruptCancelsAndIsKept() throws Exception {
    Future<Boolean> first = start(1);
    awaitFirst();
    CountDownLatch interrupted = new CountDownLatch(1);
    Thread second =
        new Thread(
            () -> {
              if (!run(cache(), 2, () -> false) && Thread.currentThread().isInterrupted()) {
                interrupted.countDown();
              }
            });
    second.start();
    awaitQueued(1);
    second.interrupt();
    assertThat(interrupted.await(5, TimeUnit.MINUTES)).isTrue();
    firstMayEnd.countDown();
    assertThat(first.get()).isTrue();
  }

  @Test
  void onlyTheSequenceThatIsToBlameFails() throws Exception {
    Future<Boolean> first = start(1);
    awaitFirst();
    failingRows = 3;
    List<Future<Boolean>> good = List.of(start(2), start(4));
    Future<Boolean> bad = start(3);
    awaitQueued(3);
    firstMayEnd.countDown();
    assertThat(first.get()).isTrue();
    for (Future<Boolean> future : good) {
      assertThat(future.get()).isTrue();
    }
    assertThatThrownBy(bad::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("row 3");
    failingRows = -1;
    assertThat(start(3).get()).isTrue(); // the queue goes on
  }

  @Test
  void aRequestForAllLogitsIsAlone() throws Exception {
    Future<Boolean> first = start(1);
    awaitFirst();
    Future<Boolean> second = start(2);
    awaitQueued(1);
    Future<Boolean> third =
        start(
            () -> {
              BatchRequest request = new BatchRequest(cache());
              request.set(
                  new int[5],
                  5,
                  new AllTokens(new float[40], null),
                  signalsWhenQueued(() -> false));
              return queue.run(request);
            });
    awaitQueued(1);
    Future<Boolean> fourth = start(4);
    awaitQueued(1);
    firstMayEnd.countDown();
    for (Future<Boolean> future : List.of(first, second, third, fourth)) {
      assertThat(future.get()).isTrue();
    }
    assertThat(passes).containsExactly(List.of(1), List.of(2, 4), List.of(5));
  }
}
