package io.github.bitnet4j.core.threads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerTeamTest {
  @Test
  void runsEveryUnitOnce() {
    for (int threads = 1; threads <= 64; threads++) {
      try (WorkerTeam team = new WorkerTeam(threads, "team-test")) {
        assertThat(team.threads()).isEqualTo(threads);
        for (int units : new int[] {0, 1, 2, 3, 5, 8, 63, 64, 65, 255, 256, 257, 999, 1000}) {
          for (int grain : new int[] {1, 3, 64, 5000}) {
            AtomicIntegerArray runs = new AtomicIntegerArray(units);
            team.run(units, grain, (from, to, worker) -> countUnits(runs, from, to));
            for (int unit = 0; unit < units; unit++) {
              if (runs.get(unit) != 1) { // an assertion for each unit would be the slower part
                assertThat(runs.get(unit))
                    .as("unit %d of %d, grain %d, %d threads", unit, units, grain, threads)
                    .isEqualTo(1);
              }
            }
          }
        }
      }
    }
  }

  private static void countUnits(AtomicIntegerArray runs, int from, int to) {
    assertThat(from).isLessThan(to);
    for (int unit = from; unit < to; unit++) {
      runs.incrementAndGet(unit);
    }
  }

  @Test
  void runsEveryUnitOnceForEveryNumberOfUnits() {
    try (WorkerTeam team = new WorkerTeam(3, "team-test")) {
      AtomicIntegerArray runs = new AtomicIntegerArray(1000);
      for (int units = 0; units <= 1000; units++) {
        team.run(units, 1, (from, to, worker) -> countUnits(runs, from, to));
      }
      for (int unit = 0; unit < 1000; unit++) {
        assertThat(runs.get(unit)).as("unit %d", unit).isEqualTo(1000 - unit);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 8})
  void losesNothingInManySmallRunsBackToBack(int threads) {
    long seed = 20261125;
    Random random = new Random(seed);
    int[] plain = new int[40]; // written without synchronization: run must order the writes
    int[] expected = new int[40];
    try (WorkerTeam team = new WorkerTeam(threads, "team-test")) {
      for (int i = 0; i < 5000; i++) {
        int units = random.nextInt(plain.length + 1);
        int step = random.nextInt(100);
        team.run(
            units,
            1,
            (from, to, worker) -> {
              for (int unit = from; unit < to; unit++) {
                plain[unit] += step;
              }
            });
        for (int unit = 0; unit < units; unit++) {
          expected[unit] += step;
        }
        if (!Arrays.equals(plain, expected)) { // an assertion each time would be the slower part
          assertThat(plain).as("run %d, seed %d", i, seed).containsExactly(expected);
        }
        if (i % 1000 == 0) {
          LockSupport.parkNanos(2_000_000); // long enough for the workers to park
        }
      }
    }
  }

  @Test
  void givesEachThreadItsOwnIndex() {
    int threads = 5;
    ConcurrentHashMap<Integer, Thread> threadOf = new ConcurrentHashMap<>();
    try (WorkerTeam team = new WorkerTeam(threads, "team-test")) {
      for (int i = 0; i < 200; i++) {
        team.run(
            100,
            1,
            (from, to, worker) -> {
              Thread known = threadOf.putIfAbsent(worker, Thread.currentThread());
              assertThat(known == null || known == Thread.currentThread()).isTrue();
              LockSupport.parkNanos(10_000);
            });
      }
    }
    assertThat(threadOf.keySet()).allSatisfy(index -> assertThat(index).isBetween(0, threads - 1));
    assertThat(threadOf.get(0)).isSameAs(Thread.currentThread());
    assertThat(threadOf).hasSizeGreaterThan(1); // workers did take part
  }

  @Test
  void anExceptionOfAnyChunkReachesTheCallerAndTheTeamStaysUsable() {
    try (WorkerTeam team = new WorkerTeam(4, "team-test")) {
      for (int bad = 0; bad < 64; bad++) {
        int badUnit = bad;
        IllegalArgumentException fault = new IllegalArgumentException("unit " + bad);
        assertThatThrownBy(
                () ->
                    team.run(
                        64,
                        1,
                        (from, to, worker) -> {
                          if (from <= badUnit && badUnit < to) {
                            throw fault;
                          }
                        }))
            .isSameAs(fault);
        AtomicInteger sum = new AtomicInteger();
        team.run(64, 1, (from, to, worker) -> sum.addAndGet(to - from));
        assertThat(sum).hasValue(64);
      }
    }
  }

  @Test
  void errorsReachTheCallerToo() {
    try (WorkerTeam team = new WorkerTeam(2, "team-test")) {
      for (int units : new int[] {1, 100}) {
        StackOverflowError fault = new StackOverflowError();
        assertThatThrownBy(
                () ->
                    team.run(
                        units,
                        1,
                        (from, to, worker) -> {
                          throw fault;
                        }))
            .isSameAs(fault);
      }
    }
  }

  @Test
  void noThreadWorksAnyMoreWhenAnExceptionReachesTheCaller() {
    try (WorkerTeam team = new WorkerTeam(8, "team-test")) {
      for (int i = 0; i < 200; i++) {
        AtomicInteger running = new AtomicInteger();
        assertThatThrownBy(
                () ->
                    team.run(
                        32,
                        1,
                        (from, to, worker) -> {
                          running.incrementAndGet();
                          try {
                            LockSupport.parkNanos(1000);
                            throw new IllegalStateException("expected");
                          } finally {
                            running.decrementAndGet();
                          }
                        }))
            .hasMessage("expected");
        assertThat(running).hasValue(0);
      }
    }
  }

  @Test
  void closeEndsTheThreads() {
    String name = "closed-team-" + System.nanoTime();
    WorkerTeam busy = new WorkerTeam(6, name);
    busy.run(100, 1, (from, to, worker) -> {});
    assertThat(alive(name)).isEqualTo(5);
    busy.close();
    assertThat(alive(name)).isZero();
    busy.close();

    WorkerTeam parked = new WorkerTeam(6, name);
    LockSupport.parkNanos(50_000_000);
    parked.close();
    new WorkerTeam(6, name).close(); // before a thread has come up
    assertThat(alive(name)).isZero();
  }

  private static long alive(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(name) && thread.isAlive())
        .count();
  }

  @Test
  void closeKeepsTheInterruptOfItsThread() {
    WorkerTeam team = new WorkerTeam(3, "team-test");
    Thread.currentThread().interrupt();
    team.close();
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anInterruptedCallerStillGetsAllItsWork() {
    try (WorkerTeam team = new WorkerTeam(3, "team-test")) {
      Thread.currentThread().interrupt();
      AtomicInteger sum = new AtomicInteger();
      team.run(1000, 1, (from, to, worker) -> sum.addAndGet(to - from));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(sum).hasValue(1000);
    }
  }

  @Test
  void farMoreThreadsThanProcessorsStillFinishInTime() {
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          try (WorkerTeam team = new WorkerTeam(64, "team-test")) {
            AtomicLong sum = new AtomicLong();
            for (int i = 0; i < 1000; i++) {
              team.run(300, 1, (from, to, worker) -> sum.addAndGet(to - from));
            }
            assertThat(sum).hasValue(300_000);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1025, Integer.MAX_VALUE})
  void refusesImpossibleNumbersOfThreads(int threads) {
    assertThatThrownBy(() -> new WorkerTeam(threads, "team-test"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("threads: expected 1 to 1024, found " + threads);
  }
}
