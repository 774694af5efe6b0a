package io.github.bitnet4j.core.engine;

import io.github.bitnet4j.spi.Kernels;
import java.util.Optional;

/**
 * Selects plain kernels for the first complete pass of a model, if it is short: the first token
 * then does not wait until the model's own kernels are compiled, which happens while they compute
 * the second.
 *
 * <p>Thread-safe.
 */
final class FirstPass implements ColdStart {
  /**
   * Plain loops compute as many products in half of the time that compiling takes, on two cores.
   */
  private static final long MAX_PRODUCTS = 1L << 35;

  private final Kernels plain;
  private final long maxPositions;
  private volatile boolean over;

  /**
   * Creates it for a model.
   *
   * @param weights number of weights of its linear layers
   * @param plain kernels that do not start cold
   */
  FirstPass(long weights, Kernels plain) {
    this.plain = plain;
    maxPositions = MAX_PRODUCTS / weights;
  }

  @Override
  public Optional<Kernels> plain() {
    return Optional.of(plain);
  }

  /** Logits of many rows and attention to a long cache take plain loops too long. */
  @Override
  public boolean usesPlain(int positions, boolean manyLogits) {
    return !over && !manyLogits && positions <= maxPositions;
  }

  @Override
  public void passed() {
    over = true;
  }
}
