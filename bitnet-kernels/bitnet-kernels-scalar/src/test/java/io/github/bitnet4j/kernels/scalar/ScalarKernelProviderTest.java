package io.github.bitnet4j.kernels.scalar;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.spi.KernelProvider;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class ScalarKernelProviderTest {
  @Test
  void isFoundAndAlwaysAvailableWithTheLowestRank() {
    assertThat(ServiceLoader.load(KernelProvider.class))
        .singleElement()
        .satisfies(
            provider -> {
              assertThat(provider.name()).isEqualTo("scalar");
              assertThat(provider.priority()).isZero();
              assertThat(provider.unavailableReason()).isEmpty();
              assertThat(provider.kernels().vectorBits()).isZero();
            });
  }
}
