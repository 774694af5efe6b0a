package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.core.format.GgufValue.BoolValue;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys that would change what a model computes are refused by name; others change nothing. */
class ArithmeticKeysTest {
  private static final Path LLAMA =
      SampleModels.golden("llama-bitlinear").resolveSibling("model-i2_s.gguf");
  private static final int[] IDS = {3, 141, 59, 26, 5, 35};

  @TempDir private Path temp;

  private static GgufValue value(String text) {
    if (text.equals("true") || text.equals("false")) {
      return new BoolValue(Boolean.parseBoolean(text));
    }
    if (text.startsWith("[")) {
      String[] numbers = text.substring(1, text.length() - 1).split(" ");
      ByteBuffer ints = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
      for (String number : numbers) {
        ints.putInt(Integer.parseInt(number));
      }
      return new ArrayValue(5, numbers.length, MemorySegment.ofArray(ints.array()));
    }
    if (text.matches("-?\\d+")) {
      return new IntValue(Long.parseLong(text));
    }
    return text.matches("-?[0-9.eE-]+")
        ? new FloatValue(Double.parseDouble(text))
        : new StringValue(text);
  }

  private static TraceStep logits(Path path) throws IOException {
    try (Model model = Model.load(path);
        Session session = model.newSession()) {
      return Trace.record(session, IDS).step("logits").orElseThrow();
    }
  }

  private Path withKey(Path file, String key, String value) throws IOException {
    EditableGguf gguf = EditableGguf.read(file);
    gguf.metadata.put(key, value(value));
    return gguf.write(temp.resolve("model.gguf"));
  }

  private static void assertRefused(Path path, String... parts) {
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(path).close())
        .withMessageContaining("expected")
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  @ParameterizedTest
  @CsvSource({
    "llama.attention.scale, 0.05",
    "llama.attention.output_scale, 2.0",
    "llama.logit_scale, 0.5",
    "llama.embedding_scale, 12.0",
    "llama.residual_scale, 0.25",
    "llama.rope.scale_linear, 4.0",
    "llama.rope.scaling.factor, 8.0",
    "llama.rope.scaling.type, yarn",
    "llama.rope.scaling.type, longrope",
    "llama.rope.scaling.attn_factor, 0.8",
    "llama.rope.scaling.yarn_log_multiplier, 0.1",
    "llama.rope.dimension_sections, [8 8 8 8]",
    "llama.attention.sliding_window, 16",
    "llama.attention.sliding_window_pattern, 6",
    "llama.attention.clamp_kqv, 8.0",
    "llama.attention.max_alibi_bias, 8.0",
    "llama.attention.causal, false",
    "llama.attn_logit_softcapping, 30.0",
    "llama.final_logit_softcapping, 30.0",
    "llama.use_parallel_residual, true",
    "llama.expert_count, 8",
    "llama.expert_used_count, 2",
    "llama.hidden_activation, gelu",
    "llama.swiglu_clamp_exp, [0 7]",
    "llama.attention.something_new, 3",
    "llama.something_new, 0.5",
    "llama.something.new, true",
    "general.type, adapter",
    "general.type, mmproj",
    "prism.hadamard.block_size, 128",
    "prism.hadamard.sign_values, [1 -1]",
    "llama.hadamard.size, 64",
    "other.weights_rotated, true"
  })
  void keysOfGgufThatChangeTheArithmeticAreRefused(String key, String value) throws IOException {
    String shown = value.startsWith("[") ? "found an array" : "found " + value;
    assertRefused(withKey(LLAMA, key, value), key + ": expected ", shown);
  }

  @ParameterizedTest
  @CsvSource({
    "llama.attention.scale, 0.17677669", // 1 / sqrt(32)
    "llama.logit_scale, 1.0",
    "llama.embedding_scale, 1.0",
    "llama.residual_scale, 1.0",
    "llama.rope.scale_linear, 1.0",
    "llama.rope.scaling.factor, 1.0",
    "llama.rope.scaling.type, none",
    "llama.rope.scaling.type, linear",
    "llama.rope.scaling.original_context_length, 4096",
    "llama.rope.dimension_sections, [0 0 0 0]",
    "llama.attention.sliding_window, 0",
    "llama.attention.sliding_window, 4096",
    "llama.attention.clamp_kqv, 0.0",
    "llama.attention.max_alibi_bias, 0.0",
    "llama.attention.causal, true",
    "llama.attn_logit_softcapping, 0.0",
    "llama.use_parallel_residual, false",
    "llama.expert_count, 0",
    "llama.expert_used_count, 0",
    "llama.hidden_activation, silu",
    "llama.tensor_data_layout, Meta AI original pth",
    "llama.note, made by hand",
    "llama.something_new, 0",
    "llama.new_factor, 1.0",
    "llama.something_new, false",
    "general.type, model",
    "general.something_new, 7",
    "general.sampling.temp, 0.7",
    "company.build, 7",
    "qwen3.logit_scale, 0.5",
    "prism.hadamard.block_size, 0"
  })
  void keysOfGgufThatChangeNothingAreAccepted(String key, String value) throws IOException {
    GoldenFormatsTest.assertLogits(logits(withKey(LLAMA, key, value)), logits(LLAMA), 0);
  }

