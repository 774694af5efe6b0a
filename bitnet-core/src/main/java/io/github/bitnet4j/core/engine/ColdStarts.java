package io.github.bitnet4j.core.engine;

import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Kernels;

/** Creates the {@link ColdStart} that suits a model. */
public final class ColdStarts {
  /**
   * Up to this many weights of linear layers, plain kernels compute until the model's own are
   * compiled in the background. With more that takes so long that they compute a short first pass
   * only, and the model's own are compiled while they run.
   */
  static final long MAX_WARM_UP_WEIGHTS = 1L << 24;

  private ColdStarts() {}

  /**
   * Returns what suits a model whose kernels start cold.
   *
   * @param headType how its LM head is stored
   * @param screening whether it has a quantized copy for screening
   * @param kernels its own
   * @param plain kernels that do not start cold
   */
  public static ColdStart of(
      ModelConfig config, DenseType headType, boolean screening, Kernels kernels, Kernels plain) {
    return config.linearWeights() <= MAX_WARM_UP_WEIGHTS
        ? new WarmUp(config, headType, screening, kernels, plain)
        : new FirstPass(config.linearWeights(), plain);
  }
}
