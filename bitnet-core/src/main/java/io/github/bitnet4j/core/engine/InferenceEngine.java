package io.github.bitnet4j.core.engine;

import io.github.bitnet4j.core.batching.BatchRequest;
import io.github.bitnet4j.core.batching.BatchScheduler;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.compute.Tracer;
import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.compute.Workers;
import io.github.bitnet4j.core.head.PageReleaser;
import io.github.bitnet4j.core.head.ScreeningHead;
import io.github.bitnet4j.core.logits.PassOutput;
import io.github.bitnet4j.core.logits.PassOutput.AllTokens;
import io.github.bitnet4j.core.logits.PassOutput.EachToken;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import io.github.bitnet4j.core.logits.PassOutput.Nothing;
import io.github.bitnet4j.core.model.Transformer;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelWeights;
import io.github.bitnet4j.spi.Kernels;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a model for several sequences. Requests of several threads at the same time become one
 * forward pass; before every block the engine checks whether the pass is cancelled and which
 * kernels are fastest at present.
 *
 * <p>Thread-safe.
 */
public final class InferenceEngine implements AutoCloseable {
  /** Rows of a long prompt in one pass: enough to use each weight often. */
  private static final int MAX_ROWS = 128;

  /** Rows of one pass: room for the next tokens of many sequences beside a piece of a prompt. */
  private static final int MAX_PASS_ROWS = 2 * MAX_ROWS;

  private final ModelConfig config;
  private final ModelWeights weights;
  private final Kernels kernels;
  private final ColdStart coldStart;
  private final Workers workers;
  private final Tracer tracer = new Tracer();
  private final Transformer transformer;
  private final PageReleaser embeddingPages;
  private final BatchScheduler scheduler = new BatchScheduler(this::pass, MAX_PASS_ROWS);
  private final BooleanSupplier mayContinue = this::mayContinue;

  // The pass in progress.
  private BooleanSupplier cancelled = () -> false;
  private int positions;
  private boolean manyLogits;

  /**
   * Creates an engine.
   *
   * @param weights prepared for the same kernels
   * @param screeningHead a copy of the LM head for screening, if it has one
   * @param coldStart decides when plain kernels compute; closed with the engine
   * @param team used by this engine only
   */
  public InferenceEngine(
      ModelConfig config,
      ModelWeights weights,
      @Nullable ScreeningHead screeningHead,
      Kernels kernels,
      ColdStart coldStart,
      WorkerTeam team) {
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.coldStart = coldStart;
    workers = new Workers(team, kernels, coldStart.plain().orElse(null));
    transformer = new Transformer(config, weights, screeningHead, workers, tracer);
    embeddingPages = new PageReleaser(weights.embedding());
  }

  /** Returns the sizes of the model. */
  public ModelConfig config() {
    return config;
  }

  /**
   * Computes a fingerprint of the model: see {@link Fingerprint}. It reads all ternary weights
   * once, on this thread, beside passes of other threads.
   */
  public byte[] fingerprint() {
    WorkerKernels own = WorkerKernels.of(kernels);
    boolean plain = coldStart.usesPlain(1, false);
    return Fingerprint.of(
        config, weights, plain ? own.inPlainLoops(coldStart.plain().orElseThrow()) : own);
  }

  /**
   * Appends tokens to the cache of a sequence and computes the logits that are requested. A long
   * sequence of tokens is computed in several passes.
   *
   * @param request of the sequence; its cache holds the first {@code cache.length()} ids
   * @param ids the sequence
   * @param end appends the ids up to here; nothing is done if they are in the cache
   * @param output what is requested of the appended tokens
   * @param cancelled asked on this thread while waiting and before every block
   * @param passed receives the length of the cache after each complete pass
   * @return false if cancelled; the cache then holds the passes that were complete
   */
  public boolean forward(
      BatchRequest request,
      int[] ids,
      int end,
      PassOutput output,
      BooleanSupplier cancelled,
      IntConsumer passed) {
    KvCache cache = request.cache();
    while (cache.length() < end) {
      int next = endOfPass(cache.length(), end, output);
      boolean early = next < end && output instanceof LastTokens;
      request.set(ids, next, early ? PassOutput.NOTHING : output, cancelled);
      if (!scheduler.run(request)) {
        return false;
      }
      passed.accept(next);
    }
    return true;
  }

  private static int endOfPass(int length, int end, PassOutput output) {
    int most = Math.min(length + MAX_ROWS, end);
    return switch (output) {
      case Nothing _, EachToken _ -> most;
      // The last pass has at least the rows whose logits are requested.
      case LastTokens last -> most < end ? Math.min(most, end - last.count()) : end;
      case AllTokens _ -> end;
    };
  }

  /** Forgets a request that will not be in a pass again. */
  public void forget(BatchRequest request) {
    scheduler.forget(request);
  }

  /** Computes the rows of all requests; returns false if cancelled. */
  private boolean pass(List<BatchRequest> requests, BooleanSupplier cancelled) {
    try {
      int rows = begin(requests, cancelled);
      if (!transformer.completeHeadCopy(cancelled) || !transformer.forward(requests, mayContinue)) {
        return false;
      }
      embeddingPages.read(rows);
      for (int i = 0; i < requests.size(); i++) {
        BatchRequest request = requests.get(i);
        request.cache().advance(request.end());
      }
      coldStart.passed();
      return true;
    } finally {
      tracer.end();
      transformer.end(MAX_PASS_ROWS);
    }
  }

  /** Prepares a pass and returns the number of its rows. */
  private int begin(List<BatchRequest> requests, BooleanSupplier cancelled) {
    this.cancelled = cancelled;
    BatchRequest first = requests.get(0);
    manyLogits = first.isForManyRows();
    positions = 0;
    int rows = 0;
    for (int i = 0; i < requests.size(); i++) {
      BatchRequest request = requests.get(i);
      request.cache().reserve(request.end());
      positions += request.end();
      rows += request.rows();
    }
    tracer.begin(first.trace(), rows);
    return rows;
  }

  /** Returns whether the pass goes on, and then selects the kernels of the next block. */
  private boolean mayContinue() {
    if (cancelled.getAsBoolean()) {
      return false;
    }
    workers.usePlain(coldStart.usesPlain(positions, manyLogits));
    return true;
  }

  /** Ends what goes on in the background. The caller closes the team and the weights. */
  @Override
  public void close() {
    coldStart.close();
  }
}
