package io.github.bitnet4j.cli;

import io.github.bitnet4j.spi.KernelProvider;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** The kernels that a JVM on this machine should choose. */
final class ExpectedKernels {
  private ExpectedKernels() {}

  /** Returns the name of the best provider among the named ones. */
  static String bestOf(String... names) {
    return available(names).orElseThrow().name();
  }

  /** Returns whether kernels in machine code run here. */
  static boolean haveMachineCode() {
    return available("native").isPresent();
  }

  private static Optional<KernelProvider> available(String... names) {
    return ServiceLoader.load(KernelProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(provider -> List.of(names).contains(provider.name()))
        .filter(provider -> provider.unavailableReason().isEmpty())
        .max(Comparator.comparingInt(KernelProvider::priority));
  }
}
