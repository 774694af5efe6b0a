package io.github.bitnet4j.core.model;

import io.github.bitnet4j.TraceListener;
import io.github.bitnet4j.core.sampling.LogitNeed;
import io.github.bitnet4j.core.sampling.Logits;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The whole model: ids → embedding rows → blocks → final norm → LM head → logits.
 *
 * <p>Prefill and decode are the same forward pass over more or fewer rows, and every row's result
 * is independent of the others in its batch, so any way of cutting a sequence into passes gives the
 * same bits. Thread-safe: passes of several sessions take turns, in the order they asked.
 */
public final class Transformer {
  /**
   * Rows of one pass: enough to use each weight often, few enough that other sessions get turns.
   */
  private static final int MAX_ROWS = 128;

  private final ModelConfig config;
  private final DenseMatrix embedding;
  private final List<TransformerBlock> blocks = new ArrayList<>();
  private final LmHead head;
  private final Rope rope;
  private final Activations acts;
  private final @Nullable WarmUp warmUp;
  private final boolean hasStandIn;
  private final ReentrantLock turn = new ReentrantLock(true);

  /**
   * Assembles a model.
   *
   * @param weights prepared for the same kernels
   * @param team used by this model only
   */
  public Transformer(ModelConfig config, ModelWeights weights, Kernels kernels, WorkerTeam team) {
    this(config, weights, kernels, null, null, team);
  }

  /**
   * Assembles a model whose kernels may be cold at first.
   *
   * @param weights prepared for the same kernels, and for {@code standIn}
   * @param standIn computes as long as the others are not warm; if null, passes wait
   * @param warmUp warms the kernels up; null if they need not be
   * @param team used by this model only
   */
  public Transformer(
      ModelConfig config,
      ModelWeights weights,
      Kernels kernels,
      @Nullable Kernels standIn,
      @Nullable WarmUp warmUp,
      WorkerTeam team) {
    this.config = config;
    this.warmUp = warmUp;
    hasStandIn = standIn != null;
    acts = new Activations(config, kernels, standIn, team);
    embedding = weights.embedding();
    rope = new Rope(config.headDim(), config.ropeTheta());
    for (int i = 0; i < weights.layers().size(); i++) {
      blocks.add(new TransformerBlock(i, weights.layers().get(i), rope, acts));
    }
    head = new LmHead(weights.finalNorm(), weights.head(), weights.int8Head(), acts);
  }

  /** Returns the sizes of this model. */
  public ModelConfig config() {
    return config;
  }

  /**
   * Appends tokens to a cache and computes what a choice needs of the logits after the last ones.
   *
   * @param ids the sequence whose first {@code cache.length()} ids are in the cache
   * @param end appends the ids up to here; above {@code cache.length()}
   * @param need which logits the choice depends on
   * @param logits receives the logits after each of the last {@code count} ids
   * @param count number of rows of logits, from 1 to {@code end - cache.length()} and at most 128
   * @param cancelled asked while waiting and before every layer
   * @return false if cancelled; the cache then holds the passes that were complete
   */
  public boolean forward(
      int[] ids,
      int end,
      KvCache cache,
      LogitNeed need,
      Logits[] logits,
      int count,
      BooleanSupplier cancelled) {
    return forward(ids, end, cache, need, logits, count, cancelled, length -> {});
  }

  /**
   * As above, and tells of each pass.
   *
   * @param passed hears the length of the cache after each pass that was complete
   */
  public boolean forward(
      int[] ids,
      int end,
      KvCache cache,
      LogitNeed need,
      Logits[] logits,
      int count,
      BooleanSupplier cancelled,
      IntConsumer passed) {
    while (end - cache.length() > MAX_ROWS) {
      // The last pass has at least the rows whose logits are wanted.
      int next = Math.min(cache.length() + MAX_ROWS, end - count);
      if (!pass(ids, next, cache, () -> true, cancelled, null)) {
        return false;
      }
      passed.accept(next);
    }
    BooleanSupplier compute =
        () -> {
          head.forward(need, logits, count);
          return true;
        };
    if (!pass(ids, end, cache, compute, cancelled, null)) {
      return false;
    }
    passed.accept(end);
    return true;
  }

