package io.github.bitnet4j.spi;

import java.util.Optional;

/**
 * Brings one implementation of the {@link Kernels}; found by {@link java.util.ServiceLoader}.
 *
 * <p>The class itself must load on every JVM: what may be missing (such as an incubator module) is
 * named only inside the class of the kernels.
 */
public interface KernelProvider {
  /** Returns the name users choose it by, such as {@code scalar}. */
  String name();

  /** Returns its rank: the highest available provider is used. The scalar reference has 0. */
  int priority();

  /** Returns why it cannot be used in this JVM and what to do about it; empty if it can. */
  Optional<String> unavailableReason();

  /**
   * Returns whether these kernels are far slower than plain loops until the JVM has compiled them.
   * Kernels that do not start cold and {@link Kernels#plainTernaryMatMul} then compute in their
   * place, unless kernels were asked for by name: a small model until these are compiled in the
   * background, a large one its first pass, if that is short. Results do not depend on it.
   */
  default boolean startsCold() {
    return false;
  }

  /** Returns the kernels; called only if there is no {@link #unavailableReason}. */
  Kernels kernels();
}
