package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Mirostat;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.Xtc;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.format.ModelFiles;
import io.github.bitnet4j.core.format.Preparation;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.sampling.History;
import io.github.bitnet4j.core.sampling.TokenChooser;
import io.github.bitnet4j.core.threads.WorkerTeam;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole models whose heads are screened, against the same models without. */
class ScreenedGenerationTest {
  private static final int STEPS = 40;

  static Stream<Path> models() {
    return Stream.concat(
        Stream.of(Fixtures.DEMO_MODEL),
        Stream.of(
                "b158-tied",
                "b158-untied-sharded",
                "b158-bf16-online",
                "llama-bitlinear",
                "llama-autobitlinear",
                "old-1bitllm")
            .map(Fixtures::goldenModel));
  }

  private static List<GenerationConfig> settings() {
    GenerationConfig.Builder builder = GenerationConfig.builder();
    return List.of(
        builder.build(),
        builder.temperature(0.8f).build(),
        builder.topK(5).build(),
        builder.topK(50).topP(0.9f).build(),
        builder.topK(0).topP(0.5f).build(),
        builder.topP(0.9f).build(),
        builder.temperature(0.1f).topP(0.95f).build(),
        GenerationConfig.builder().temperature(0.7f).minP(0.3f).build(),
        GenerationConfig.builder().penalties(new Penalties(1.3f, 0.2f, 0.1f, 8)).build(),
        GenerationConfig.builder()
            .penalties(new Penalties(1.1f, 0.5f, 0, 12))
            .dry(Dry.none().withMultiplier(1).withWindow(20))
            .bannedIds(3, 5, 8)
            .logitBias(9, -1)
            .temperature(1.5f)
            .topK(30)
            .typicalP(0.95f)
            .minP(0.02f)
            .xtc(new Xtc(0.3f, 0.1f))
            .mirostat(new Mirostat(3, 0.2f))
            .build());
  }

  @ParameterizedTest
  @MethodSource("models")
  void everySettingGeneratesTheSameTokens(Path directory) throws IOException {
    for (String kernels : AvailableKernels.names()) {
      try (TestModel plain = new TestModel(directory, "vector", 2);
          TestModel screened = new TestModel(directory, kernels, 2, true)) {
        for (GenerationConfig config : settings()) {
          assertThat(generate(screened, config))
              .as("%s, %s", kernels, config)
              .isEqualTo(generate(plain, config));
        }
      }
    }
  }

  private static int[] generate(TestModel model, GenerationConfig config) {
    int[] prompt = {3, 1, 4, 1, 5};
    int[] ids = Arrays.copyOf(prompt, prompt.length + STEPS);
    Logits[] logits = {new Logits(model.config().vocabSize())};
    TokenChooser chooser = new TokenChooser(config, 11, id -> false);
    History history = new History(ids, prompt.length);
    try (KvCache cache = model.newCache()) {
      for (int length = prompt.length; length < ids.length; length++) {
        model.forward(ids, length, cache, chooser.need(), logits);
        ids[length] = chooser.choose(logits[0], history.upTo(length));
      }
    }
    return ids;
  }

  @ParameterizedTest
  @MethodSource("models")
  void severalRowsOfOnePassGiveTheTokensOfOneRowEach(Path directory) throws IOException {
    try (TestModel model = new TestModel(directory, "vector", 2, true)) {
      int vocabSize = model.config().vocabSize();
      Logits[] logits =
          Stream.generate(() -> new Logits(vocabSize)).limit(8).toArray(Logits[]::new);
      int length = Math.min(model.config().contextLength(), 150);
      for (GenerationConfig config : settings()) {
        int[] ids = Fixtures.randomIds(5, length, vocabSize);
        History history = new History(ids, length);
        for (int count : new int[] {1, 2, 5, 8}) {
          int[] chosen = new int[count];
          try (KvCache cache = model.newCache()) {
            TokenChooser chooser = new TokenChooser(config, 3, id -> false);
            model.forward(ids, length, cache, chooser.need(), Arrays.copyOf(logits, count));
            for (int row = 0; row < count; row++) {
              chosen[row] = chooser.choose(logits[row], history.upTo(length - count + row + 1));
            }
          }
          int[] expected = new int[count];
          float[] all = model.logits(ids);
          TokenChooser chooser = new TokenChooser(config, 3, id -> false);
          for (int row = 0; row < count; row++) {
            int from = (length - count + row) * vocabSize;
            expected[row] =
                chooser.choose(
                    Logits.all(Arrays.copyOfRange(all, from, from + vocabSize)),
                    history.upTo(length - count + row + 1));
          }
          assertThat(chosen).as("%d rows, %s", count, config).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void theCopyCountsAsPreparedMemory() throws IOException {
    Path directory = Fixtures.goldenModel("b158-tied");
    long without = preparedBytes(directory, Long.MAX_VALUE);
    // 296 rows of 256 weights, and three floats for each row.
    assertThat(preparedBytes(directory, 0) - without).isEqualTo(296 * 256 + 296 * 12);
    assertThat(preparedBytes(directory, 296 * 256 + 1)).isEqualTo(without);
  }

  private static long preparedBytes(Path directory, long minScreenedWeights) throws IOException {
    try (Arena arena = Arena.ofShared();
        WorkerTeam team = new WorkerTeam(2, "test")) {
      return ModelFiles.open(directory, arena, LoadOptions.defaults())
          .loadWeights(
              new Preparation(TestModel.kernels("vector"), minScreenedWeights, null),
              arena,
              team,
              (done, total) -> {})
          .preparedBytes();
    }
  }
}
