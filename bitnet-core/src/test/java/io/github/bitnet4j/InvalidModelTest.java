package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.bitnet4j.core.format.DType;
import io.github.bitnet4j.core.format.SafetensorsWriter.Entry;
import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is wrong with a model directory, the message names file, place, expected and found. */
class InvalidModelTest {
  private static final String Q = "model.layers.1.self_attn.q_proj.weight";
  private static final String NORM = "model.layers.0.input_layernorm.weight";
  private static final String EMBEDDING = "model.embed_tokens.weight";

  @TempDir Path temp;
  private Path directory;
  private Path weights;
  private Path config;

  @BeforeEach
  void copy() throws IOException {
    directory = SampleModels.copy(SampleModels.TIED, temp.resolve("model"));
    weights = directory.resolve("model.safetensors");
    config = directory.resolve("config.json");
  }

  private void assertRejected(Path file, String... parts) {
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(directory).close())
        .satisfies(e -> assertThat(e.path()).isEqualTo(file))
        .withMessageStartingWith(file + ": ")
        .withMessageContaining("expected")
        .withMessageContaining("found")
        .satisfies(e -> assertThat(e.getMessage()).contains(parts).hasSizeLessThan(1000));
  }

  private void assertLoads() throws IOException {
    try (Model model = Model.load(directory)) {
      assertThat(model.info().vocabSize()).isEqualTo(296);
    }
  }

  @Test
  void theUnchangedCopyLoads() throws IOException {
    SampleModels.editWeights(directory, entries -> {});
    SampleModels.setConfig(directory, "unknown_key", "{\"is\": [\"ignored\"]}");
    assertLoads();
  }

  // ---- Paths and files

  @Test
  void aMissingPathIsNoSuchFile() {
    Path missing = temp.resolve("missing");
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> Model.load(missing))
        .withMessage(missing + ": it does not exist");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GGUF", "some text", "{}"})
  void aFileOfAnotherKindIsNoModel(String content) throws IOException {
    Path file = Files.writeString(temp.resolve("model.bin"), content);
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(file))
        .satisfies(e -> assertThat(e.path()).isEqualTo(file))
        .withMessageStartingWith(file + ": ")
        .withMessageContaining("expected")
        .withMessageContaining("found");
  }

  @Test
  void aDirectoryWithoutConfigIsNoModel() throws IOException {
    Files.delete(config);
    assertRejected(
        directory, "config.json", "found the files generation_config.json, model.safetensors");
  }

  @Test
  void aDirectoryWithoutWeightsSaysWhatToDo() throws IOException {
    Files.delete(weights);
    assertRejected(
        directory, "model.safetensors or model.safetensors.index.json", "download the weights");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "nonsense", "{\"a\": 1} x", "\"text\"", "{\"a\": NaN}"})
  void aConfigThatIsNoJsonObjectIsRejected(String text) throws IOException {
    Files.writeString(config, text);
    assertRejected(config, "JSON");
  }

  @Test
  void aConfigThatIsNoUtf8IsRejected() throws IOException {
    Files.write(config, new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'});
    assertRejected(config, "JSON");
  }

  // ---- Configuration

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      nullValues = "-",
      textBlock =
          """
          architectures | null | nothing
          architectures | [] | nothing
          architectures | ["GPT2LMHeadModel"] | LlamaForCausalLM or BitnetForCausalLM, found GPT2LMHeadModel
          architectures | ["bitnetforcausallm"] | found bitnetforcausallm
          architectures | "BitNetForCausalLM" | a list of strings, found a string
          architectures | [1] | strings, found the number 1
          hidden_act | "gelu" | relu2 or silu, found gelu
          hidden_act | 3 | a string, found the number 3
          rope_scaling | {"rope_type": "llama3", "factor": 8} | rope_type: expected default, found llama3
          rope_scaling | {"type": "linear"} | expected default, found linear
          rope_scaling | "yarn" | an object, found a string
          rope_parameters | {"rope_type": "yarn"} | expected default, found yarn
          rope_parameters | {"rope_theta": -1} | rope_theta: expected a positive finite number, found -1
          rope_theta | 0 | a positive finite number, found 0
          rope_theta | 1e300 | a positive finite number
          rope_theta | "10000" | a number, found a string
          rms_norm_eps | -1e-5 | a positive finite number
          rms_norm_eps | 1e-300 | a positive finite number
          rms_norm_eps | "NaN" | a number, found a string
          quantization_config | null | an object of quant_method bitnet, found nothing
          quantization_config | [] | an object, found an array
          quantization_config.quant_method | "awq" | quant_method: expected bitnet, found awq
          quantization_config.quant_method | null | expected bitnet
          quantization_config.linear_class | "foo" | autobitlinear or bitlinear, found foo
          quantization_config.quantization_mode | "sometimes" | quantization_mode: expected offline
          quantization_config.use_rms_norm | "no" | true or false, found a string
          quantization_config.modules_to_not_convert | ["lm_head", "q_proj"] | modules_to_not_convert: expected no linear layer of a block, all of which must be ternary, found q_proj, which excludes model.layers.0.self_attn.q_proj
          quantization_config.modules_to_not_convert | ["model.layers.1.mlp"] | found model.layers.1.mlp, which excludes model.layers.1.mlp.gate_proj
          quantization_config.modules_to_not_convert | ["model"] | found model, which excludes model.layers.0.self_attn.q_proj
          quantization_config.modules_to_not_convert | ["model.layers.*.mlp"] | names of modules, without patterns, found model.layers.*.mlp
          quantization_config.modules_to_not_convert | [""] | names of modules
          quantization_config.modules_to_not_convert | "lm_head" | a list of strings, found a string
          attention_bias | true | attention_bias: expected false, found true
          tie_word_embeddings | 1 | true or false, found the number 1
          head_dim | 63 | an even number, found 63
          head_dim | 128 | num_attention_heads * head_dim to be hidden_size, 256, found 128
          head_dim | 0 | from 2
          head_dim | 1048576 | num_attention_heads * head_dim of at most 1048576
          num_attention_heads | 3 | expected
          num_attention_heads | 257 | from 1 to 256, found 257
          num_key_value_heads | 3 | a divisor of num_attention_heads, 4, found 3
          num_key_value_heads | 8 | from 1 to 4, found 8
          max_position_embeddings | 0 | from 1 to
          max_position_embeddings | 99999999999 | from 1 to
          eos_token_id | 296 | from 0 to 295, found 296
          eos_token_id | -1 | from 0 to 295, found -1
          eos_token_id | [1, 400] | from 0 to 295, found 400
          eos_token_id | [1, "2"] | whole numbers, found a string
          eos_token_id | "295" | a whole number or a list of them, found a string
          """)
  void unsupportedConfigurationValuesAreNamed(String key, String value, String expected)
      throws IOException {
    SampleModels.setConfig(directory, key, value);
    String place = key.startsWith("rope_") ? "rope_" : key;
    assertRejected(config, place, expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "vocab_size"
      })
  void sizesMustBeWholeNumbersInRange(String key) throws IOException {
    for (String value :
        List.of("0", "-1", "1.5", "2147483648", "1e30", "\"256\"", "true", "[256]", "{}")) {
      SampleModels.setConfig(directory, key, value);
      assertRejected(config, key + ": expected a whole number");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "vocab_size"
      })
  void sizesMustBeGiven(String key) throws IOException {
    SampleModels.removeConfig(directory, key);
    assertRejected(config, key + ": expected a whole number, found nothing");
  }

  @ParameterizedTest
  @CsvSource({
    "hidden_size, 512",
    "hidden_size, 1048576",
    "intermediate_size, 516",
    "intermediate_size, 1048576",
    "num_hidden_layers, 3",
    "num_hidden_layers, 10000",
    "num_key_value_heads, 1",
    "vocab_size, 297",
    "vocab_size, 16777216",
  })
  void sizesMustFitTheWeights(String key, String value) throws IOException {
    SampleModels.setConfig(directory, key, value);
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(directory).close())
        .withMessageStartingWith(directory.toString())
        .withMessageContaining("tensor")
        .withMessageContaining("expected")
        .withMessageContaining("found");
  }

  /** The file is not needed: whatever is wrong with it, the model loads without it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[",
        "[]",
        "not JSON",
        "{\"temperature\": NaN}",
        "{\"eos_token_id\": [294, 296]}",
        "{\"eos_token_id\": \"294\"}",
        "{\"eos_token_id\": {}}"
      })
  void aGenerationConfigThatCannotBeUsedIsIgnored(String text) throws IOException {
    Files.writeString(directory.resolve("generation_config.json"), text);
    try (Model model = Model.load(directory)) {
      assertThat(model.info().stopIds()).containsExactly(295);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[\"lm_head\"]",
        "[\"model.embed_tokens\", \"model.norm\", \"lm_head\"]",
        "[\"embed_tokens\", \"model.layers.0.input_layernorm\", \"model.layers.7.mlp.up_proj\"]",
        "[]"
      })
  void modulesThatAreDenseAnywayMayBeExcluded(String names) throws IOException {
    SampleModels.setConfig(directory, "quantization_config.modules_to_not_convert", names);
    assertLoads();
  }

  @Test
  void aTokenizerLargerThanTheVocabularyBelongsToAnotherModel() throws IOException {
    Path tokenizer = directory.resolve("tokenizer.json");
    Files.copy(SampleModels.DEMO.resolve("tokenizer.json"), tokenizer);
    assertRejected(tokenizer, "at most 296 tokens", "found 2048", "belongs to another model");
    Files.writeString(tokenizer, "{}");
    assertRejected(tokenizer, "expected a tokenizer");
  }

  // ---- Weights

  static IntStream cuts() throws IOException {
    long size = Files.size(SampleModels.TIED.resolve("model.safetensors"));
    IntStream start = IntStream.of(0, 1, 7, 8, 9, 10, 100, 1000, 3000, 4000, 5000);
    IntStream spread = IntStream.range(1, 20).map(i -> (int) (size * i / 20));
    return IntStream.concat(
        IntStream.concat(start, spread), IntStream.of((int) size - 512, (int) size - 1));
  }

  @ParameterizedTest
  @MethodSource("cuts")
  void truncatedWeightsAreRejected(int length) throws IOException {
    Files.write(weights, Arrays.copyOf(Files.readAllBytes(weights), length));
    assertRejected(weights, length < 8 ? "8 bytes" : "");
  }

  @Test
  void bytesAfterTheLastTensorAreRejected() throws IOException {
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(bytes, bytes.length + 1));
    assertRejected(weights, "end of data", "bytes belong to no tensor");
  }

  @Test
  void anUnknownDtypeIsRejected() throws IOException {
    changeHeader("\"U8\"", "\"U7\"");
    assertRejected(weights, "expected a dtype of [BOOL, U8", "found \"U7\"");
  }

  @Test
  void aFaultOfTheHeaderIsRejectedWithItsPlace() throws IOException {
    changeHeader("\\[0,", "[x,");
    assertRejected(
        weights, "header, entry \"model.", "line 1, column ", "expected an integer, found 'x'");
  }

  /** Replaces the first match of an expression in the header by as many characters. */
  private void changeHeader(String regex, String replacement) throws IOException {
    byte[] bytes = Files.readAllBytes(weights);
    int header = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    String json = new String(bytes, 8, header, StandardCharsets.UTF_8);
    byte[] changed = json.replaceFirst(regex, replacement).getBytes(StandardCharsets.UTF_8);
    System.arraycopy(changed, 0, bytes, 8, header);
    Files.write(weights, bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {Q, NORM, EMBEDDING, "model.norm.weight", Q + "_scale"})
  void aMissingTensorIsNamed(String name) throws IOException {
    SampleModels.editWeights(directory, entries -> entries.remove(name));
    assertRejected(directory, "expected the tensor " + name + ", found none");
  }

  @ParameterizedTest
  @ValueSource(strings = {Q, NORM, EMBEDDING, "model.norm.weight", Q + "_scale"})
  void aTensorOfAnotherShapeIsNamed(String name) throws IOException {
    SampleModels.editWeights(
        directory,
        entries -> {
          Entry old = entries.get(name);
          byte[] twice = new byte[(int) old.data().byteSize() * 2];
          List<Long> shape =
              old.shape().size() == 1
                  ? List.of(2 * old.shape().get(0))
                  : List.of(2 * old.shape().get(0), old.shape().get(1));
          entries.put(name, SampleModels.entry(name, old.dtype(), shape, twice));
        });
    assertRejected(weights, "tensor " + name + " at byte ", "shape");
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"I8", "BOOL", "F8_E4M3"})
  void packedWeightsOfAnotherTypeAreRejected(DType dtype) throws IOException {
    SampleModels.editWeights(
        directory,
        entries -> {
          Entry old = entries.get(Q);
          entries.put(Q, new Entry(Q, dtype, old.shape(), old.data()));
        });
    assertRejected(weights, "tensor " + Q + " at byte ", "expected U8", "found " + dtype);
  }

  @Test
  void aNormOfIntegersIsRejected() throws IOException {
    SampleModels.editWeights(
        directory,
        entries -> {
          Entry old = entries.get(NORM);
          entries.put(NORM, new Entry(NORM, DType.U16, old.shape(), old.data()));
        });
    assertRejected(weights, "tensor " + NORM + " at byte ", "found U16");
  }

  @Test
  void normsOfLinearLayersAreNeededIfTheConfigurationHasThem() throws IOException {
    SampleModels.setConfig(directory, "quantization_config.use_rms_norm", "true");
    assertRejected(directory, "expected the tensor model.layers.0.", "rms_norm.weight, found none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.layers.2.self_attn.q_proj.weight",
        "model.layers.0.self_attn.q_proj.bias",
        "model.layers.0.mlp.gate_up_proj.weight"
      })
  void linearLayersThatTheConfigurationDoesNotExplainAreRejected(String name) throws IOException {
    SampleModels.editWeights(
        directory,
        entries -> entries.put(name, SampleModels.entry(name, DType.U8, List.of(4L), new byte[4])));
    assertRejected(weights, "tensor " + name, "only tensors that config.json explains");
  }

  @Test
  void fewerLayersThanTheWeightsHaveAreRejected() throws IOException {
    SampleModels.setConfig(directory, "num_hidden_layers", "1");
    assertRejected(weights, "model.layers.1.", "the weights belong to another configuration");
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0, 3", "7777, 1", "16383, 2"})
  void theInvalidTritCodeIsFoundWhereverItIs(int at, int position) throws IOException {
    int code = 3 << 2 * position;
    SampleModels.editTensor(directory, Q, data -> data[at] |= (byte) code);
    assertRejected(
        weights,
        "tensor " + Q + " at byte ",
        "valid trit codes, found an invalid one in its byte " + at + ";");
  }

  @ParameterizedTest
  @ValueSource(
      floats = {Float.NaN, 0, -0f, -1.5f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void scalesMustBePositiveAndFinite(float scale) throws IOException {
    SampleModels.editTensor(directory, Q + "_scale", data -> set(data, 0, scale));
    assertRejected(weights, Q, "a positive finite weight scale, found " + scale);
  }

  private static void set(byte[] bf16, int index, float value) {
    System.arraycopy(SampleModels.bf16(value), 0, bf16, 2 * index, 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "F16", "BF16"})
  void scalesOfEveryFloatTypeAndShapeAreRead(DType dtype) throws IOException {
    byte[] one =
        switch (dtype) {
          case F32 -> new byte[] {0, 0, (byte) 0x80, 0x3F};
          case F16 -> new byte[] {0, 0x3C};
          default -> SampleModels.bf16(1);
        };
    String name = Q + "_scale";
    SampleModels.editWeights(
        directory, entries -> entries.put(name, SampleModels.entry(name, dtype, List.of(), one)));
    assertLoads();
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void normsMustBeFinite(float value) throws IOException {
    for (String name :
        List.of(NORM, "model.norm.weight", "model.layers.1.mlp.ffn_sub_norm.weight")) {
      byte[] before = Files.readAllBytes(weights);
      SampleModels.editTensor(directory, name, data -> set(data, 99, value));
      assertRejected(weights, "tensor " + name, "finite values, found " + value + " at index 99");
      Files.write(weights, before);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void embeddingsMustBeFinite(float value) throws IOException {
    for (int index : new int[] {0, 5 * 256 + 3, 296 * 256 - 1}) {
      byte[] before = Files.readAllBytes(weights);
      SampleModels.editTensor(directory, EMBEDDING, data -> set(data, index, value));
      assertRejected(weights, "tensor " + EMBEDDING, "finite values", "in row " + index / 256);
      Files.write(weights, before);
    }
  }

  @Test
  void anEmbeddingThatIsMostlyZeroIsRejected() throws IOException {
    SampleModels.editTensor(
        directory, EMBEDDING, data -> Arrays.fill(data, 0, 148 * 512, (byte) 0));
    assertLoads(); // half of the rows may be unused
    SampleModels.editTensor(
        directory, EMBEDDING, data -> Arrays.fill(data, 0, 149 * 512, (byte) 0));
    assertRejected(weights, EMBEDDING, "found 149 of 296 rows all zero");
  }

  @Test
  void anUntiedHeadIsNeededAndVerified() throws IOException {
    SampleModels.setConfig(directory, "tie_word_embeddings", "false");
    assertRejected(directory, "expected the tensor lm_head.weight, found none");
    SampleModels.editWeights(
        directory,
        entries -> {
          Entry embedding = entries.get(EMBEDDING);
          byte[] data = embedding.data().toArray(ValueLayout.JAVA_BYTE);
          set(data, 256, Float.NaN);
          MemorySegment head = MemorySegment.ofArray(data);
          entries.put(
              "lm_head.weight", new Entry("lm_head.weight", DType.BF16, embedding.shape(), head));
        });
    assertRejected(weights, "tensor lm_head.weight", "in row 1");
  }

  // ---- Options

  @Test
  void aContextAboveTheModelsOwnIsRefused() {
    LoadOptions options = LoadOptions.builder().contextLength(129).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Model.load(directory, options))
        .withMessage("contextLength: expected at most 128 (the model's own), found 129");
  }

  /** Faults that need no weights are found before the weights, which take minutes. */
  @Test
  void optionsAndSmallFilesAreCheckedBeforeTheWeights() throws IOException {
    Files.writeString(weights, "no weights");
    assertThatExceptionOfType(KernelUnavailableException.class)
        .isThrownBy(
            () -> Model.load(directory, LoadOptions.builder().kernels("abacus").build()).close())
        .withMessageContaining("expected the provider abacus");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Model.load(directory, LoadOptions.builder().contextLength(129).build()).close());
    assertRejected(weights, "expected");
    Path tokenizer = Files.writeString(directory.resolve("tokenizer.json"), "{}");
    assertRejected(tokenizer, "expected a tokenizer");
  }

  @Test
  void aFailedLoadLeavesNoThreads() throws IOException {
    Files.delete(weights);
    LoadOptions options = LoadOptions.builder().threads(5).build();
    long before = bitnetThreads();
    for (int i = 0; i < 3; i++) {
      assertThatExceptionOfType(ModelFormatException.class)
          .isThrownBy(() -> Model.load(directory, options));
    }
    assertThat(bitnetThreads()).isEqualTo(before);
  }

  private static long bitnetThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("bitnet4j"))
        .count();
  }
}
