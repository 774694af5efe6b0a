package io.github.bitnet4j.core.model;

import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Kernels;

/**
 * Says when kernels in plain loops compute in the place of a model's own, which are slow until the
 * JVM has compiled them. Decides about speed only: all kernels return the same bits.
 */
public sealed interface ColdStart extends AutoCloseable permits WarmUp, FirstPass {
  /**
   * Up to this many weights of linear layers, plain kernels compute until the model's own are
   * compiled in the background. With more that takes so long that they compute a short first pass
   * only, and the model's own are compiled while they run.
   */
  long MAX_WARM_UP_WEIGHTS = 1L << 24;

  /**
   * Returns what suits a model.
   *
   * @param headType how its LM head is stored
   * @param screening whether it has an {@link Int8Head}
   * @param kernels its own
   * @param plain kernels that do not start cold
   */
  static ColdStart of(
      ModelConfig config, DenseType headType, boolean screening, Kernels kernels, Kernels plain) {
    return config.linearWeights() <= MAX_WARM_UP_WEIGHTS
        ? new WarmUp(config, headType, screening, kernels, plain)
        : new FirstPass(config.linearWeights(), plain);
  }

  /** Returns the plain kernels. */
  Kernels plain();

  /**
   * Returns whether plain kernels compute now. May change from one layer of a pass to the next.
   *
   * @param positions how long the sequences of the pass will be, all together: as many as it has
   *     rows, if all of them begin with it
   * @param allLogits whether the logits of all rows are wanted
   */
  boolean usesPlain(int positions, boolean allLogits);

  /** Starts what goes on in the background, if anything does; to be called once. */
  default void start() {}

  /** Hears that a pass is complete. */
  default void passed() {}

  /** Ends what goes on in the background. */
  @Override
  default void close() {}
}
