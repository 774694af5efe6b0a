package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.util.Optional;

/** Provides {@code scalar}, the reference kernels, which every JVM can run. */
public final class ScalarKernelProvider implements KernelProvider {
  /** Called by {@link java.util.ServiceLoader}. */
  public ScalarKernelProvider() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Optional<String> unavailableReason() {
    return Optional.empty();
  }

  @Override
  public Kernels kernels() {
    return new ScalarKernels();
  }
}
