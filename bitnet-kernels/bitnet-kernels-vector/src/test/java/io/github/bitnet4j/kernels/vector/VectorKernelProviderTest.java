package io.github.bitnet4j.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.spi.KernelProvider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class VectorKernelProviderTest {
  @Test
  void isFoundAndOutranksTheScalarReference() {
    assertThat(ServiceLoader.load(KernelProvider.class))
        .anySatisfy(
            provider -> {
              assertThat(provider.name()).isEqualTo("vector");
              assertThat(provider.priority()).isPositive();
            });
  }

  @Test
  void usesTheWidthAskedForOrElseTheWidest() {
    VectorKernelProvider provider = new VectorKernelProvider();
    String requested = System.getProperty("bitnet4j.vector.bits");
    assertThat(provider.unavailableReason()).isEmpty();
    if (requested == null) {
      assertThat(provider.kernels().vectorBits()).isIn(128, 256, 512);
    } else {
      assertThat(provider.kernels().vectorBits()).isEqualTo(Integer.parseInt(requested));
    }
  }

  @Test
  void loadsWithoutTheIncubatorModuleAndSaysHowToAddIt() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                WithoutTheModule.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("vector").contains("--add-modules jdk.incubator.vector");
  }

  /** Prints all providers that a JVM finds, and what they say. */
  static final class WithoutTheModule {
    public static void main(String[] args) {
      for (KernelProvider provider : ServiceLoader.load(KernelProvider.class)) {
        System.out.println(provider.name() + ": " + provider.unavailableReason());
      }
    }
  }
}
