package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.batching.BatchRequest;
import io.github.bitnet4j.core.compute.Tracer;
import io.github.bitnet4j.core.compute.Workers;
import io.github.bitnet4j.core.head.LmHead;
import io.github.bitnet4j.core.head.ScreeningHead;
import io.github.bitnet4j.core.logits.PassOutput.AllTokens;
import io.github.bitnet4j.core.logits.PassOutput.EachToken;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import io.github.bitnet4j.core.logits.PassOutput.Nothing;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelWeights;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The model: token ids → embedding → blocks → final norm and LM head → logits.
 *
 * <p>Prefill and decode are the same forward pass over more or fewer rows, and every row's result
 * is independent of the others in its batch, so any way of cutting a sequence into passes gives the
 * same bits. For one thread at a time.
 */
public final class Transformer {
  private final Activations acts;
  private final Embedding embedding;
  private final Rope rope;
  private final TransformerBlock[] blocks;
  private final LmHead head;

  /**
   * Assembles a model.
   *
   * @param weights prepared for the kernels of the workers
   * @param screeningHead a copy of the LM head for screening, if it has one
   */
  public Transformer(
      ModelConfig config,
      ModelWeights weights,
      @Nullable ScreeningHead screeningHead,
      Workers workers,
      Tracer tracer) {
    acts = new Activations(config, workers, tracer);
    embedding = new Embedding(weights.embedding(), acts);
    rope = new Rope(config.headDim(), config.ropeTheta());
    AttentionTile[] tiles = AttentionTile.forThreadsAndHeads(acts);
    blocks = new TransformerBlock[weights.layers().size()];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = new TransformerBlock(i, weights.layers().get(i), rope, tiles, acts);
    }
    head = new LmHead(weights.finalNorm(), weights.head(), screeningHead, workers, tracer);
  }

  /**
   * Computes the logits that some sequences request, and the keys and values of their new tokens.
   * The caches have room for them; their lengths do not change.
   *
   * @param mayContinue asked before every block and every few rows of logits
   * @return false if {@code mayContinue} was false
   */
  public boolean forward(List<BatchRequest> requests, BooleanSupplier mayContinue) {
    acts.begin(requests);
    embedding.forward(acts.x); // x = embedding(ids), [rows x hidden]
    rope.fill(acts.batch, acts.cos, acts.sin); // [rows x headDim / 2] each
    for (TransformerBlock block : blocks) {
      if (!mayContinue.getAsBoolean()) {
        return false;
      }
      block.forward(acts.x); // x = x + attention(norm(x)); x = x + feedForward(norm(x))
    }
    return computeLogits(acts.x, requests, mayContinue); // logits = head(norm(x))
  }

  private boolean computeLogits(
      float[] x, List<BatchRequest> requests, BooleanSupplier mayContinue) {
    boolean complete = true;
    int from = 0;
    for (int i = 0; i < requests.size(); i++) {
      BatchRequest request = requests.get(i);
      int to = from + request.rows();
      switch (request.output()) {
        case Nothing _ -> {}
        case LastTokens last -> head.request(x, to, last);
        case EachToken each ->
            complete &= head.forwardEach(x, from, to, request.cache().length(), each, mayContinue);
        case AllTokens all -> head.forwardAll(x, to, all);
      }
      from = to;
    }
    head.forward();
    return complete;
  }

  /**
   * Completes the copy of the LM head for screening, if a pass would have used it; see {@link
   * LmHead#completeCopy}.
   *
   * @return false if cancelled
   */
  public boolean completeHeadCopy(BooleanSupplier cancelled) {
    return head.completeCopy(cancelled);
  }

  /**
   * Forgets the requests of a pass.
   *
   * @param maxRows buffers for more rows than this are released
   */
  public void end(int maxRows) {
    head.forget();
    acts.releaseAbove(maxRows);
  }
}
