package io.github.bitnet4j.core.batching;

import io.github.bitnet4j.core.batching.BatchRequest.State;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching: a thread that finds no pass running computes one for all sequences that
 * wait, in the order they asked, as far as there is room for their rows. Weights are then read once
 * for all of them, and each gets the bits that it would get alone.
 *
 * <p>A thread that begins a pass waits a little for the sequences of the pass before: they choose
 * their tokens at about the same time and are back soon. Without that, sequences would be computed
 * by turns.
 *
 * <p>If a sequence of a pass is cancelled, the pass ends at the next layer and the others begin
 * again without it. If a pass of several fails, each is computed alone, so that only the sequence
 * that is to blame gets the exception.
 */
public final class BatchScheduler {
  /** Computes passes; called by one thread at a time. */
  public interface Passes {
    /**
     * Computes a pass.
     *
     * @param cancelled to be asked before every layer
     * @return false if cancelled; the caches are then as they were
     */
    boolean run(List<BatchRequest> requests, BooleanSupplier cancelled);
  }

  /** The part of the time of a pass for which it is worth to wait for others. */
  private static final int WAIT_PART = 8;

  /** How often a waiting thread asks whether it has been cancelled. */
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final Passes passes;
  private final int maxRows;
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Condition changed = lock.newCondition();
  private final List<BatchRequest> waiting = new ArrayList<>();
  private final List<BatchRequest> running = new ArrayList<>();

  /** The sequences of the last pass. */
  private final List<BatchRequest> previous = new ArrayList<>();

  private final BooleanSupplier cancelled = this::isCancelled;

  /** The request of the thread that computes. */
  private @Nullable BatchRequest leader;

  private boolean busy;
  private long lastNanos;

  /**
   * Creates a scheduler.
   *
   * @param maxRows rows of a pass; only a single request may have more
   */
  public BatchScheduler(Passes passes, int maxRows) {
    this.passes = passes;
    this.maxRows = maxRows;
  }

  /**
   * Computes a request, here or in a pass of another thread.
   *
   * @return false if cancelled; the cache is then as it was
   */
  public boolean run(BatchRequest request) {
    boolean interrupted = false;
    lock.lock();
    try {
      request.state = State.WAITING;
      request.cancelRequested = false;
      request.alone = false;
      waiting.add(request);
      changed.signalAll();
      while (request.state == State.WAITING || request.state == State.RUNNING) {
        request.cancelRequested |= request.cancelled.getAsBoolean() || interrupted;
        if (request.state == State.WAITING && request.cancelRequested) {
          waiting.remove(request);
          request.state = State.CANCELLED;
        } else if (!busy) {
          lead(request);
        } else {
          try {
            changed.awaitNanos(POLL_NANOS);
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      }
      return finish(request);
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Forgets a request that will not be in a pass again. */
  public void forget(BatchRequest request) {
    lock.lock();
    try {
      previous.remove(request);
    } finally {
      lock.unlock();
    }
  }

  private static boolean finish(BatchRequest request) {
    Throwable failure = request.failure;
    boolean done = request.state == State.DONE;
    request.clear();
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    return done;
  }

  /** Computes one pass. The lock is held, but not while computing. */
  private void lead(BatchRequest request) {
    busy = true;
    leader = request;
    try {
      awaitCompanions(request);
      takeBatch();
      if (running.isEmpty()) {
        return;
      }
      boolean complete = false;
      Throwable failure = null;
      long start = System.nanoTime();
      lock.unlock();
      try {
        complete = passes.run(running, cancelled);
      } catch (Throwable e) { // handed to the thread it is for, whatever it is
        failure = e;
      } finally {
        lock.lock();
      }
      if (complete) {
        lastNanos = System.nanoTime() - start;
      }
      settle(complete, failure);
    } finally {
      busy = false;
      changed.signalAll();
    }
  }

  /** Asked by the thread that computes: it can ask its own sequence only. */
  private boolean isCancelled() {
    BatchRequest own = leader;
    if (own != null && own.cancelled.getAsBoolean()) {
      own.cancelRequested = true;
      return true;
    }
    for (int i = 0; i < running.size(); i++) {
      if (running.get(i).cancelRequested) {
        return true;
      }
    }
    return false;
  }

  /** Waits a little until the sequences of the last pass have asked for another. */
  private void awaitCompanions(BatchRequest request) {
    long deadline = System.nanoTime() + lastNanos / WAIT_PART;
    while (!isEveryoneBack() && !request.cancelRequested) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return;
      }
      try {
        changed.awaitNanos(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // run() sees it by way of request.cancelled
        return;
      }
    }
  }

  private boolean isEveryoneBack() {
    for (int i = 0; i < previous.size(); i++) {
      if (previous.get(i).state != State.WAITING) {
        return false;
      }
    }
    return true;
  }

  /** Moves the requests of the next pass from those that wait. */
  private void takeBatch() {
    running.clear();
    previous.clear();
    int rows = 0;
    for (int i = 0; i < waiting.size(); ) {
      BatchRequest next = waiting.get(i);
      boolean fits = running.isEmpty() || !next.isExclusive() && rows + next.rows() <= maxRows;
      if (fits) {
        waiting.remove(i);
        next.state = State.RUNNING;
        running.add(next);
        previous.add(next);
        rows += next.rows();
        if (next.isExclusive()) {
          return;
        }
      } else {
        i++;
      }
    }
  }

  /** Records how the running requests ended, or returns them to those that wait. */
  private void settle(boolean complete, @Nullable Throwable failure) {
    for (int i = running.size() - 1; i >= 0; i--) {
      BatchRequest request = running.get(i);
      if (complete) {
        request.state = State.DONE;
      } else if (failure != null && running.size() == 1) {
        request.state = State.FAILED;
        request.failure = failure;
      } else if (failure == null && request.cancelRequested) {
        request.state = State.CANCELLED;
      } else {
        request.state = State.WAITING;
        request.alone |= failure != null;
        waiting.add(0, request);
      }
    }
    running.clear();
  }
}