  /**
   * Appends tokens to a cache and passes on the logits after each of them. They are computed a few
   * rows at a time, so that the memory for them is bounded.
   *
   * @param ids as above
   * @param from the first position whose logits are wanted, at least {@code cache.length()}
   * @param end as above, or {@code cache.length()}; then nothing is done
   * @param rows takes the logits, in order; must not use this transformer
   * @param cancelled asked while waiting, before every layer and before every few rows
   * @param passed as above
   * @return false if cancelled; the cache then holds the passes that were complete
   */
  public boolean forwardEach(
      int[] ids,
      int from,
      int end,
      KvCache cache,
      LogitRows rows,
      BooleanSupplier cancelled,
      IntConsumer passed) {
    while (cache.length() < end) {
      int begin = cache.length();
      int next = Math.min(begin + MAX_ROWS, end);
      BooleanSupplier compute =
          () -> from >= next || head.forwardEach(Math.max(0, from - begin), rows, cancelled);
      if (!pass(ids, next, cache, compute, cancelled, null)) {
        return false;
      }
      passed.accept(next);
    }
    return true;
  }

  /**
   * Appends tokens to a cache and computes the logits after each of them.
   *
   * @param ids as above
   * @param end as above
   * @param logits receives {@code [end - cache.length() x vocabSize]}
   * @param trace hears every intermediate value, if given
   * @param cancelled asked while waiting and before every layer
   * @return false if cancelled; the cache is then as it was
   */
  public boolean forwardAll(
      int[] ids,
      int end,
      KvCache cache,
      float[] logits,
      @Nullable TraceListener trace,
      BooleanSupplier cancelled) {
    BooleanSupplier compute =
        () -> {
          head.forwardAll(logits);
          return true;
        };
    return pass(ids, end, cache, compute, cancelled, trace);
  }

  /**
   * Runs the rows of one pass through all layers.
   *
   * @param logits computes the logits that are wanted from what the layers gave; returns false if
   *     cancelled
   */
  private boolean pass(
      int[] ids,
      int end,
      KvCache cache,
      BooleanSupplier logits,
      BooleanSupplier cancelled,
      @Nullable TraceListener trace) {
    if (!awaitTurn(cancelled)) {
      return false;
    }
    try {
      if (!chooseKernels(cancelled)) {
        return false;
      }
      acts.trace = trace;
      start(ids, end, cache);
      acts.trace("", "embed", config.hiddenSize(), acts.x);
      for (TransformerBlock block : blocks) {
        if (cancelled.getAsBoolean()) {
          return false;
        }
        block.forward();
      }
      if (!logits.getAsBoolean()) {
        return false;
      }
      cache.advance(end);
      return true;
    } finally {
      acts.trace = null;
      try {
        acts.releaseAbove(MAX_ROWS);
      } finally {
        turn.unlock();
      }
    }
  }

  /** Waits for the passes of other sessions that asked earlier; returns false if cancelled. */
  private boolean awaitTurn(BooleanSupplier cancelled) {
    boolean interrupted = false;
    try {
      while (!cancelled.getAsBoolean()) {
        try {
          if (turn.tryLock(50, TimeUnit.MILLISECONDS)) {
            return true;
          }
        } catch (InterruptedException e) {
          interrupted = true;
          return false;
        }
      }
      return false;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Waits for kernels that are not warm yet, or takes others; returns false if cancelled. */
  private boolean chooseKernels(BooleanSupplier cancelled) {
    if (warmUp == null) {
      return true;
    }
    acts.useStandIn(hasStandIn && !warmUp.isWarm());
    return hasStandIn || warmUp.await(cancelled);
  }

  /** Fills the batch, the residual stream with embedding rows, and the rotation tables. */
  private void start(int[] ids, int end, KvCache cache) {
    int begin = cache.length();
    cache.reserve(end);
    acts.reserveRows(end - begin);
    for (int position = begin; position < end; position++) {
      int row = position - begin;
      acts.batch.add(ids[position], cache, position);
      embedding.copyRow(ids[position], acts.x, row * config.hiddenSize());
      rope.fill(position, row, acts.cos, acts.sin);
    }
  }
}
