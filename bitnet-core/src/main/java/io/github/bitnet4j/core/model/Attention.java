package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.model.BitLinear.Layer;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.core.weights.LayerWeights;
import io.github.bitnet4j.core.weights.ModelConfig;

/** Causal self-attention with grouped query heads. */
final class Attention {
  private final String name;
  private final int layer;
  private final Activations acts;
  private final BitLinear qkvProj;
  private final Rope rope;
  private final ScaledDotProduct scaledDotProduct;
  private final RowNorm subNorm;
  private final BitLinear oProj;
  private final RangeTask rotateAndStore = this::rotateAndStore;

  Attention(
      String name,
      int layer,
      LayerWeights weights,
      Rope rope,
      AttentionTile[] tiles,
      Activations acts) {
    this.name = name;
    this.layer = layer;
    this.acts = acts;
    this.rope = rope;
    qkvProj =
        new BitLinear(
            acts,
            new Layer(name + "q_proj", weights.qProj()),
            new Layer(name + "k_proj", weights.kProj()),
            new Layer(name + "v_proj", weights.vProj()));
    scaledDotProduct = new ScaledDotProduct(layer, tiles, acts);
    subNorm = RowNorm.of(weights.attentionSubNorm(), name + "attn_sub_norm", acts);
    oProj = new BitLinear(acts, new Layer(name + "o_proj", weights.oProj()));
  }

  /**
   * Computes {@code out = attention(x)} and appends the rows' keys and values to their caches.
   *
   * @param x {@code [rows x hidden]}
   * @param out {@code [rows x hidden]}
   */
  void forward(float[] x, float[] out) {
    ModelConfig config = acts.config;
    // x -> q [rows x numHeads * headDim], k and v [rows x numKvHeads * headDim]
    qkvProj.forward(x, acts.qkv);
    acts.workers.run(acts.rows(), 1, rotateAndStore); // q, k = rope(q), rope(k); cache += k, v
    acts.tracer.trace(name, "q_rope", config.queryWidth(), acts.q);
    acts.tracer.trace(name, "k_rope", config.kvWidth(), acts.k);
    // attended = softmax(q cache.k / sqrt(headDim)) cache.v, [rows x numHeads * headDim]
    scaledDotProduct.forward(acts.q, acts.attended);
    acts.tracer.trace(name, "attn_out", config.queryWidth(), acts.attended);
    subNorm.forward(acts.attended, acts.attended); // over the whole row, not for each head
    oProj.forward(acts.attended, out); // [rows x numHeads * headDim] -> [rows x hidden]
  }

  /** Each query head and each key head is rotated once; values are not. */
  private void rotateAndStore(int fromRow, int toRow, int worker) {
    ModelConfig config = acts.config;
    for (int row = fromRow; row < toRow; row++) {
      rope.rotate(acts.q, row * config.queryWidth(), config.numHeads(), acts.cos, acts.sin, row);
      int kv = row * config.kvWidth();
      rope.rotate(acts.k, kv, config.numKvHeads(), acts.cos, acts.sin, row);
      acts.batch.cache(row).put(layer, acts.batch.position(row), acts.k, acts.v, kv);
    }
  }
}
