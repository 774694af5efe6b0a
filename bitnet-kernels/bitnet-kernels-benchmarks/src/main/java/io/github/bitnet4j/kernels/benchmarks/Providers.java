package io.github.bitnet4j.kernels.benchmarks;

import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.util.ServiceLoader;

/** Finds the kernels that a benchmark measures. */
final class Providers {
  private Providers() {}

  static Kernels kernels(String name) {
    for (KernelProvider provider : ServiceLoader.load(KernelProvider.class)) {
      if (provider.name().equals(name)) {
        provider
            .unavailableReason()
            .ifPresent(
                reason -> {
                  throw new IllegalStateException(name + ": " + reason);
                });
        return provider.kernels();
      }
    }
    throw new IllegalStateException("no provider " + name);
  }

  /** Fails unless the answer is right: a fast wrong kernel is worth nothing. */
  static void check(boolean right) {
    if (!right) {
      throw new IllegalStateException("wrong result");
    }
  }
}