  @ParameterizedTest
  @CsvSource({"none, 8.0, true", "linear, 8.0, false", "linear, 1.0, true", ", 8.0, false"})
  void aFactorCountsUnlessTheTypeIsNone(String type, String factor, boolean accepted)
      throws IOException {
    EditableGguf gguf = EditableGguf.read(LLAMA);
    if (type != null) {
      gguf.metadata.put("llama.rope.scaling.type", new StringValue(type));
    }
    gguf.metadata.put("llama.rope.scaling.factor", value(factor));
    Path file = gguf.write(temp.resolve("model.gguf"));
    if (accepted) {
      GoldenFormatsTest.assertLogits(logits(file), logits(LLAMA), 0);
    } else {
      assertRefused(file, "llama.rope.scaling.factor: expected 0 or 1", "found 8.0");
    }
  }

  // ---- config.json

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          attention_bias | true | expected false, found true
          mlp_bias | true | expected false, found true
          some_new_bias | true | found true
          sliding_window | 16 | expected null, or at least max_position_embeddings, found 16
          use_sliding_window | true | expected false
          layer_types | ["full_attention", "sliding_attention"] | expected full_attention
          attn_logit_softcapping | 50.0 | expected 0, found 50.0
          final_logit_softcapping | 30.0 | expected 0
          query_pre_attn_scalar | 256 | expected the size of a head, found 256
          logit_scale | 0.0625 | expected 1
          logits_scaling | 8.0 | expected 1
          embedding_multiplier | 12.0 | expected 1
          residual_multiplier | 0.22 | expected 1
          attention_multiplier | 0.0078125 | 1 / sqrt(head_dim)
          partial_rotary_factor | 0.5 | expected 1
          rotary_pct | 0.25 | expected 1
          no_rope_layers | [1, 0] | expected 1
          num_local_experts | 8 | expected 0
          num_experts_per_tok | 2 | expected 0
          n_routed_experts | 64 | expected 0
          qk_norm | true | expected false
          use_qk_norm | true | expected false
          use_sub_norms | false | true for BitNet models, which are supported with sub-norms only
          scale_emb | 12 | may change what the model computes
          clip_qkv | 8.0 | expected 0
          alibi | true | expected false
          rope_scaling | {"rope_type": "default", "partial_rotary_factor": 0.5} | rope_scaling.partial_rotary_factor
          rope_parameters | {"rope_type": "default", "mrope_section": [8, 8]} | rope_parameters.mrope_section
          rope_parameters | {"full_attention": {"rope_theta": 1e6}} | rope_parameters.full_attention
          """)
  void keysOfConfigJsonThatChangeTheArithmeticAreRefused(String key, String json, String part)
      throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, temp.resolve("model"));
    SampleModels.setConfig(model, key, json);
    assertRefused(model, "config.json: ", key, part);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          attention_bias | false
          mlp_bias | null
          sliding_window | null
          sliding_window | 4096
          use_sliding_window | false
          layer_types | ["full_attention", "full_attention"]
          attn_logit_softcapping | null
          query_pre_attn_scalar | 64
          logit_scale | 1.0
          residual_multiplier | 1
          attention_multiplier | 0.125
          partial_rotary_factor | 1.0
          num_local_experts | 0
          qk_norm | false
          use_sub_norms | true
          max_window_layers | 28
          initializer_range | 0.02
          attention_dropout | 0.1
          temperature | 0.7
          repetition_penalty | 1.1
          chunk_size_feed_forward | 0
          use_rope | true
          pretraining_tp | 2
          torch_dtype | "bfloat16"
          transformers_version | "4.52.0"
          future_field | {"a": [1]}
          id2label | {"0": "a"}
          rope_scaling | {"rope_type": "default", "factor": 8.0}
          rope_parameters | {"rope_type": "default", "rope_theta": 500000.0, "partial_rotary_factor": 1}
          """)
  void keysOfConfigJsonThatChangeNothingAreAccepted(String key, String json) throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, temp.resolve("model"));
    SampleModels.setConfig(model, key, json);
    GoldenFormatsTest.assertLogits(logits(model), logits(SampleModels.TIED), 0);
  }

  @Test
  void aWindowThatIsSwitchedOffIsNoWindow() throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, temp.resolve("model"));
    SampleModels.setConfig(model, "sliding_window", "16");
    SampleModels.setConfig(model, "use_sliding_window", "false");
    GoldenFormatsTest.assertLogits(logits(model), logits(SampleModels.TIED), 0);
    SampleModels.setConfig(model, "layer_types", "[\"sliding_attention\", \"full_attention\"]");
    assertRefused(model, "layer_types: expected full_attention");
  }
}
