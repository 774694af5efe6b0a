package io.github.bitnet4j.core.model;

import io.github.bitnet4j.TraceListener;
import io.github.bitnet4j.core.sampling.LogitNeed;
import io.github.bitnet4j.core.sampling.Logits;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.Kernels;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The whole model: ids → embedding rows → blocks → final norm → LM head → logits.
 *
 * <p>Prefill and decode are the same forward pass over more or fewer rows, and every row's result
 * is independent of the others in its batch, so any way of cutting a sequence into passes gives the
 * same bits. Thread-safe: what several sessions ask for at the same time becomes one pass.
 */
public final class Transformer {
  /** Rows of a long prompt in one pass: enough to use each weight often. */
  private static final int MAX_ROWS = 128;

  /** Rows of one pass: room for the next tokens of many sequences beside a piece of a prompt. */
  private static final int MAX_PASS_ROWS = 2 * MAX_ROWS;

  private final ModelConfig config;
  private final ModelWeights weights;
  private final DenseMatrix embedding;
  private final RowPages embeddingPages;
  private final TransformerBlock[] blocks;
  private final LmHead head;
  private final Rope rope;
  private final Activations acts;
  private final Kernels kernels;
  private final @Nullable ColdStart coldStart;
  private final PassQueue queue = new PassQueue(this::pass, MAX_PASS_ROWS);

  /**
   * Assembles a model.
   *
   * @param weights prepared for the same kernels
   * @param team used by this model only
   */
  public Transformer(ModelConfig config, ModelWeights weights, Kernels kernels, WorkerTeam team) {
    this(config, weights, kernels, null, team);
  }

