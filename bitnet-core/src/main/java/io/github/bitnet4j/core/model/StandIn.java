package io.github.bitnet4j.core.model;

import io.github.bitnet4j.spi.Kernels;

/**
 * Says when kernels in plain loops compute instead of a model's own, which are slow until the JVM
 * has compiled them. Decides about speed only: all kernels return the same bits.
 */
public sealed interface StandIn extends AutoCloseable permits WarmUp, FirstPass {
  /** Returns the plain kernels. */
  Kernels plain();

  /**
   * Returns whether plain kernels compute now. May change from one layer of a pass to the next.
   *
   * @param rows number of rows of the pass
   */
  boolean computes(int rows);

  /** Starts what goes on in the background, if anything does; to be called once. */
  default void start() {}

  /** Hears that a pass is over. */
  default void passed() {}

  /** Ends what goes on in the background. */
  @Override
  default void close() {}
}
