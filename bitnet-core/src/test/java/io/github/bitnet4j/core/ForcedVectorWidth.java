package io.github.bitnet4j.core;

import io.github.bitnet4j.spi.KernelProvider;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Assumptions;

/**
 * The width of vectors is fixed for a JVM, so the build runs some tests in several JVMs (the
 * executions of surefire in the POM); each says by a system property what width it expects.
 */
final class ForcedVectorWidth {
  private static final String EXPECTED = "expected.vector.bits";

  private ForcedVectorWidth() {}

  /** Returns the width that this JVM was started to have, if it was started for one. */
  static OptionalInt expected() {
    Integer bits = Integer.getInteger(EXPECTED);
    return bits == null ? OptionalInt.empty() : OptionalInt.of(bits);
  }

  /** Skips the test where registers are narrower than asked for; every machine has 128 bits. */
  static void assumeThisMachineHasIt() {
    if (expected().orElse(128) > 128) {
      for (KernelProvider provider : ServiceLoader.load(KernelProvider.class)) {
        provider
            .unavailableReason()
            .ifPresent(reason -> Assumptions.abort(provider.name() + ": " + reason));
      }
    }
  }
}