  /**
   * Assembles a model whose kernels may be cold at first.
   *
   * @param weights prepared for the same kernels
   * @param coldStart says when plain kernels compute; null if its own always do
   * @param team used by this model only
   */
  public Transformer(
      ModelConfig config,
      ModelWeights weights,
      Kernels kernels,
      @Nullable ColdStart coldStart,
      WorkerTeam team) {
    this.config = config;
    this.weights = weights;
    this.coldStart = coldStart;
    this.kernels = kernels;
    acts = new Activations(config, kernels, coldStart == null ? null : coldStart.plain(), team);
    embedding = weights.embedding();
    embeddingPages = new RowPages(embedding);
    rope = new Rope(config.headDim(), config.ropeTheta());
    blocks = new TransformerBlock[weights.layers().size()];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = new TransformerBlock(i, weights.layers().get(i), rope, acts);
    }
    head = new LmHead(weights.finalNorm(), weights.head(), weights.int8Head(), acts);
  }

  /** Returns the sizes of this model. */
  public ModelConfig config() {
    return config;
  }

  /**
   * Computes a fingerprint of the model: see {@link Fingerprint}. It reads all ternary weights
   * once, on this thread, and takes no turn.
   */
  public byte[] fingerprint() {
    return Fingerprint.of(config, weights, kernels, usesPlain(1, false));
  }

  /** Returns whether plain kernels compute a pass now. */
  private boolean usesPlain(int positions, boolean allLogits) {
    return coldStart != null && coldStart.usesPlain(positions, allLogits);
  }

  /**
   * Appends tokens to a cache and computes what a choice needs of the logits after the last ones.
   * Passes that other threads ask for at the same time are computed together with it.
   *
   * @param ids the sequence whose first {@code cache.length()} ids are in the cache
   * @param end appends the ids up to here; above {@code cache.length()}
   * @param need which logits the choice depends on
   * @param logits receives the logits after each of the last {@code count} ids
   * @param count number of rows of logits, from 1 to {@code end - cache.length()} and at most 128
   * @param cancelled asked on this thread while waiting and before every layer
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
    PassRequest request = cache.request();
    while (end - cache.length() > MAX_ROWS) {
      // The last pass has at least the rows whose logits are wanted.
      int next = Math.min(cache.length() + MAX_ROWS, end - count);
      request.set(ids, next, need, logits, 0, cancelled);
      if (!queue.run(request)) {
        return false;
      }
      passed.accept(next);
    }
    request.set(ids, end, need, logits, count, cancelled);
    if (!queue.run(request)) {
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
    PassRequest request = cache.request();
    while (cache.length() < end) {
      int next = Math.min(cache.length() + MAX_ROWS, end);
      request.setEach(ids, next, from, rows, cancelled);
      if (!queue.run(request)) {
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
   * @param cancelled as above
   * @return false if cancelled; the cache is then as it was
   */
  public boolean forwardAll(
      int[] ids,
      int end,
      KvCache cache,
      float[] logits,
      @Nullable TraceListener trace,
      BooleanSupplier cancelled) {
    PassRequest request = cache.request();
    request.setAll(ids, end, logits, trace, cancelled);
    return queue.run(request);
  }

  /** Tells the model that no pass will be asked for with this cache any more. */
  public void forget(KvCache cache) {
    queue.forget(cache.request());
  }

  /** Runs the rows of all requests through all layers; returns false if cancelled. */
  private boolean pass(List<PassRequest> requests, BooleanSupplier cancelled) {
    try {
      acts.trace = requests.get(0).trace;
      start(requests);
      acts.trace("", "embed", config.hiddenSize(), acts.x);
      if (!head.completeCopy(cancelled)) {
        return false;
      }
      int positions = positions(requests);
      boolean allLogits = requests.get(0).wantsAllLogits();
      for (TransformerBlock block : blocks) {
        if (cancelled.getAsBoolean()) {
          return false;
        }
        acts.usePlain(usesPlain(positions, allLogits));
        block.forward();
      }
      if (!computeLogits(requests, cancelled)) {
        return false;
      }
      for (int i = 0; i < requests.size(); i++) {
        PassRequest request = requests.get(i);
        request.cache.advance(request.end);
      }
      if (coldStart != null) {
        coldStart.passed();
      }
      return true;
    } finally {
      acts.trace = null;
      head.forget();
      acts.releaseAbove(MAX_PASS_ROWS);
    }
  }

  /** Returns how long the sequences of a pass will be, all together. */
  private static int positions(List<PassRequest> requests) {
    int positions = 0;
    for (int i = 0; i < requests.size(); i++) {
      positions += requests.get(i).end;
    }
    return positions;
  }

  /** Computes the logits that are wanted of what the layers gave; returns false if cancelled. */
  private boolean computeLogits(List<PassRequest> requests, BooleanSupplier cancelled) {
    PassRequest first = requests.get(0);
    if (first.allLogits != null) {
      head.forwardAll(first.allLogits);
      return true;
    }
    if (first.eachLogits != null) {
      int fromRow = Math.max(0, first.from - first.cache.length());
      return first.from >= first.end || head.forwardEach(fromRow, first.eachLogits, cancelled);
    }
    int end = 0;
    for (int i = 0; i < requests.size(); i++) {
      PassRequest request = requests.get(i);
      end += request.rows();
      for (int k = 0; k < request.count; k++) {
        head.want(end - request.count + k, request.need, request.logits[k]);
      }
    }
    head.forward();
    return true;
  }

  /** Fills the batch, the residual stream with embedding rows, and the rotation tables. */
  private void start(List<PassRequest> requests) {
    int rows = 0;
    for (int i = 0; i < requests.size(); i++) {
      PassRequest request = requests.get(i);
      request.cache.reserve(request.end);
      rows += request.rows();
    }
    acts.reserveRows(rows);
    for (int i = 0; i < requests.size(); i++) {
      PassRequest request = requests.get(i);
      for (int position = request.cache.length(); position < request.end; position++) {
        int row = acts.rows();
        int id = request.ids[position];
        acts.batch.add(id, request.cache, position);
        embedding.copyRow(id, acts.x, row * config.hiddenSize());
        rope.fill(position, row, acts.cos, acts.sin);
      }
    }
    embeddingPages.read(rows);
  }
}
