package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.threads.RangeTask;
import org.jspecify.annotations.Nullable;

/**
 * Causal self-attention with grouped query heads: reads {@code normed}, leaves its output in {@code
 * projected}.
 */
final class Attention {
  private final String layerName;
  private final int layer;
  private final Activations acts;
  private final Quantizer inputQuantizer;
  private final LinearGroup qkvProj;
  private final Rope rope;
  private final ScaledDotProduct scaledDotProduct;
  private final @Nullable RmsNorm subNorm;
  private final Quantizer outputQuantizer;
  private final BitLinear oProj;
  private final RangeTask rotateAndStore = this::rotateAndStore;
  private final RangeTask normalize = this::normalize;

  Attention(String layerName, int layer, LayerWeights weights, Rope rope, Activations acts) {
    ModelConfig config = acts.config;
    this.layerName = layerName;
    this.layer = layer;
    this.acts = acts;
    this.rope = rope;
    inputQuantizer = new Quantizer(layerName + "q_proj", config.hiddenSize(), acts);
    qkvProj =
        new LinearGroup(
            acts,
            new BitLinear(layerName + "q_proj", weights.qProj(), config.scaleRule(), acts),
            new BitLinear(layerName + "k_proj", weights.kProj(), config.scaleRule(), acts),
            new BitLinear(layerName + "v_proj", weights.vProj(), config.scaleRule(), acts));
    subNorm = weights.attentionSubNorm();
    outputQuantizer = new Quantizer(layerName + "o_proj", config.queryWidth(), acts);
    oProj = new BitLinear(layerName + "o_proj", weights.oProj(), config.scaleRule(), acts);
    scaledDotProduct = new ScaledDotProduct(layer, acts);
  }

  void forward() {
    ModelConfig config = acts.config;
    if (!config.linearNorms()) {
      inputQuantizer.forward(acts.normed); // for q, k and v
    }
    // [rows x hidden] -> [rows x numHeads * headDim], [rows x numKvHeads * headDim] twice
    qkvProj.forward(acts.normed, acts.qkv);

    acts.team.run(acts.rows(), 1, rotateAndStore);
    acts.trace(layerName, "q_rope", config.queryWidth(), acts.q);
    acts.trace(layerName, "k_rope", config.kvWidth(), acts.k);

    scaledDotProduct.forward(); // softmax(q k / sqrt(headDim)) v, [rows x numHeads * headDim]
    acts.trace(layerName, "attn_out", config.queryWidth(), acts.attended);

    if (subNorm != null) { // over the whole row, not per head
      acts.team.run(acts.rows(), 1, normalize);
      acts.trace(layerName, "attn_sub_norm", config.queryWidth(), acts.attended);
    }
    if (!config.linearNorms()) {
      outputQuantizer.forward(acts.attended);
    }
    oProj.forward(acts.attended, acts.projected); // [rows x numHeads * headDim] -> [rows x hidden]
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

  private void normalize(int fromRow, int toRow, int worker) {
    if (subNorm == null) {
      throw new AssertionError("no sub-norm");
    }
    for (int row = fromRow; row < toRow; row++) {
      subNorm.apply(acts, worker, acts.attended, row, acts.attended, row);
    }
  }
}
