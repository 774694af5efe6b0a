package io.github.bitnet4j.kernels.contract;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;

/**
 * What the contract tests share: the kernels, and inputs that are the same in every run. Skipped if
 * the provider is unavailable, such as for a register width that this machine lacks.
 */
abstract class KernelContract {
  /** Repetitions after which the compiler has replaced the inner loops of an operation. */
  static final int COMPILED_AFTER = 10_000;

  final Kernels kernels;
  final Kernels.Scratch scratch;
  final Random random = new Random(17);
  final Arena arena = Arena.ofShared();

  KernelContract(KernelProvider provider) {
    Optional<String> reason = provider.unavailableReason();
    assumeTrue(reason.isEmpty(), () -> reason.orElse(""));
    kernels = provider.kernels();
    scratch = kernels.newScratch();
  }

  @AfterEach
  void closeArena() {
    arena.close();
  }
}
