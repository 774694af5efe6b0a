package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.KernelUnavailableException;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelSelectionTest {
  private static final KernelProvider SCALAR = provider("scalar", 0, null);
  private static final KernelProvider VECTOR = provider("vector", 100, null);
  private static final KernelProvider GPU = provider("gpu", 200, "no GPU here; buy one");
  private static final KernelProvider NPU = provider("npu", 50, "no NPU");

  private static final KernelProvider COLD = provider("cold", 100, null, true);

  private static KernelProvider provider(String name, int priority, String unavailable) {
    return provider(name, priority, unavailable, false);
  }

  private static KernelProvider provider(
      String name, int priority, String unavailable, boolean startsCold) {
    return new KernelProvider() {
      @Override
      public boolean startsCold() {
        return startsCold;
      }

      @Override
      public String name() {
        return name;
      }

      @Override
      public int priority() {
        return priority;
      }

      @Override
      public Optional<String> unavailableReason() {
        return Optional.ofNullable(unavailable);
      }

      @Override
      public Kernels kernels() {
        throw new AssertionError("not asked for when selecting");
      }
    };
  }

  private static KernelProvider select(String name, KernelProvider... found) {
    return KernelSelection.select(List.of(found), Optional.ofNullable(name));
  }

  @Test
  void theHighestAvailablePriorityWins() {
    assertThat(select(null, SCALAR, VECTOR)).isSameAs(VECTOR);
    assertThat(select(null, VECTOR, SCALAR)).isSameAs(VECTOR);
    assertThat(select(null, SCALAR)).isSameAs(SCALAR);
  }

  @Test
  void unavailableOnesAreSkipped() {
    assertThat(select(null, GPU, SCALAR, NPU, VECTOR)).isSameAs(VECTOR);
    assertThat(select(null, GPU, SCALAR, NPU)).isSameAs(SCALAR);
  }

  @Test
  void aNamedOneIsUsedWhateverItsPriority() {
    assertThat(select("scalar", GPU, VECTOR, SCALAR)).isSameAs(SCALAR);
  }

  @Test
  void aNamedOneThatIsUnavailableIsAnErrorThatListsEveryReason() {
    assertThatExceptionOfType(KernelUnavailableException.class)
        .isThrownBy(() -> select("gpu", GPU, SCALAR, NPU))
        .withMessage(
            "kernels: expected the provider gpu, found gpu (unavailable: no GPU here; buy one),"
                + " scalar (available), npu (unavailable: no NPU)");
  }

  @Test
  void anUnknownNameIsAnErrorThatListsWhatThereIs() {
    assertThatExceptionOfType(KernelUnavailableException.class)
        .isThrownBy(() -> select("Scalar", SCALAR, GPU))
        .withMessage(
            "kernels: expected the provider Scalar, found scalar (available),"
                + " gpu (unavailable: no GPU here; buy one)");
  }

  @Test
  void noneAtAllIsAnErrorThatSaysWhatToAdd() {
    assertThatExceptionOfType(KernelUnavailableException.class)
        .isThrownBy(() -> select(null))
        .withMessage(
            "kernels: expected a provider, found none; add the JAR bitnet-kernels-scalar, or in a"
                + " jlink image --add-modules"
                + " io.github.bitnet4j.kernels.scalar,io.github.bitnet4j.kernels.vector");
    assertThatExceptionOfType(KernelUnavailableException.class)
        .isThrownBy(() -> select(null, GPU, NPU))
        .withMessageContaining(
            "gpu (unavailable: no GPU here; buy one), npu (unavailable: no NPU)");
  }

  @Test
  void tellsOnlyOfBetterOnesThatAreMissed() {
    assertThat(reason(VECTOR, 256, GPU, SCALAR, NPU, VECTOR))
        .isEqualTo("gpu cannot be used: no GPU here; buy one");
    assertThat(reason(SCALAR, 0, GPU, SCALAR, NPU))
        .isEqualTo("gpu cannot be used: no GPU here; buy one; npu cannot be used: no NPU");
    assertThat(reason(VECTOR, 256, SCALAR, VECTOR)).isEqualTo("the fastest that are present");
  }

  @Test
  void tellsWhatToAddIfOnlyPlainLoopsArePresent() {
    assertThat(reason(SCALAR, 0, SCALAR))
        .contains("bitnet-kernels-vector", "--add-modules io.github.bitnet4j.kernels.vector");
  }

  @Test
  void tellsWhoNamedTheKernels() {
    Optional<String> name = Optional.of("scalar");
    assertThat(KernelSelection.reason(List.of(SCALAR, VECTOR), SCALAR, 0, name, name))
        .isEqualTo("named by the load options");
    assertThat(KernelSelection.reason(List.of(SCALAR, VECTOR), SCALAR, 0, Optional.empty(), name))
        .isEqualTo("named by the system property bitnet4j.kernels");
  }

  private static String reason(KernelProvider chosen, int vectorBits, KernelProvider... found) {
    return KernelSelection.reason(
        List.of(found), chosen, vectorBits, Optional.empty(), Optional.empty());
  }

  @Test
  void theBestOneThatDoesNotStartColdStandsInForOneThatDoes() {
    assertThat(KernelSelection.plain(List.of(GPU, COLD, SCALAR), COLD)).containsSame(SCALAR);
    assertThat(KernelSelection.plain(List.of(COLD, GPU), COLD)).isEmpty();
    assertThat(KernelSelection.plain(List.of(SCALAR, VECTOR), VECTOR)).isEmpty();
  }

  @Test
  void findsTheProvidersOfTheClassPath() {
    assertThat(KernelSelection.findProviders())
        .extracting(KernelProvider::name)
        .containsExactlyInAnyOrder("scalar", "vector", "native");
  }

  /** A provider whose constructor fails. */
  public static final class FailingConstructor extends NamedProvider {
    /** Fails. */
    public FailingConstructor() {
      super("failing");
      throw new IllegalStateException("constructor failed on purpose");
    }
  }

  /** A provider whose class cannot be initialized. */
  public static final class FailingClass extends NamedProvider {
    private static final int VALUE = Integer.parseInt("no number, on purpose");

    /** Not reached. */
    public FailingClass() {
      super("failing" + VALUE);
    }
  }

  /** A provider that works. */
  public static final class Working extends NamedProvider {
    /** Works. */
    public Working() {
      super("working");
    }
  }

  /** What the providers above share. */
  public abstract static class NamedProvider implements KernelProvider {
    private final String name;

    NamedProvider(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int priority() {
      return -5;
    }

    @Override
    public Optional<String> unavailableReason() {
      return Optional.empty();
    }

    @Override
    public Kernels kernels() {
      throw new AssertionError("not asked for");
    }
  }

  @Test
  void brokenProvidersAreLoggedAndLeftOut(@TempDir Path temp) throws Exception {
    String names =
        String.join(
            "\n",
            FailingConstructor.class.getName(),
            "no.such.Provider",
            FailingClass.class.getName(),
            SampleModels.class.getName(),
            Working.class.getName());
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream err = System.err;
    List<KernelProvider> found;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      found = TestProviders.with(temp, names, KernelSelection::findProviders);
    } finally {
      System.setErr(err);
    }
    assertThat(found)
        .extracting(KernelProvider::name)
        .containsExactlyInAnyOrder("scalar", "vector", "native", "working");
    assertThat(log.toString(StandardCharsets.UTF_8).lines())
        .filteredOn(line -> line.contains("A kernel provider cannot be loaded and is left out"))
        .hasSize(4)
        .anyMatch(line -> line.contains("FailingConstructor"))
        .anyMatch(line -> line.contains("no.such.Provider"))
        .anyMatch(line -> line.contains("FailingClass"))
        .anyMatch(line -> line.contains("SampleModels"));
  }

  @Test
  void loadingWithAnUnknownNameListsTheProviders() {
    LoadOptions options = LoadOptions.builder().kernels("none").build();
    assertThatExceptionOfType(KernelUnavailableException.class)
        .isThrownBy(() -> Model.load(SampleModels.TIED, options).close())
        .withMessageContaining("expected the provider none")
        .withMessageContaining("scalar (available)")
        .withMessageContaining("vector (");
  }

  @Test
  void theSystemPropertyDecidesWhenTheOptionsDoNot() throws Exception {
    System.setProperty(KernelSelection.PROPERTY, "scalar");
    try (Model model = Model.load(SampleModels.TIED)) {
      assertThat(model.info().kernels()).isEqualTo("scalar");
      assertThat(model.info().vectorBits()).isZero();
    } finally {
      System.clearProperty(KernelSelection.PROPERTY);
    }
    LoadOptions options = LoadOptions.builder().kernels("scalar").build();
    System.setProperty(KernelSelection.PROPERTY, "none");
    try (Model model = Model.load(SampleModels.TIED, options)) {
      assertThat(model.info().kernels()).isEqualTo("scalar");
    } finally {
      System.clearProperty(KernelSelection.PROPERTY);
    }
  }
}
