package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.core.weights.LayerWeights;

/** One block: {@code x = x + attention(norm(x)); x = x + feedForward(norm(x))}. */
final class TransformerBlock {
  private final String name;
  private final Activations acts;
  private final RowNorm inputNorm;
  private final Attention attention;
  private final RowNorm postAttentionNorm;
  private final FeedForward feedForward;
  private final RangeTask add = this::add;
  private float[] sum = {};
  private float[] addend = {};

  TransformerBlock(
      int layer, LayerWeights weights, Rope rope, AttentionTile[] tiles, Activations acts) {
    this.name = "layers." + layer + ".";
    this.acts = acts;
    inputNorm = RowNorm.of(weights.inputNorm(), name + "input_norm", acts);
    attention = new Attention(name, layer, weights, rope, tiles, acts);
    postAttentionNorm = RowNorm.of(weights.postAttentionNorm(), name + "post_attn_norm", acts);
    feedForward = new FeedForward(name, weights, acts);
  }

  /**
   * Computes the block in place.
   *
   * @param x the residual stream, {@code [rows x hidden]}
   */
  void forward(float[] x) {
    attention.forward(inputNorm.forward(x, acts.normed), acts.projected);
    add(x, acts.projected, "resid_attn"); // x = x + attention(norm(x))

    feedForward.forward(postAttentionNorm.forward(x, acts.normed), acts.projected);
    add(x, acts.projected, "out"); // x = x + feedForward(norm(x))
  }

  private void add(float[] x, float[] y, String step) {
    sum = x;
    addend = y;
    acts.workers.run(acts.rows(), 1, add);
    acts.tracer.trace(name, step, acts.config.hiddenSize(), x);
  }

  private void add(int fromRow, int toRow, int worker) {
    int hidden = acts.config.hiddenSize();
    float[] x = sum;
    float[] y = addend;
    for (int i = fromRow * hidden; i < toRow * hidden; i++) {
      x[i] += y[i];
    }
  }
}
