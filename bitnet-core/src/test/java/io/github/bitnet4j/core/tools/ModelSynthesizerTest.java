package io.github.bitnet4j.core.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.format.ModelFiles;
import io.github.bitnet4j.core.format.TritCounter;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.tools.ConvertOptions.Embedding;
import io.github.bitnet4j.core.tools.ConvertOptions.Target;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.core.weights.ModelConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ModelSynthesizerTest {
  private static final int[] IDS = {5, 100, 17, 42, 200, 3};

  @TempDir private Path folder;

  // ---- The shape of 2B-4T

  /** That of config.json of microsoft/bitnet-b1.58-2B-4T. */
  @Test
  void twoBillionModelHasThePublishedShape() {
    ModelConfig config = ModelShape.BITNET_2B_4T.config();
    assertThat(List.of(config.vocabSize(), config.hiddenSize(), config.intermediateSize()))
        .containsExactly(128_256, 2560, 6912);
    assertThat(List.of(config.numLayers(), config.numHeads(), config.numKvHeads()))
        .containsExactly(30, 20, 5);
    assertThat(List.of(config.headDim(), config.contextLength())).containsExactly(128, 4096);
    assertThat(config.ropeTheta()).isEqualTo(500_000);
    assertThat(config.normEpsilon()).isEqualTo(1e-5f);
    assertThat(config.activation()).isEqualTo(ModelConfig.Activation.RELU2);
    assertThat(config.subNorms()).isTrue();
    assertThat(config.tiedHead()).isTrue();
  }

  @Test
  void twoBillionModelHasThePublishedSizes() {
    long embedding = 128_256L * 2560;
    long trits = 30 * (2560L * (2560 + 640 + 640 + 2560) + 3L * 2560 * 6912);
    long norms = 30 * (3L * 2560 + 6912) + 2560;
    assertThat(embedding + trits + norms).isEqualTo(2_412_820_480L);
    assertThat(bytes(Target.HUGGING_FACE, Embedding.BF16))
        .isEqualTo(2 * embedding + trits / 4 + 2 * norms + 2 * 210);
    assertThat(bytes(Target.I2_S, Embedding.F16))
        .isEqualTo(2 * embedding + trits / 4 + 4 * norms + 32 * 210);
    assertThat(bytes(Target.TQ2_0, Embedding.Q6_K))
        .isEqualTo(embedding / 256 * 210 + trits / 256 * 66 + 4 * norms);
  }

  private static long bytes(Target target, Embedding embedding) {
    return ModelSynthesizer.tensorBytes(
        ModelShape.BITNET_2B_4T, options(target).embedding(embedding).build());
  }

  // ---- Models that work

  @ParameterizedTest
  @EnumSource(Target.class)
  void isAModelOfItsShapeThatCanBeUsed(Target target) throws IOException {
    Path out = write(target, 1, "model");
    try (Model model = Model.load(out);
        Session session = model.newSession()) {
      assertThat(model.info().vocabSize()).isEqualTo(512);
      assertThat(model.info().hiddenSize()).isEqualTo(256);
      assertThat(model.info().intermediateSize()).isEqualTo(768);
      assertThat(model.info().numLayers()).isEqualTo(2);
      assertThat(model.info().numHeads()).isEqualTo(4);
      assertThat(model.info().numKvHeads()).isEqualTo(2);
      assertThat(model.info().contextLength()).isEqualTo(256);
      assertThat(model.info().stopIds()).isEmpty();
      GenerationConfig config = GenerationConfig.builder().maxTokens(20).build();
      assertThat(session.generate(IDS, config).ids()).hasSize(20);
    }
    assertThat(ModelChecker.check(out, LoadOptions.defaults()).accepted()).isTrue();
    assertThat(folder).isDirectoryNotContaining("glob:**unfinished");
  }

  @ParameterizedTest
  @EnumSource(Target.class)
  void repeatsItsLastTokenIfItShall(Target target) throws IOException {
    Path out = folder.resolve("model");
    ModelSynthesizer.synthesize(
        ModelShape.TINY, 1, ModelSynthesizer.Text.REPEATED, out, options(target).build());
    try (Model model = Model.load(out);
        Session session = model.newSession()) {
      GenerationConfig config =
          GenerationConfig.builder().maxTokens(30).ignoreStopTokens(true).speculation(true).build();
      Generation text = session.generate(IDS, config);
      assertThat(text.ids()).hasSize(30).containsOnly(IDS[IDS.length - 1]);
      assertThat(text.stats().acceptance()).isEqualTo(1);
    }
  }

  /** The same seed gives the same model, in whatever format. */
  @Test
  void bothFormatsHoldTheSameModel() throws IOException {
    float[] ofDirectory = logits(write(options(Target.HUGGING_FACE), 3, "directory"));
    float[] ofFile = logits(write(options(Target.I2_S).embedding(Embedding.BF16), 3, "file"));
    assertThat(ofFile).containsExactly(ofDirectory);
  }

  @Test
  void logitsDifferAndAreFinite() throws IOException {
    float[] logits = logits(write(Target.HUGGING_FACE, 1, "model"));
    float[] last = Arrays.copyOfRange(logits, logits.length - 512, logits.length);
    double squares = 0;
    for (float logit : last) {
      assertThat(logit).isFinite();
      squares += (double) logit * logit;
    }
    assertThat(Math.sqrt(squares / last.length)).isBetween(0.2, 5.0);
    Arrays.sort(last);
    for (int i = 1; i < last.length; i++) {
      assertThat(last[i]).isGreaterThan(last[i - 1]);
    }
  }

  @Test
  void tritsHaveTheFrequenciesOfATrainedModel() throws IOException {
    Path out = write(Target.I2_S, 1, "model");
    long[] counts = new long[4];
    try (Arena arena = Arena.ofConfined()) {
      ModelFiles files = ModelFiles.open(out, arena, LoadOptions.defaults());
      for (Linear which : Linear.values()) {
        long[] some = TritCounter.count(files.trits(1, which, arena).trits());
        Arrays.setAll(counts, i -> counts[i] + some[i]);
      }
    }
    double all = Arrays.stream(counts).sum();
    assertThat(counts[0] / all).isCloseTo(0.29, within(0.005));
    assertThat(counts[1] / all).isCloseTo(0.42, within(0.005));
    assertThat(counts[2] / all).isCloseTo(0.29, within(0.005));
    assertThat(counts[3]).isZero();
  }

  // ---- The same bytes

  /** If one of these changes, measurements are no longer of the same model. */
  @ParameterizedTest
  @CsvSource({"HUGGING_FACE, model.safetensors, 5c1deff0b813ce12", "I2_S, '', c41845181b1e0a11"})
  void givesTheSameBytesOnEveryMachine(Target target, String file, String hash) throws IOException {
    assertThat(hash(write(target, 1, "model").resolve(file))).isEqualTo(hash);
  }

  @Test
  void anotherSeedGivesAnotherModel() throws IOException {
    assertThat(Files.readAllBytes(write(Target.I2_S, 1, "one")))
        .isNotEqualTo(Files.readAllBytes(write(Target.I2_S, 2, "two")));
  }

  /** More rows than are made at once, and a number of them that no block divides. */
  @Test
  void rowsDoNotDependOnHowManyThereAre() throws IOException {
    ModelShape few = new ModelShape(5, 128, 128, 1, 1, 1, 16);
    ModelShape many = new ModelShape(9_001, 128, 128, 1, 1, 1, 16);
    float[] ofFew = embedding(few, "few");
    float[] ofMany = embedding(many, "many");
    assertThat(ofFew).hasSize(5 * 128);
    assertThat(ofMany).hasSize(9_001 * 128);
    assertThat(Arrays.copyOf(ofMany, ofFew.length)).containsExactly(ofFew);
  }

  private float[] embedding(ModelShape shape, String name) throws IOException {
    Path out = folder.resolve(name);
    ModelSynthesizer.synthesize(shape, 1, out, options(Target.HUGGING_FACE).build());
    try (Arena arena = Arena.ofConfined()) {
      ModelFiles files = ModelFiles.open(out, arena, LoadOptions.defaults());
      float[] values = new float[shape.vocabSize() * shape.hiddenSize()];
      for (int row = 0; row < shape.vocabSize(); row++) {
        files.weights().embedding().copyRow(row, values, row * shape.hiddenSize());
      }
      return values;
    }
  }

  // ---- What is refused

  @Test
  void replacesAModelOnlyWhenAsked() throws IOException {
    Path out = write(Target.HUGGING_FACE, 1, "model");
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(() -> write(Target.HUGGING_FACE, 2, "model"));
    byte[] before = Files.readAllBytes(out.resolve("model.safetensors"));
    write(options(Target.HUGGING_FACE).overwrite(true), 2, "model");
    assertThat(Files.readAllBytes(out.resolve("model.safetensors"))).isNotEqualTo(before);
  }

  @Test
  void asksForADirectoryToWriteIn() {
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> write(Target.I2_S, 1, "missing/model.gguf"))
        .withMessageContaining("it does not exist");
  }

  @Test
  void refusesAModelThatTheDiskHasNoRoomFor() {
    ModelShape huge = new ModelShape(1 << 24, 1 << 20, 1 << 20, 10_000, 64, 64, 4096);
    Path out = folder.resolve("huge.gguf");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> ModelSynthesizer.synthesize(huge, 1, out, options(Target.I2_S).build()))
        .withMessageStartingWith(out + ": expected room for ")
        .withMessageContaining("bytes on its disk, found ");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void refusesRowsThatTheTypeCannotHold() {
    ModelShape odd = new ModelShape(64, 128, 128, 1, 2, 1, 16);
    assertThat(ModelSynthesizer.tensorBytes(odd, options(Target.I2_S).build())).isPositive();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelSynthesizer.tensorBytes(odd, options(Target.TQ1_0).build()))
        .withMessage("a row of Q: expected a multiple of 256 weights for TQ1_0, found 128");
    ConvertOptions q6k = options(Target.I2_S).embedding(Embedding.Q6_K).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ModelSynthesizer.tensorBytes(odd, q6k))
        .withMessage("hiddenSize: expected a multiple of 256 weights for Q6_K, found 128");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 256, 768, 2, 4, 2, 256, vocabSize",
    "512, 2000000, 768, 2, 4, 2, 256, hiddenSize",
    "512, 256, -1, 2, 4, 2, 256, intermediateSize",
    "512, 256, 768, 10001, 4, 2, 256, numLayers",
    "512, 256, 768, 2, 3, 1, 256, numHeads",
    "512, 256, 768, 2, 256, 2, 256, numHeads",
    "512, 256, 768, 2, 4, 3, 256, numKvHeads",
    "512, 256, 768, 2, 4, 8, 256, numKvHeads",
    "512, 256, 768, 2, 4, 2, 0, contextLength"
  })
  void refusesSizesThatMakeNoModel(
      int vocab,
      int hidden,
      int ffn,
      int layers,
      int heads,
      int kvHeads,
      int context,
      String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ModelShape(vocab, hidden, ffn, layers, heads, kvHeads, context))
        .withMessageStartingWith(name + ": expected");
  }

  private static ConvertOptions.Builder options(Target target) {
    return ConvertOptions.builder().target(target);
  }

  private Path write(Target target, long seed, String name) throws IOException {
    return write(options(target), seed, name);
  }

  private Path write(ConvertOptions.Builder options, long seed, String name) throws IOException {
    Path out = folder.resolve(name);
    Conversion written = ModelSynthesizer.synthesize(ModelShape.TINY, seed, out, options.build());
    assertThat(written.bytes())
        .isBetween(ModelSynthesizer.tensorBytes(ModelShape.TINY, options.build()), 1_000_000L);
    return out;
  }

  private static float[] logits(Path path) throws IOException {
    try (Model model = Model.load(path);
        Session session = model.newSession()) {
      TraceStep logits = Trace.record(session, IDS).step("logits").orElseThrow();
      float[] values = new float[logits.rows() * logits.columns()];
      for (int i = 0; i < values.length; i++) {
        values[i] = logits.get(i / logits.columns(), i % logits.columns());
      }
      return values;
    }
  }

  private static String hash(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(Files.readAllBytes(file))).substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
