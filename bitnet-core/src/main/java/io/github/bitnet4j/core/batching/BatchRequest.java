package io.github.bitnet4j.core.batching;

import io.github.bitnet4j.TraceListener;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.logits.PassOutput;
import io.github.bitnet4j.core.logits.PassOutput.AllTokens;
import io.github.bitnet4j.core.logits.PassOutput.EachToken;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import io.github.bitnet4j.core.logits.PassOutput.Nothing;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a sequence requests from a forward pass: some tokens appended to its cache, and logits. A
 * sequence has one, which is used again and again.
 *
 * <p>The settings are written by the thread that asks and read by the one that computes; the lock
 * of the scheduler is between them, and guards the state.
 */
public final class BatchRequest {
  /** How far it has come. */
  enum State {
    WAITING,
    RUNNING,
    DONE,
    CANCELLED,
    FAILED
  }

  private static final int[] NO_IDS = {};

  final KvCache cache;

  /** The sequence; those from the cache's length on to {@code end} are appended. */
  int[] ids = NO_IDS;

  int end;

  /** The logits that are requested. */
  PassOutput output = PassOutput.NOTHING;

  /** To be asked on the thread of the sequence only. */
  BooleanSupplier cancelled = BatchRequest::never;

  /** Whether {@link #cancelled} has returned true, for the thread that computes. */
  volatile boolean cancelRequested;

  State state = State.DONE;
  @Nullable Throwable failure;

  /** Whether no other sequence is to be in the pass, because one with others failed. */
  boolean alone;

  /**
   * Creates the request of a sequence.
   *
   * @param cache holds the keys and values of its tokens
   */
  public BatchRequest(KvCache cache) {
    this.cache = cache;
  }

  /** Returns the cache that holds the keys and values of its tokens. */
  public KvCache cache() {
    return cache;
  }

  /** Returns the sequence; not a copy. Ids from the cache's length to {@link #end} are appended. */
  public int[] ids() {
    return ids;
  }

  /** Returns the length of the cache after the pass. */
  public int end() {
    return end;
  }

  /** Returns the logits that are requested. */
  public PassOutput output() {
    return output;
  }

  /** Sets what is requested from the next pass. */
  public void set(int[] ids, int end, PassOutput output, BooleanSupplier cancelled) {
    this.ids = ids;
    this.end = end;
    this.output = output;
    this.cancelled = cancelled;
  }

  /** Clears references to objects of the caller. */
  void clear() {
    set(NO_IDS, 0, PassOutput.NOTHING, BatchRequest::never);
    failure = null;
  }

  /** Returns the number of tokens to append. */
  public int rows() {
    return end - cache.length();
  }

  /** Returns whether no other sequence may be in the pass. */
  boolean isExclusive() {
    return alone || isForManyRows();
  }

  /** Returns whether the logits of many rows may be requested, not of the last ones only. */
  public boolean isForManyRows() {
    return switch (output) {
      case Nothing _, LastTokens _ -> false;
      case EachToken _, AllTokens _ -> true;
    };
  }

  /** Returns what listens to all intermediate values of the pass, if anything does. */
  public @Nullable TraceListener trace() {
    return output instanceof AllTokens all ? all.trace() : null;
  }

  private static boolean never() {
    return false;
  }
}
