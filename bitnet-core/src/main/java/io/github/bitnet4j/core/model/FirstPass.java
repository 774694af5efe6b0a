package io.github.bitnet4j.core.model;

import io.github.bitnet4j.spi.Kernels;

/**
 * Lets plain kernels compute the first pass of a model, if it is short: the first token then need
 * not wait until the model's own kernels are compiled, which happens while they compute the second.
 *
 * <p>That is for models with so many weights that to compute with plain loops for longer, while
 * others warm up in the background, would take more time than it saves.
 *
 * <p>Thread-safe.
 */
public final class FirstPass implements StandIn {
  /**
   * Products that plain loops have computed in half of the time in which vector code is compiled,
   * on two cores.
   */
  private static final long MAX_PRODUCTS = 1L << 35;

  private final Kernels plain;
  private final long maxRows;
  private volatile boolean over;

  /**
   * Creates it for a model.
   *
   * @param weights number of weights of its linear layers
   * @param plain kernels that do not start cold
   */
  public FirstPass(long weights, Kernels plain) {
    this.plain = plain;
    maxRows = MAX_PRODUCTS / weights;
  }

  @Override
  public Kernels plain() {
    return plain;
  }

  @Override
  public boolean computes(int rows) {
    return !over && rows <= maxRows;
  }

  @Override
  public void passed() {
    over = true;
  }
}
