package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.format.EditableGguf.Content;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Masters;
import io.github.bitnet4j.core.format.WeightSource.Norm;
import io.github.bitnet4j.core.format.WeightSource.Packed;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Hugging Face directories that other loaders misread: each gives the logits of the golden model,
 * bit for bit, or is refused by name.
 */
class HuggingFaceVariantsTest {
  private static final int[] IDS = {3, 141, 59, 26, 5, 35};
  private static final Map<Linear, String> LINEARS =
      Map.of(
          Linear.Q,
          "attn_q",
          Linear.K,
          "attn_k",
          Linear.V,
          "attn_v",
          Linear.O,
          "attn_output",
          Linear.GATE,
          "ffn_gate",
          Linear.UP,
          "ffn_up",
          Linear.DOWN,
          "ffn_down");
  private static final Map<Norm, String> NORMS =
      Map.of(
          Norm.INPUT, "attn_norm",
          Norm.ATTENTION_SUB, "attn_sub_norm",
          Norm.POST_ATTENTION, "ffn_norm",
          Norm.FEED_FORWARD_SUB, "ffn_sub_norm");

  @TempDir Path temp;

  private static TraceStep logits(Path path) throws IOException {
    try (Model model = Model.load(path);
        Session session = model.newSession()) {
      return Trace.record(session, IDS).step("logits").orElseThrow();
    }
  }

  private Path copy(String golden) throws IOException {
    return SampleModels.copy(SampleModels.golden(golden), temp.resolve(golden));
  }

  private static void putOnes(Path directory, String name, long... shape) throws IOException {
    long count = 1;
    for (long dimension : shape) {
      count *= dimension;
    }
    byte[] data = new byte[Math.toIntExact(2 * count)];
    for (int i = 1; i < data.length; i += 2) {
      data[i] = 0x3F; // BF16 0.5
    }
    List<Long> dimensions = Arrays.stream(shape).boxed().toList();
    SampleModels.editWeights(
        directory,
        entries -> entries.put(name, SampleModels.entry(name, DType.BF16, dimensions, data)));
  }

  private static void assertRefused(Path directory, String... parts) {
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(directory).close())
        .withMessageStartingWith(directory.toString())
        .withMessageContaining("expected")
        .withMessageContaining("found")
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  private static void assertSameLogits(Path changed, String golden) throws IOException {
    GoldenFormatsTest.assertLogits(logits(changed), logits(SampleModels.golden(golden)), 0);
  }

