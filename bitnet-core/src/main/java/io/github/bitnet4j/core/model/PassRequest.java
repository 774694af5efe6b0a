package io.github.bitnet4j.core.model;

import io.github.bitnet4j.TraceListener;
import io.github.bitnet4j.core.sampling.LogitNeed;
import io.github.bitnet4j.core.sampling.Logits;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one sequence wants of a forward pass: some tokens appended to its cache, and logits. A cache
 * has one, which is used again and again.
 *
 * <p>The settings are written by the thread that asks and read by the one that computes; the lock
 * of {@link PassQueue} is between them, and guards the state.
 */
final class PassRequest {
  /** How far it has come. */
  enum State {
    WAITING,
    RUNNING,
    DONE,
    CANCELLED,
    FAILED
  }

  private static final Logits[] NONE = {};
  private static final int[] NO_IDS = {};

  final KvCache cache;

  /** The sequence; those from the cache's length on to {@code end} are appended. */
  int[] ids = NO_IDS;

  int end;

  /** Which logits the choice depends on. */
  LogitNeed need = LogitNeed.ALL;

  /** Receive the logits after each of the last {@code count} ids. */
  Logits[] logits = NONE;

  int count;

  /** Receives the logits after every id, if given; then no other sequence is in the pass. */
  float @Nullable [] allLogits;

  /** Takes the logits after each id from position {@link #from} on, if given; then as above. */
  @Nullable LogitRows eachLogits;

  int from;

  /** Hears every intermediate value, if given; only with {@link #allLogits}. */
  @Nullable TraceListener trace;

  /** To be asked on the thread of the sequence only. */
  BooleanSupplier cancelled = PassRequest::never;

  /** What {@link #cancelled} has said, for the thread that computes. */
  volatile boolean cancelRequested;

  State state = State.DONE;
  @Nullable Throwable failure;

  /** Whether no other sequence is to be in the pass, because one with others failed. */
  boolean alone;

  PassRequest(KvCache cache) {
    this.cache = cache;
  }

  /** Sets what is wanted of a pass for choosing tokens. */
  void set(
      int[] ids, int end, LogitNeed need, Logits[] logits, int count, BooleanSupplier cancelled) {
    this.ids = ids;
    this.end = end;
    this.need = need;
    this.logits = logits;
    this.count = count;
    this.cancelled = cancelled;
    allLogits = null;
    eachLogits = null;
    trace = null;
  }

  /** Sets what is wanted of a pass that passes on logits. */
  void setEach(int[] ids, int end, int from, LogitRows eachLogits, BooleanSupplier cancelled) {
    set(ids, end, LogitNeed.ALL, NONE, 0, cancelled);
    this.from = from;
    this.eachLogits = eachLogits;
  }

  /** Sets what is wanted of a pass that gives all logits. */
  void setAll(
      int[] ids,
      int end,
      float[] allLogits,
      @Nullable TraceListener trace,
      BooleanSupplier cancelled) {
    set(ids, end, LogitNeed.ALL, NONE, 0, cancelled);
    this.allLogits = allLogits;
    this.trace = trace;
  }

  /** Lets go of what belongs to the caller. */
  void clear() {
    set(NO_IDS, 0, LogitNeed.ALL, NONE, 0, PassRequest::never);
    failure = null;
  }

  /** Returns whether the logits of all rows are wanted, not of the last ones only. */
  boolean wantsAllLogits() {
    return allLogits != null || eachLogits != null;
  }

  int rows() {
    return end - cache.length();
  }

  boolean isExclusive() {
    return alone || wantsAllLogits();
  }

  private static boolean never() {
    return false;
  }
}
