package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.model.BitLinear.Layer;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.core.weights.LayerWeights;
import io.github.bitnet4j.spi.FloatMath;

/** The gated feed-forward network, {@code down(norm(act(gate(x)) * up(x)))}. */
final class FeedForward {
  private final String name;
  private final Activations acts;
  private final BitLinear gateUpProj;
  private final RowNorm subNorm;
  private final BitLinear downProj;
  private final RangeTask activate = this::activate;

  FeedForward(String name, LayerWeights weights, Activations acts) {
    this.name = name;
    this.acts = acts;
    gateUpProj =
        new BitLinear(
            acts,
            new Layer(name + "gate_proj", weights.gateProj()),
            new Layer(name + "up_proj", weights.upProj()));
    subNorm = RowNorm.of(weights.feedForwardSubNorm(), name + "ffn_sub_norm", acts);
    downProj = new BitLinear(acts, new Layer(name + "down_proj", weights.downProj()));
  }

  /**
   * Computes {@code out = feedForward(x)}.
   *
   * @param x {@code [rows x hidden]}
   * @param out {@code [rows x hidden]}
   */
  void forward(float[] x, float[] out) {
    gateUpProj.forward(x, acts.gateUp); // x -> gate and up, [rows x intermediate]
    acts.workers.run(acts.rows(), 1, activate); // gate = act(gate) * up
    acts.tracer.trace(name, "act_mul", acts.config.intermediateSize(), acts.gate);
    subNorm.forward(acts.gate, acts.gate);
    downProj.forward(acts.gate, out); // [rows x intermediate] -> [rows x hidden]
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
}
