package io.github.bitnet4j.core;

import io.github.bitnet4j.spi.KernelProvider;
import java.util.List;
import java.util.ServiceLoader;

/** The kernels of this library that this machine can run. */
public final class AvailableKernels {
  private static final List<String> OWN = List.of("scalar", "vector", "native");

  private AvailableKernels() {}

  /** Returns their names. */
  public static List<String> names() {
    return ServiceLoader.load(KernelProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(provider -> OWN.contains(provider.name()))
        .filter(provider -> provider.unavailableReason().isEmpty())
        .map(KernelProvider::name)
        .toList();
  }
}
