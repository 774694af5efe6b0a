package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.util.Optional;

/**
 * Provides {@code vector}, kernels on {@code jdk.incubator.vector}.
 *
 * <p>They use the widest registers that the JVM prefers, up to 512 bits. The system property {@code
 * bitnet4j.vector.bits} (128, 256 or 512, read when the kernels are first used) asks for narrower
 * ones; results do not depend on it.
 */
public final class VectorKernelProvider implements KernelProvider {
  /** Called by {@link java.util.ServiceLoader}. */
  public VectorKernelProvider() {}

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public Optional<String> unavailableReason() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return Optional.of(
          "the module jdk.incubator.vector is missing;"
              + " start java with --add-modules jdk.incubator.vector");
    }
    return VectorWidth.unavailableReason();
  }

  @Override
  public boolean startsCold() {
    return true; // the interpreter makes an object of every vector
  }

  @Override
  public Kernels kernels() {
    return new VectorKernels();
  }
}
