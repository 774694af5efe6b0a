package io.github.bitnet4j.core.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufFile.GgufTensor;
import io.github.bitnet4j.core.format.GgufMetadata;
import io.github.bitnet4j.core.format.GgufValue;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.tools.ConvertOptions.Embedding;
import io.github.bitnet4j.core.tools.ConvertOptions.Target;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConverterTest {
  private static final int[] IDS = {5, 100, 17, 42, 200, 3, 77, 150};

  @TempDir private Path folder;

  // ---- The same bytes as other converters write

  @ParameterizedTest
  @CsvSource({
    "b158-tied, I2_S, model-i2_s.gguf",
    "b158-tied, TQ2_0, model-tq2_0.gguf",
    "b158-tied, TQ1_0, model-tq1_0.gguf",
    "llama-bitlinear, I2_S, model-i2_s.gguf",
    "old-1bitllm, I2_S, model-i2_s.gguf"
  })
  void writesTheTensorsOfTheReferenceConverters(String model, Target target, String reference)
      throws IOException {
    Path golden = SampleModels.golden(model);
    Path out = folder.resolve("model.gguf");
    Conversion conversion = convert(golden, out, target, Embedding.F16);
    assertThat(tensors(out)).containsExactlyEntriesOf(tensors(golden.resolveSibling(reference)));
    assertThat(conversion.bytes()).isEqualTo(Files.size(out));
    assertThat(conversion.warnings()).singleElement().asString().contains("has no tokenizer");
  }

  @Test
  void writesTheMetadataOfTheReferenceConverters() throws IOException {
    Path out = folder.resolve("golden");
    convert(SampleModels.golden("llama-bitlinear"), out, Target.I2_S, Embedding.F16);
    Map<String, GgufValue> ours = metadata(out);
    Map<String, GgufValue> reference =
        metadata(SampleModels.golden("llama-bitlinear").resolveSibling("model-i2_s.gguf"));
    reference.keySet().removeIf(key -> key.startsWith("tokenizer.") && !key.endsWith("_id"));
    ours.remove("general.name");
    reference.remove("general.name");
    assertThat(ours).isEqualTo(reference);
  }

  /** Any encoding is valid; this one is not worse than that of the reference converter. */
  @Test
  void q6kIsAsGoodAsTheReferenceConverters() throws IOException {
    Path golden = SampleModels.golden("b158-tied");
    Path out = folder.resolve("model.gguf");
    convert(golden, out, Target.I2_S, Embedding.Q6_K);
    float[] values = embedding(golden.resolveSibling("model-i2_s.gguf"));
    float[] reference = embedding(golden.resolveSibling("model-i2_s-embd_q6_k.gguf"));
    double error = distance(embedding(out), values);
    assertThat(error).isLessThan(0.02).isLessThanOrEqualTo(distance(reference, values));
  }

  // ---- The same model

  @ParameterizedTest
  @ValueSource(
      strings = {
        "b158-tied",
        "b158-untied-sharded",
        "b158-bf16-online",
        "llama-bitlinear",
        "llama-autobitlinear",
        "llama-bitlinear-rmsnorm",
        "old-1bitllm"
      })
  void packedDirectoryOfAnyModelGivesTheSameBits(String model) throws IOException {
    Path out = folder.resolve("packed");
    Conversion conversion = convert(SampleModels.golden(model), out, Target.HUGGING_FACE, null);
    assertThat(conversion.warnings()).isEmpty();
    assertThat(logits(out)).containsExactly(logits(SampleModels.golden(model)));
    assertThat(greedy(out)).containsExactly(greedy(SampleModels.golden(model)));
  }

  @ParameterizedTest
  @CsvSource({
    "b158-tied, I2_S, 0", "b158-tied, TQ2_0, 0", "b158-tied, TQ1_0, 0",
    "b158-bf16-online, HUGGING_FACE, 0", "old-1bitllm, I2_S, 0", "llama-bitlinear, I2_S, 1e-6"
  })
  void convertedModelGivesTheSameLogitsAndTokens(String model, Target target, double tolerance)
      throws IOException {
    Path out = folder.resolve("model");
    convert(SampleModels.golden(model), out, target, null);
    // A scale that is rounded can flip an int8 activation; the prompts of the fixtures prevent it.
    int[] prompt =
        Fixtures.ints(Fixtures.json("golden/" + model + "/expected.json").get("input_ids"));
    assertThat(distance(logits(out, prompt), logits(SampleModels.golden(model), prompt)))
        .isLessThanOrEqualTo(tolerance);
    assertThat(greedy(out)).containsExactly(greedy(SampleModels.golden(model)));
  }

  @ParameterizedTest
  @CsvSource({
    "b158-tied, model-i2_s.gguf, I2_S",
    "b158-tied, model-tq1_0.gguf, TQ1_0",
    "b158-tied, model-tq2_0.gguf, TQ2_0",
    "llama-bitlinear, model-i2_s.gguf, I2_S",
    "old-1bitllm, model-i2_s.gguf, I2_S"
  })
  void thereAndBackIsTheIdentity(String model, String file, Target type) throws IOException {
    Path gguf = SampleModels.golden(model).resolveSibling(file);
    Path directory = folder.resolve("golden");
    Path back = folder.resolve("back.gguf");
    assertThat(convert(gguf, directory, Target.HUGGING_FACE, null).warnings()).isEmpty();
    assertThat(convert(directory, back, type, null).warnings()).isEmpty();
    assertThat(tensors(back)).containsExactlyEntriesOf(tensors(gguf));
    Map<String, GgufValue> metadata = metadata(gguf);
    metadata.remove("tokenizer.ggml.scores"); // byte-level vocabularies have none
    assertThat(metadata(back)).isEqualTo(metadata);
    assertThat(logits(directory)).containsExactly(logits(gguf));
  }

  @ParameterizedTest
  @EnumSource(
      value = Target.class,
      names = {"I2_S", "TQ1_0", "TQ2_0"})
  void retypedGgufKeepsEverythingButTheLayout(Target type) throws IOException {
    Path out = folder.resolve("model.gguf");
    convert(ToolCases.TIED_I2S, out, type, null);
    Path reference =
        ToolCases.TIED_I2S.resolveSibling(
            "model-" + type.name().toLowerCase(Locale.ROOT) + ".gguf");
    assertThat(tensors(out)).containsExactlyEntriesOf(tensors(reference));
    assertThat(metadata(out)).isEqualTo(metadata(reference));
  }

  @ParameterizedTest
  @EnumSource(Embedding.class)
  void storesTheEmbeddingAsAsked(Embedding embedding) throws IOException {
    Path out = folder.resolve("model.gguf");
    convert(SampleModels.golden("b158-tied"), out, Target.I2_S, embedding);
    try (Arena arena = Arena.ofConfined()) {
      GgufTensor tensor = tensor(GgufFile.open(out, arena, false), "token_embd.weight");
      assertThat(tensor.type().dense()).contains(embedding.type());
    }
    double lossy = embedding == Embedding.Q8_0 || embedding == Embedding.Q6_K ? 0.1 : 0;
    assertThat(distance(logits(out), logits(SampleModels.golden("b158-tied"))))
        .isLessThanOrEqualTo(lossy);
  }

  @Test
  void aDirectoryHoldsTheValuesOfABlockTypeAsFloats() throws IOException {
    Path q6 = ToolCases.TIED_I2S.resolveSibling("model-i2_s-embd_q6_k.gguf");
    Path out = folder.resolve("model");
    convert(q6, out, Target.HUGGING_FACE, null);
    assertThat(logits(out)).containsExactly(logits(q6));
  }

  // ---- Tokenizers

  @Test
  void takesTheTokenizerAlong() throws IOException {
    Path gguf = folder.resolve("demo.gguf");
    Path back = folder.resolve("demo");
    Conversion there = convert(SampleModels.DEMO, gguf, Target.I2_S, null);
    assertThat(there.warnings()).isEmpty();
    assertThat(convert(gguf, back, Target.HUGGING_FACE, null).warnings()).isEmpty();
    Tokenizer original = Tokenizer.load(SampleModels.DEMO);
    Tokenizer copy = Tokenizer.load(back);
    for (String text : List.of("Once upon a time", "I'm 1234 années\n\n  old", "日本 🙂")) {
      assertThat(copy.encode(text)).as(text).containsExactly(original.encode(text));
    }
    assertThat(copy.bosId()).isEqualTo(original.bosId());
    assertThat(copy.eosId()).isEqualTo(original.eosId());
    assertThat(copy.addsBos()).isEqualTo(original.addsBos());
    assertThat(copy.chatTemplateSource()).isEqualTo(original.chatTemplateSource());
    try (Arena arena = Arena.ofConfined()) {
      GgufMetadata metadata = new GgufMetadata(gguf, GgufFile.open(gguf, arena, false).metadata());
      assertThat(metadata.string("tokenizer.ggml.model")).contains("gpt2");
      assertThat(metadata.strings("tokenizer.ggml.tokens")).hasSize(2048);
    }
  }

  @Test
  void saysThatASentencePieceTokenizerIsLeftOut() throws IOException {
    Path model = SampleModels.copy(SampleModels.DEMO, folder.resolve("demo"));
    Files.delete(model.resolve("tokenizer.json"));
    Files.delete(model.resolve("tokenizer_config.json"));
    Path tokenizer =
        Path.of(
            "../bitnet-tokenizer/src/test/resources/io/github/bitnet4j/tokenizer/mini-spm/tokenizer.model");
    Files.copy(tokenizer, model.resolve("tokenizer.model"));
    Path gguf = folder.resolve("demo.gguf");
    assertThat(convert(model, gguf, Target.I2_S, null).warnings())
        .singleElement()
        .asString()
        .contains("not SentencePiece models");
    Path copy = folder.resolve("copy");
    convert(model, copy, Target.HUGGING_FACE, null);
    assertThat(copy.resolve("tokenizer.model")).hasSameBinaryContentAs(tokenizer);
    Path back = folder.resolve("back");
    assertThat(convert(gguf, back, Target.HUGGING_FACE, null).warnings())
        .singleElement()
        .asString()
        .contains("no tokenizer.json is written");
    assertThat(greedy(back)).containsExactly(greedy(model));
  }

  // ---- What cannot be converted

  @ParameterizedTest
  @CsvSource({
    "b158-untied-sharded, I2_S, 'multiple of 128 weights for I2_S, found 320'",
    "llama-bitlinear, TQ2_0, 'multiple of 256 weights for TQ2_0, found 128; choose i2_s'",
    "llama-bitlinear-rmsnorm, I2_S, 'expected a model without use_rms_norm'"
  })
  void refusesByNameWhatTheTargetCannotHold(String model, Target target, String reason) {
    Path out = folder.resolve("model.gguf");
    assertThatExceptionOfType(ConversionException.class)
        .isThrownBy(() -> convert(SampleModels.golden(model), out, target, null))
        .withMessageContaining(reason);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void refusesAnEmbeddingTypeThatDoesNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ConvertOptions.builder()
                    .target(Target.HUGGING_FACE)
                    .embedding(Embedding.Q6_K)
                    .build());
    assertThatExceptionOfType(ConversionException.class)
        .isThrownBy(
            () ->
                convert(
                    SampleModels.golden("llama-bitlinear"),
                    folder.resolve("m"),
                    Target.I2_S,
                    Embedding.Q6_K))
        .withMessageContaining("expected rows of a multiple of 256 weights for Q6_K, found 128");
  }

  @Test
  void refusesADamagedModelAndLeavesNothing() throws IOException {
    Path damaged = SampleModels.resource("malformed").resolve("hf_code3");
    Path out = folder.resolve("model.gguf");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> convert(damaged, out, Target.HUGGING_FACE, null))
        .isInstanceOf(ModelFormatException.class);
    assertThat(folder).isEmptyDirectory();
  }

  // ---- Nothing incomplete under the final name

  @ParameterizedTest
  @EnumSource(Target.class)
  void aConversionThatFailsHalfwayLeavesNothing(Target target) {
    List<Long> calls = new ArrayList<>();
    ConvertOptions options =
        ConvertOptions.builder()
            .target(target)
            .progress(
                (done, total) -> {
                  calls.add(done);
                  if (done > total / 2) {
                    throw new IllegalStateException("the disk is full");
                  }
                })
            .build();
    assertThatIllegalStateException()
        .isThrownBy(
            () -> ModelConverter.convert(SampleModels.TIED, folder.resolve("model"), options))
        .withMessage("the disk is full");
    assertThat(calls).hasSizeGreaterThan(3).isSorted();
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @EnumSource(
      value = Target.class,
      names = {"I2_S", "HUGGING_FACE"})
  void replacesOnlyWhenAskedAndOnlyWhenComplete(Target target) throws IOException {
    Path out = folder.resolve("model");
    convert(SampleModels.TIED, out, target, null);
    float[] before = logits(out);
    Path other = SampleModels.golden("old-1bitllm");
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(() -> convert(other, out, target, null))
        .withMessageContaining("ask to overwrite");
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                ModelConverter.convert(
                    other,
                    out,
                    ConvertOptions.builder()
                        .target(target)
                        .overwrite(true)
                        .progress(
                            (done, total) -> {
                              throw new IllegalStateException();
                            })
                        .build()));
    assertThat(logits(out)).containsExactly(before);

    ModelConverter.convert(
        other, out, ConvertOptions.builder().target(target).overwrite(true).build());
    assertThat(logits(out)).containsExactly(logits(other));
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(out);
    }
  }

  @Test
  void doesNotReplaceWhatIsNoModel() throws IOException {
    Path home = Files.createDirectory(folder.resolve("home"));
    Path letter = Files.writeString(home.resolve("letter.txt"), "Dear");
    ConvertOptions.Builder overwrite = ConvertOptions.builder().overwrite(true);
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(
            () ->
                ModelConverter.convert(
                    SampleModels.TIED, home, overwrite.target(Target.HUGGING_FACE).build()))
        .withMessageContaining("without config.json");
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(
            () ->
                ModelConverter.convert(
                    SampleModels.TIED, home, overwrite.target(Target.I2_S).build()))
        .withMessageContaining("expected a file to replace, found a directory");
    assertThat(letter).hasContent("Dear");
  }

  @Test
  void doesNotReplaceItsInput() throws IOException {
    Path in = Files.copy(ToolCases.TIED_I2S, folder.resolve("model.gguf"));
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(
            () -> ModelConverter.convert(in, in, ConvertOptions.builder().overwrite(true).build()))
        .withMessageContaining("another output than the input");
    assertThat(in).hasSameBinaryContentAs(ToolCases.TIED_I2S);
  }

  private static void assertIsInput(Path in, Path out, Target target) {
    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(
            () ->
                ModelConverter.convert(
                    in, out, ConvertOptions.builder().target(target).overwrite(true).build()))
        .withMessageContaining("expected an");
  }

  @Test
  void doesNotReplaceAFileOfItsInputByWhateverName() throws IOException {
    Path in = SampleModels.copy(SampleModels.TIED, folder.resolve("in"));
    Path weights = in.resolve("model.safetensors");
    for (String name : List.of("model.safetensors", "config.json", "../in/model.safetensors")) {
      assertIsInput(in, in.resolve(name), Target.I2_S);
    }
    assertIsInput(in, Files.createLink(folder.resolve("hard.gguf"), weights), Target.I2_S);
    assertIsInput(in, Files.createSymbolicLink(folder.resolve("l.gguf"), weights), Target.I2_S);
    Path linkToIn = Files.createSymbolicLink(folder.resolve("linkToIn"), in);
    assertIsInput(linkToIn, in, Target.HUGGING_FACE);
    assertIsInput(in, linkToIn, Target.HUGGING_FACE);
    assertIsInput(in, linkToIn.resolve("model.safetensors"), Target.I2_S);
    assertIsInput(in, in.resolve("model-00001-of-00002.safetensors"), Target.I2_S);
    assertThat(weights).hasSameBinaryContentAs(SampleModels.TIED.resolve("model.safetensors"));
    convert(in, in.resolve("new.gguf"), Target.I2_S, null);
    assertThat(in.resolve("new.gguf")).isRegularFile();
  }

  @Test
  void doesNotReplaceADirectoryThatHoldsItsInput() throws IOException {
    Path blobs = SampleModels.copy(SampleModels.TIED, folder.resolve("blobs"));
    Path in = Files.createDirectory(folder.resolve("in"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.createSymbolicLink(in.resolve(name), Path.of("..", "blobs", name));
    }
    assertIsInput(in, blobs, Target.HUGGING_FACE);
    Path gguf = Files.copy(ToolCases.TIED_I2S, blobs.resolve("model.gguf"));
    assertIsInput(gguf, blobs, Target.HUGGING_FACE);
    assertThat(blobs.resolve("model.safetensors")).isRegularFile();
  }

  @Test
  void leavesFilesOfAUserWithSimilarNames() throws IOException {
    Path out = folder.resolve("model.gguf");
    Path file = Files.writeString(folder.resolve("model.gguf.unfinished"), "my notes");
    Path letter =
        Files.writeString(
            Files.createDirectory(folder.resolve("model.gguf.replaced")).resolve("x"), "Dear");
    convert(SampleModels.TIED, out, Target.I2_S, null);
    assertThat(file).hasContent("my notes");
    assertThat(letter).hasContent("Dear");
    assertThat(folder).isDirectoryNotContaining("glob:**/.bitnet4j*");
  }

  @Test
  void saysThatTheInputOrTheFolderIsMissing() {
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> convert(folder.resolve("no"), folder.resolve("x"), Target.I2_S, null));
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(
            () -> convert(SampleModels.TIED, folder.resolve("no/model.gguf"), Target.I2_S, null));
  }

  // ---- Helpers

  private static Conversion convert(Path in, Path out, Target target, Embedding embedding)
      throws IOException {
    ConvertOptions.Builder options = ConvertOptions.builder().target(target);
    if (embedding != null) {
      options.embedding(embedding);
    }
    return ModelConverter.convert(in, out, options.build());
  }

  /** Returns type, shape and a digest of the data of every tensor, in file order. */
  private static Map<String, String> tensors(Path file) throws IOException {
    Map<String, String> tensors = new LinkedHashMap<>();
    try (Arena arena = Arena.ofConfined()) {
      for (GgufTensor tensor : GgufFile.open(file, arena, false).tensors().values()) {
        byte[] data = tensor.data().toArray(ValueLayout.JAVA_BYTE);
        tensors.put(
            tensor.name(), tensor.type() + " " + tensor.dimensions() + " " + Arrays.hashCode(data));
      }
    }
    return tensors;
  }

  private static float[] embedding(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      GgufTensor tensor = tensor(GgufFile.open(file, arena, false), "token_embd.weight");
      int rows = (int) tensor.rows();
      int columns = (int) tensor.rowLength();
      DenseMatrix matrix =
          new DenseMatrix(
              tensor.name(), tensor.type().dense().orElseThrow(), rows, columns, tensor.data());
      float[] values = new float[rows * columns];
      for (int row = 0; row < rows; row++) {
        matrix.copyRow(row, values, row * columns);
      }
      return values;
    }
  }

  private static GgufTensor tensor(GgufFile file, String name) {
    return Objects.requireNonNull(file.tensors().get(name), name);
  }

  /** Returns the metadata, with arrays as the hash codes of their bytes. */
  private static Map<String, GgufValue> metadata(Path file) throws IOException {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    try (Arena arena = Arena.ofConfined()) {
      for (Map.Entry<String, GgufValue> entry :
          GgufFile.open(file, arena, false).metadata().entrySet()) {
        GgufValue value = entry.getValue();
        metadata.put(
            entry.getKey(),
            value instanceof GgufValue.ArrayValue array
                ? new GgufValue.IntValue(
                    Arrays.hashCode(array.data().toArray(ValueLayout.JAVA_BYTE)))
                : value);
      }
    }
    return metadata;
  }

  private static float[] logits(Path model, int... ids) throws IOException {
    try (Model loaded = Model.load(model, LoadOptions.builder().threads(1).build());
        Session session = loaded.newSession()) {
      TraceStep logits =
          Trace.record(session, ids.length == 0 ? IDS : ids).step("logits").orElseThrow();
      float[] values = new float[logits.rows() * logits.columns()];
      for (int i = 0; i < values.length; i++) {
        values[i] = logits.get(i / logits.columns(), i % logits.columns());
      }
      return values;
    }
  }

  private static int[] greedy(Path model) throws IOException {
    GenerationConfig config =
        GenerationConfig.builder().maxTokens(32).ignoreStopTokens(true).build();
    try (Model loaded = Model.load(model, LoadOptions.builder().threads(1).build());
        Session session = loaded.newSession()) {
      return session.generate(IDS, config).ids();
    }
  }

  private static double distance(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < a.length; i++) {
      difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
      norm += (double) b[i] * b[i];
    }
    return Math.sqrt(difference / norm);
  }
}