  @Test
  void aTiedModelsHeadIsTheEmbeddingWhateverElseIsThere() throws IOException {
    Path model = copy("b158-tied");
    putOnes(model, "lm_head.weight", 296, 256);
    assertSameLogits(model, "b158-tied");
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-bitlinear", "llama-autobitlinear"})
  void normsThatTheFamilyDoesNotHaveAreRefused(String golden) throws IOException {
    for (String norm :
        List.of(
            "self_attn.attn_sub_norm",
            "self_attn.inner_attn_ln",
            "self_attn.q_norm",
            "self_attn.q_proj.rms_norm",
            "mlp.ffn_sub_norm",
            "mlp.ffn_layernorm",
            "mlp.down_proj.norm",
            "post_feedforward_layernorm")) {
      Path model =
          SampleModels.copy(SampleModels.golden(golden), temp.resolve(golden + "-" + norm));
      String name = "model.layers.1." + norm + ".weight";
      putOnes(model, name, 128);
      assertRefused(model, name, "config.json explains");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"inner_attn_ln", "attn_sub_norm"})
  void oneNormIsNotStoredUnderBothOfItsNames(String second) throws IOException {
    String golden = second.equals("inner_attn_ln") ? "b158-tied" : "old-1bitllm";
    Path model = copy(golden);
    putOnes(
        model,
        "model.layers.0.self_attn." + second + ".weight",
        golden.equals("b158-tied") ? 256 : 128);
    assertRefused(model, "model.layers.0.self_attn.", "config.json explains");
  }

  @Test
  void rotaryFrequenciesThatTheConfigurationGivesAnywayAreIgnored() throws IOException {
    Path model = copy("old-1bitllm");
    putOnes(model, "model.layers.0.self_attn.rotary_emb.inv_freq", 16);
    putOnes(model, "model.rotary_emb.inv_freq", 16);
    assertSameLogits(model, "old-1bitllm");
  }

  @Test
  void theHeadSizeIsTheConfigurationsAndNotHiddenSizeByHeads() throws IOException {
    Path model = copy("llama-bitlinear"); // 8 heads of 32, hidden size 128
    SampleModels.removeConfig(model, "head_dim");
    assertRefused(model, "model.layers.0.self_attn.q_proj.weight", "[32, 128]", "[64, 128]");
    SampleModels.setConfig(model, "head_dim", "32");
    assertSameLogits(model, "llama-bitlinear");
  }

  @ParameterizedTest
  @CsvSource({"b158-tied, 1", "b158-tied, 4", "b158-untied-sharded, 10", "b158-untied-sharded, 1"})
  void keyHeadsThatTheWeightsDoNotHaveAreRefused(String golden, int kvHeads) throws IOException {
    Path model = copy(golden);
    SampleModels.setConfig(model, "num_key_value_heads", String.valueOf(kvHeads));
    assertRefused(model, "model.layers.0.self_attn.k_proj.weight", "shape");
  }

  @Test
  void theSpellingsOfTransformers5AreRead() throws IOException {
    for (String golden : List.of("b158-tied", "llama-bitlinear")) {
      Path model = copy(golden);
      String theta = golden.equals("b158-tied") ? "500000.0" : "1000042.0";
      SampleModels.removeConfig(model, "rope_theta");
      SampleModels.removeConfig(model, "torch_dtype");
      SampleModels.setConfig(model, "dtype", "\"bfloat16\"");
      SampleModels.setConfig(
          model, "rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": " + theta + "}");
      assertSameLogits(model, golden);
    }
  }

  // ---- The same weights as GGUF, of sizes that engines are not used to

  @ParameterizedTest
  @CsvSource({
    "b158-untied-sharded, I2_S", // rows of 320 and 432: blocks cross rows
    "b158-untied-sharded, F16",
    "b158-untied-sharded, F32",
    "llama-autobitlinear, F32", // rows of 160, and rows of q and k are permuted
    "b158-bf16-online, F32", // rows of 176; masters, no trits
    "old-1bitllm, F32"
  })
  void sizesThatAreNoMultipleOf128AreReadFromGguf(String golden, GgufType type) throws IOException {
    Path file = toGguf(SampleModels.golden(golden), type).write(temp.resolve("model.gguf"));
    assertSameLogits(file, golden);
  }

  private static EditableGguf toGguf(Path directory, GgufType type) throws IOException {
    EditableGguf gguf = new EditableGguf();
    try (Arena arena = Arena.ofConfined()) {
      HuggingFaceConfig read = HuggingFaceConfig.read(directory, false);
      ModelConfig config = read.model();
      WeightSource weights =
          new HuggingFaceWeights(
              config, read.masterRule(), TensorSet.open(directory, arena, false));
      String arch =
          switch (config.architecture()) {
            case "BitNetForCausalLM" -> "bitnet-b1.58";
            case "BitnetForCausalLM" -> "bitnet";
            default -> "llama";
          };
      gguf.metadata.put("general.architecture", new StringValue(arch));
      gguf.metadata.put(arch + ".vocab_size", new IntValue(config.vocabSize()));
      gguf.metadata.put(arch + ".embedding_length", new IntValue(config.hiddenSize()));
      gguf.metadata.put(arch + ".feed_forward_length", new IntValue(config.intermediateSize()));
      gguf.metadata.put(arch + ".block_count", new IntValue(config.numLayers()));
      gguf.metadata.put(arch + ".attention.head_count", new IntValue(config.numHeads()));
      gguf.metadata.put(arch + ".attention.head_count_kv", new IntValue(config.numKvHeads()));
      gguf.metadata.put(arch + ".attention.key_length", new IntValue(config.headDim()));
      gguf.metadata.put(
          arch + ".attention.layer_norm_rms_epsilon", new FloatValue(config.normEpsilon()));
      gguf.metadata.put(arch + ".rope.freq_base", new FloatValue(config.ropeTheta()));
      gguf.tensors.put("token_embd.weight", dense(weights.embedding()));
      gguf.tensors.put("output_norm.weight", dense(weights.finalNorm()));
      if (!config.tiedHead()) {
        gguf.tensors.put("output.weight", dense(weights.head()));
      }
      for (int layer = 0; layer < config.numLayers(); layer++) {
        String prefix = "blk." + layer + ".";
        for (Norm norm : Norm.values()) {
          if (config.subNorms() || norm == Norm.INPUT || norm == Norm.POST_ATTENTION) {
            gguf.tensors.put(
                prefix + NORMS.get(norm) + ".weight", dense(weights.norm(layer, norm)));
          }
        }
        for (Linear linear : Linear.values()) {
          boolean permute = arch.equals("llama") && (linear == Linear.Q || linear == Linear.K);
          Content content =
              switch (weights.linear(layer, linear)) {
                case Packed packed -> {
                  byte[][] trits = TritEncoder.decode(packed.trits());
                  yield TritEncoder.encode(
                      type, permute ? permute(trits, config.headDim()) : trits, packed.scale());
                }
                case Masters masters -> dense(masters.weights());
              };
          gguf.tensors.put(prefix + LINEARS.get(linear) + ".weight", content);
        }
      }
    }
    return gguf;
  }

  /** Row 2j + b of a head in the file is its row {@code b * headDim / 2 + j}. */
  private static byte[][] permute(byte[][] rows, int headDim) {
    byte[][] permuted = new byte[rows.length][];
    for (int head = 0; head < rows.length; head += headDim) {
      for (int j = 0; j < headDim / 2; j++) {
        permuted[head + 2 * j] = rows[head + j];
        permuted[head + 2 * j + 1] = rows[head + headDim / 2 + j];
      }
    }
    return permuted;
  }

  private static Content dense(DenseMatrix matrix) {
    GgufType type = GgufType.valueOf(matrix.type().name());
    return new Content(
        type.id(),
        List.of((long) matrix.columns(), (long) matrix.rows()),
        matrix.data().toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  void copiedFilesGiveTheSameLogits() throws IOException {
    LoadOptions copied = LoadOptions.builder().copyWeights(true).build();
    Path tied = SampleModels.golden("b158-tied");
    for (Path path :
        List.of(
            tied,
            tied.resolveSibling("model-i2_s.gguf"),
            SampleModels.golden("b158-untied-sharded"))) {
      try (Model model = Model.load(path, copied);
          Session session = model.newSession()) {
        TraceStep logits = Trace.record(session, IDS).step("logits").orElseThrow();
        GoldenFormatsTest.assertLogits(logits, logits(path), 0);
      }
    }
  }
}
