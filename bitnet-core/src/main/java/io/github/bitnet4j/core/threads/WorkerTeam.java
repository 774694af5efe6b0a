package io.github.bitnet4j.core.threads;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of threads that runs one {@link RangeTask} at a time: the calling thread and {@code
 * threads - 1} daemon workers.
 *
 * <p>A task is cut into chunks that threads claim one by one, and the caller claims chunks too. So
 * a worker that is asleep or has lost its processor delays nobody: the caller waits only for chunks
 * that were claimed. Between tasks workers spin briefly (a forward pass has hundreds of tasks,
 * microseconds apart) and then park.
 *
 * <p>How work is cut never changes a result: tasks split outputs, not sums. One thread at a time
 * may call {@link #run}.
 */
public final class WorkerTeam implements AutoCloseable {
  /** The most threads of a team; the number of chunks of a task has 16 bits. */
  public static final int MAX_THREADS = 1024;

  /** Chunks for each thread: enough to even out the load, few enough to keep ranges long. */
  private static final int CHUNKS_PER_THREAD = 4;

  /** About 50 microseconds: longer than the gap between two tasks of a forward pass. */
  private static final int SPINS_BEFORE_PARK = 2000;

  private final Worker[] workers;

  /**
   * Number of the current task (32 bits), number of its chunks (16), next chunk to claim (16). One
   * word, so that a claim succeeds only for the task it was meant for.
   */
  private final AtomicLong state = new AtomicLong();

  private final AtomicInteger unfinishedChunks = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  // The current task. Written before, and read after, the number of the task in state.
  private RangeTask task = (from, to, worker) -> {};
  private int units;
  private volatile @Nullable Thread caller;
  private volatile boolean closed;

  /**
   * Starts a team.
   *
   * @param threads number of threads, the calling one included; 1 to {@link #MAX_THREADS}
   * @param name prefix of the workers' thread names
   */
  public WorkerTeam(int threads, String name) {
    if (threads < 1 || threads > MAX_THREADS) {
      throw new IllegalArgumentException(
          "threads: expected 1 to " + MAX_THREADS + ", found " + threads);
    }
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1, name + "-" + (i + 1));
    }
    boolean started = false;
    try {
      for (Worker worker : workers) {
        worker.start();
      }
      started = true;
    } finally {
      if (!started) { // the system gives no more threads
        close();
      }
    }
  }

  /** Returns the number of threads, the calling one included. */
  public int threads() {
    return workers.length + 1;
  }

  /**
   * Runs a task over the units 0 to {@code units - 1} and returns when all are done.
   *
   * @param units number of independent units of work
   * @param grain fewest units worth handing to another thread
   * @param task the work; an exception it throws is thrown here once all threads have stopped
   */
  public void run(int units, int grain, RangeTask task) {
    int wanted = Math.min(threads() * CHUNKS_PER_THREAD, units / grain);
    if (workers.length == 0 || wanted <= 1) {
      if (units > 0) {
        task.run(0, units, 0);
      }
      return;
    }
    this.task = task;
    this.units = units;
    this.caller = Thread.currentThread();
    unfinishedChunks.set(wanted);
    long number = (state.get() >>> 32) + 1 & 0xFFFF_FFFFL;
    state.set(number << 32 | (long) wanted << 16);
    for (Worker worker : workers) {
      worker.wake();
    }
    work(number, 0);
    int spins = 0;
    while (unfinishedChunks.get() > 0) {
      if (spins++ < SPINS_BEFORE_PARK) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, 1_000_000);
      }
    }
    this.caller = null;
    rethrowFailure();
  }

  private void rethrowFailure() {
    if (failure.get() == null) {
      return;
    }
    switch (failure.getAndSet(null)) {
      case Error e -> throw e;
      case RuntimeException e -> throw e;
      case null -> throw new AssertionError("failure vanished");
      case Throwable e -> throw new AssertionError("a RangeTask cannot throw a checked one", e);
    }
  }

  /** Claims and runs chunks of the task until none is left. */
  private void work(long number, int worker) {
    while (true) {
      long seen = state.get();
      int parts = (int) (seen >>> 16 & 0xFFFF);
      int chunk = (int) (seen & 0xFFFF);
      if (seen >>> 32 != number || chunk == parts) {
        return;
      }
      // These fields belong to this task if the claim succeeds: they change only after every chunk
      // of the task has been claimed and finished.
      RangeTask current = task;
      long total = units;
      if (!state.compareAndSet(seen, seen + 1)) {
        continue;
      }
      try {
        current.run((int) (total * chunk / parts), (int) (total * (chunk + 1) / parts), worker);
      } catch (Throwable e) { // passed on to the caller, whatever it is
        failure.compareAndSet(null, e);
      } finally {
        Thread waiting = caller;
        if (unfinishedChunks.decrementAndGet() == 0 && worker != 0) {
          LockSupport.unpark(waiting);
        }
      }
    }
  }

  /** Stops the workers and waits for them. Not while a task runs. */
  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Worker extends Thread {
    private final int index;
    private volatile boolean parked;

    Worker(int index, String name) {
      super(null, null, name, 0, false);
      this.index = index;
      setDaemon(true);
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      long done = 0;
      int spins = 0;
      while (!closed) {
        long number = state.get() >>> 32;
        if (number != done) {
          work(number, index);
          done = number;
          spins = 0;
        } else if (spins++ < SPINS_BEFORE_PARK) {
          Thread.onSpinWait();
        } else {
          parked = true;
          if (state.get() >>> 32 == done && !closed) {
            LockSupport.park(WorkerTeam.this);
            Thread.interrupted(); // nobody should interrupt a worker; parking must go on working
          }
          parked = false;
          spins = 0;
        }
      }
    }
  }
}
