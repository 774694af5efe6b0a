package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.core.format.DType;
import io.github.bitnet4j.core.format.SafetensorsFile;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.format.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What loading tells and what it costs. */
class ModelLoadingTest {
  private record Progress(Thread thread, long done, long total) {}

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8})
  void progressComesOnTheLoadingThreadRisesAndEndsAtTheTotal(int threads) throws IOException {
    for (int round = 0; round < 20; round++) {
      List<Progress> calls = new ArrayList<>();
      LoadOptions options =
          LoadOptions.builder()
              .threads(threads)
              .progress(
                  (done, total) -> calls.add(new Progress(Thread.currentThread(), done, total)))
              .build();
      Model.load(SampleModels.DEMO, options).close();
      assertThat(calls).isNotEmpty().hasSizeLessThan(500);
      assertThat(calls).extracting(Progress::thread).containsOnly(Thread.currentThread());
      assertThat(calls).extracting(Progress::total).containsOnly(calls.getFirst().total);
      assertThat(calls).extracting(Progress::done).isSorted();
      assertThat(calls.getLast().done).isEqualTo(calls.getLast().total);
      assertThat(calls.getFirst().done).isPositive();
      assertThat(calls.getFirst().total)
          .isLessThanOrEqualTo(Files.size(SampleModels.DEMO.resolve("model.safetensors")));
    }
  }

  @Test
  void anExceptionOfTheListenerPassesAndReleasesEverything() {
    LoadOptions options =
        LoadOptions.builder()
            .threads(2)
            .progress(
                (done, total) -> {
                  throw new UnsupportedOperationException("on purpose");
                })
            .build();
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> Model.load(SampleModels.TIED, options))
        .withMessage("on purpose");
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("bitnet4j"));
  }

  @Test
  void infoTellsTheSizesOfTheDemoModel() throws IOException {
    LoadOptions options = LoadOptions.builder().threads(2).kernels("scalar").build();
    try (Model model = Model.load(SampleModels.DEMO, options)) {
      ModelInfo info = model.info();
      assertThat(info.path()).isEqualTo(SampleModels.DEMO);
      assertThat(info.architecture()).isEqualTo("BitNetForCausalLM");
      assertThat(info.numLayers()).isEqualTo(4);
      assertThat(info.hiddenSize()).isEqualTo(256);
      assertThat(info.intermediateSize()).isEqualTo(768);
      assertThat(info.numHeads()).isEqualTo(8);
      assertThat(info.numKvHeads()).isEqualTo(4);
      assertThat(info.headDim()).isEqualTo(32);
      assertThat(info.vocabSize()).isEqualTo(2048);
      assertThat(info.contextLength()).isEqualTo(384);
      assertThat(info.stopIds()).containsExactly(2046, 2047).isUnmodifiable();
      assertThat(info.kernels()).isEqualTo("scalar");
      assertThat(info.vectorBits()).isZero();
      assertThat(info.threads()).isEqualTo(2);
      assertThat(info.mappedBytes())
          .isEqualTo(Files.size(SampleModels.DEMO.resolve("model.safetensors")));
      assertThat(info.loadTime()).isPositive();
    }
  }

  @Test
  void infoTellsTheSizesOfAModelWithoutTokenizer() throws IOException {
    LoadOptions options = LoadOptions.builder().contextLength(100).build();
    try (Model model = Model.load(SampleModels.TIED, options)) {
      ModelInfo info = model.info();
      assertThat(info.contextLength()).isEqualTo(100);
      assertThat(info.headDim()).isEqualTo(64);
      assertThat(info.stopIds()).containsExactly(295);
      assertThat(info.threads()).isEqualTo(Runtime.getRuntime().availableProcessors());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"b158-tied", "b158-untied-sharded", "llama-bitlinear", "llama-autobitlinear"})
  void parametersAreCountedAsTheFilesHaveThem(String golden) throws IOException {
    Path directory = SampleModels.golden(golden);
    long parameters = 0;
    long bytes = 0;
    try (Arena arena = Arena.ofConfined();
        var files = Files.newDirectoryStream(directory, "*.safetensors")) {
      for (Path file : files) {
        bytes += Files.size(file);
        for (Tensor tensor : SafetensorsFile.open(file, arena).tensors().values()) {
          long elements = tensor.data().byteSize() / tensor.dtype().bytes();
          if (tensor.dtype() == DType.U8) {
            parameters += 4 * elements;
          } else if (!tensor.name().endsWith("_scale")) {
            parameters += elements;
          }
        }
      }
    }
    try (Model model = Model.load(directory)) {
      assertThat(model.info().parameterCount()).isEqualTo(parameters);
      assertThat(model.info().mappedBytes()).isEqualTo(bytes);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void theFilesOwnLayoutIsUsedInPlaceUnlessKernelsHaveTheirOwn(String kernels) throws IOException {
    LoadOptions options = LoadOptions.builder().kernels(kernels).build();
    try (Model model = Model.load(SampleModels.DEMO, options)) {
      assertThat(model.info().preparedBytes() > 0).isEqualTo(kernels.equals("vector"));
    }
  }

  @Test
  void oneLineTellsOfALoadedModel() throws IOException {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream err = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      Model.load(SampleModels.DEMO, LoadOptions.builder().kernels("scalar").threads(2).build())
          .close();
    } finally {
      System.setErr(err);
    }
    assertThat(log.toString(StandardCharsets.UTF_8).lines())
        .filteredOn(line -> line.contains(" INFO "))
        .singleElement()
        .asString()
        .contains(
            "Loaded " + SampleModels.DEMO,
            "BitNetForCausalLM",
            "4 M parameters",
            "kernels ",
            "2 threads",
            "1.9 MB mapped + 0.0 MB prepared",
            " ms");
  }

  @Test
  void nothingOfTheModelsSizeIsOnTheHeap(@TempDir Path temp) throws IOException {
    SampleModels.Sizes sizes = new SampleModels.Sizes(1024, 4096, 5, 16, 4, 20_000, 2048);
    SampleModels.synthetic(temp, sizes, 42);
    long before = usedHeap();
    LoadOptions vector = LoadOptions.builder().kernels("vector").build();
    try (Model model = Model.load(temp, vector);
        Session session = model.newSession()) {
      session.generate(new int[] {1, 2, 3}, GenerationConfig.builder().maxTokens(1).build());
      assertThat(model.info().mappedBytes()).isGreaterThan(50_000_000);
      assertThat(usedHeap() - before).isLessThan(model.info().mappedBytes() / 8);
      LoadOptions options = LoadOptions.builder().kernels("vector").headScreening(false).build();
      try (Model unscreened = Model.load(temp, options)) {
        // The int8 copy of the head, and three floats for each of its rows.
        assertThat(model.info().preparedBytes() - unscreened.info().preparedBytes())
            .isEqualTo(20_000L * 1024 + 20_000 * 12);
        // Screening reads the int8 copy instead of two bytes a weight.
        assertThat(unscreened.info().weightBytesPerToken() - model.info().weightBytesPerToken())
            .isEqualTo(20_000L * 1024 - 20_000 * 12);
      }
    }
  }

  private static long usedHeap() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
