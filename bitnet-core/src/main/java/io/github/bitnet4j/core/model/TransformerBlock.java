package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.threads.RangeTask;

/** One block: {@code x += attention(norm(x)); x += feedForward(norm(x))}. */
final class TransformerBlock {
  private final String name;
  private final Activations acts;
  private final RmsNorm inputNorm;
  private final Attention attention;
  private final RmsNorm postAttentionNorm;
  private final FeedForward feedForward;
  private final RangeTask normalizeInput = this::normalizeInput;
  private final RangeTask normalizeMiddle = this::normalizeMiddle;
  private final RangeTask addProjected = this::addProjected;

  TransformerBlock(int layer, LayerWeights weights, Rope rope, Activations acts) {
    this.name = "layers." + layer + ".";
    this.acts = acts;
    inputNorm = weights.inputNorm();
    attention = new Attention(name, layer, weights, rope, acts);
    postAttentionNorm = weights.postAttentionNorm();
    feedForward = new FeedForward(name, weights, acts);
  }

  void forward() {
    int rows = acts.rows();
    int hidden = acts.config.hiddenSize();
    acts.team.run(rows, 1, normalizeInput);
    acts.trace(name, "input_norm", hidden, acts.normed);
    attention.forward();
    acts.team.run(rows, 1, addProjected);
    acts.trace(name, "resid_attn", hidden, acts.x);
    acts.team.run(rows, 1, normalizeMiddle);
    acts.trace(name, "post_attn_norm", hidden, acts.normed);
    feedForward.forward();
    acts.team.run(rows, 1, addProjected);
    acts.trace(name, "out", hidden, acts.x);
  }

  private void normalizeInput(int fromRow, int toRow, int worker) {
    for (int row = fromRow; row < toRow; row++) {
      inputNorm.apply(acts, worker, acts.x, row, acts.normed, row);
    }
  }

  private void normalizeMiddle(int fromRow, int toRow, int worker) {
    for (int row = fromRow; row < toRow; row++) {
      postAttentionNorm.apply(acts, worker, acts.x, row, acts.normed, row);
    }
  }

  private void addProjected(int fromRow, int toRow, int worker) {
    int hidden = acts.config.hiddenSize();
    for (int i = fromRow * hidden; i < toRow * hidden; i++) {
      acts.x[i] += acts.projected[i];
    }
  }
}
