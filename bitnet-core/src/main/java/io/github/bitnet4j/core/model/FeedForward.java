package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.spi.FloatMath;
import org.jspecify.annotations.Nullable;

/**
 * The gated feed-forward network, {@code down(norm(act(gate(x)) * up(x)))}: reads {@code normed},
 * leaves its output in {@code projected}.
 */
final class FeedForward {
  private final String layerName;
  private final Activations acts;
  private final Quantizer inputQuantizer;
  private final LinearGroup gateUpProj;
  private final @Nullable RmsNorm subNorm;
  private final Quantizer outputQuantizer;
  private final BitLinear downProj;
  private final RangeTask activate = this::activate;
  private final RangeTask normalize = this::normalize;

  FeedForward(String layerName, LayerWeights weights, Activations acts) {
    ModelConfig config = acts.config;
    this.layerName = layerName;
    this.acts = acts;
    inputQuantizer = new Quantizer(layerName + "gate_proj", config.hiddenSize(), acts);
    gateUpProj =
        new LinearGroup(
            acts,
            new BitLinear(layerName + "gate_proj", weights.gateProj(), config.scaleRule(), acts),
            new BitLinear(layerName + "up_proj", weights.upProj(), config.scaleRule(), acts));
    subNorm = weights.feedForwardSubNorm();
    outputQuantizer = new Quantizer(layerName + "down_proj", config.intermediateSize(), acts);
    downProj = new BitLinear(layerName + "down_proj", weights.downProj(), config.scaleRule(), acts);
  }

  void forward() {
    ModelConfig config = acts.config;
    int width = config.intermediateSize();
    if (!config.linearNorms()) {
      inputQuantizer.forward(acts.normed); // for gate and up
    }
    gateUpProj.forward(acts.normed, acts.gateUp); // [rows x hidden] -> 2 x [rows x intermediate]

    acts.team.run(acts.rows(), 1, activate);
    acts.trace(layerName, "act_mul", width, acts.gate);

    if (subNorm != null) {
      acts.team.run(acts.rows(), 1, normalize);
      acts.trace(layerName, "ffn_sub_norm", width, acts.gate);
    }
    if (!config.linearNorms()) {
      outputQuantizer.forward(acts.gate);
    }
    downProj.forward(acts.gate, acts.projected); // [rows x intermediate] -> [rows x hidden]
  }

  private void activate(int fromRow, int toRow, int worker) {
    int from = fromRow * acts.config.intermediateSize();
    int to = toRow * acts.config.intermediateSize();
    float[] gate = acts.gate;
    float[] up = acts.up;
    switch (acts.config.activation()) {
      case RELU2 -> {
        for (int i = from; i < to; i++) {
          float z = Math.max(gate[i], 0);
          gate[i] = z * z * up[i];
        }
      }
      case SILU -> {
        for (int i = from; i < to; i++) {
          float z = gate[i];
          gate[i] = z / (1 + FloatMath.exp(-z)) * up[i];
        }
      }
    }
  }

  private void normalize(int fromRow, int toRow, int worker) {
    if (subNorm == null) {
      throw new AssertionError("no sub-norm");
    }
    for (int row = fromRow; row < toRow; row++) {
      subNorm.apply(acts, worker, acts.gate, row, acts.gate, row);
    }
  }
}
