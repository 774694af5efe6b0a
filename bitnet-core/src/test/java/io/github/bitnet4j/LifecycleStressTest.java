package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.Fixtures;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Sessions on many threads that share passes while they are cancelled, closed and interrupted at
 * any moment: who is left alone gets its text, everybody comes to an end, and the model closes.
 */
class LifecycleStressTest {
  private static final long SEED = 11;
  private static final int THREADS = 8;
  private static final int ROUNDS = 12;

  private final GenerationConfig config =
      GenerationConfig.builder().maxTokens(12).temperature(0.8f).seed(3).build();
  private final AtomicInteger completed = new AtomicInteger();
  private final AtomicInteger cutShort = new AtomicInteger();

  @Test
  void whoIsLeftAloneGetsItsTextAndEverybodyComesToAnEnd() throws Exception {
    Model model = Model.load(Fixtures.DEMO_MODEL, LoadOptions.builder().threads(2).build());
    String expected;
    try (Session session = model.newSession()) {
      expected = session.generate("One day", config).text();
    }
    List<Future<?>> futures = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      SplittableRandom random = new SplittableRandom(SEED);
      for (int thread = 0; thread < THREADS; thread++) {
        SplittableRandom own = random.split();
        futures.add(executor.submit(() -> rounds(model, own, expected)));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    }
    assertThat(completed).hasPositiveValue();
    assertThat(cutShort).hasPositiveValue();
    model.close(); // refuses if a session were still open
    model.close();
  }

  private void rounds(Model model, SplittableRandom random, String expected) {
    for (int round = 0; round < ROUNDS; round++) {
      int fate = random.nextInt(5);
      long delay = random.nextLong(TimeUnit.MILLISECONDS.toNanos(10));
      Session session = model.newSession();
      Thread self = Thread.currentThread();
      Semaphore ended = new Semaphore(0);
      Thread.startVirtualThread(
          () -> {
            sleep(delay);
            switch (fate) {
              case 0 -> session.cancel();
              case 1 -> session.close();
              case 2 -> self.interrupt();
              default -> {}
            }
            ended.release();
          });
      try (session) {
        Generation generation = session.generate("One day", config);
        if (generation.finishReason() == FinishReason.CANCELLED) {
          cutShort.incrementAndGet();
          assertThat(fate).isLessThan(3);
          assertThat(expected).startsWith(generation.text());
        } else {
          completed.incrementAndGet();
          assertThat(generation.text()).isEqualTo(expected);
        }
      } catch (IllegalStateException e) {
        assertThat(fate).as("%s", e).isEqualTo(1);
        assertThat(e).hasMessage("the session is closed");
      } finally {
        ended.acquireUninterruptibly();
        Thread.interrupted(); // the interrupt may have come after the generation
      }
    }
  }

  private static void sleep(long nanos) {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
