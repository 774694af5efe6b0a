package io.github.bitnet4j.core.tools;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/** Writes {@code config.json} and {@code generation_config.json}. */
final class HuggingFaceJson {
  private HuggingFaceJson() {}

  /** Writes the content of a JSON file. */
  @FunctionalInterface
  interface Writing {
    void to(JsonGenerator json) throws IOException;
  }

  static void write(Path file, Writing writing) throws IOException {
    ModelOutput.writeFile(
        file,
        out -> {
          try (JsonGenerator json =
              new JsonFactory()
                  .createGenerator(out)
                  .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
                  .setPrettyPrinter(new DefaultPrettyPrinter())) {
            writing.to(json);
          }
        });
  }

  /** Writes the configuration of a model with packed weights. */
  static void writeConfig(Path file, ModelConfig config, OptionalInt bosId, List<Integer> eosIds)
      throws IOException {
    boolean bitnet = config.subNorms();
    write(
        file,
        json -> {
          json.writeStartObject();
          json.writeArrayFieldStart("architectures");
          json.writeString(bitnet ? "BitNetForCausalLM" : "LlamaForCausalLM");
          json.writeEndArray();
          json.writeStringField("model_type", bitnet ? "bitnet" : "llama");
          json.writeBooleanField("attention_bias", false);
          writeIds(json, bosId, eosIds);
          json.writeNumberField("head_dim", config.headDim());
          json.writeStringField(
              "hidden_act", config.activation() == Activation.RELU2 ? "relu2" : "silu");
          json.writeNumberField("hidden_size", config.hiddenSize());
          json.writeNumberField("intermediate_size", config.intermediateSize());
          json.writeNumberField("max_position_embeddings", config.contextLength());
          json.writeNumberField("num_attention_heads", config.numHeads());
          json.writeNumberField("num_hidden_layers", config.numLayers());
          json.writeNumberField("num_key_value_heads", config.numKvHeads());
          json.writeNumberField("rms_norm_eps", config.normEpsilon());
          json.writeNumberField("rope_theta", config.ropeTheta());
          json.writeBooleanField("tie_word_embeddings", config.tiedHead());
          json.writeStringField("torch_dtype", "bfloat16");
          json.writeNumberField("vocab_size", config.vocabSize());
          writeQuantization(json, config);
          json.writeEndObject();
        });
  }

  private static void writeQuantization(JsonGenerator json, ModelConfig config) throws IOException {
    boolean divide = config.scaleRule() == ScaleRule.DIVIDE;
    json.writeObjectFieldStart("quantization_config");
    json.writeStringField("quant_method", "bitnet");
    json.writeStringField("linear_class", divide ? "bitlinear" : "autobitlinear");
    json.writeStringField("quantization_mode", "offline");
    if (config.linearNorms()) {
      json.writeBooleanField("use_rms_norm", true);
      json.writeNumberField("rms_norm_eps", config.linearNormEpsilon());
    }
    json.writeEndObject();
  }

  static void writeGenerationConfig(Path file, OptionalInt bosId, List<Integer> eosIds)
      throws IOException {
    write(
        file,
        json -> {
          json.writeStartObject();
          writeIds(json, bosId, eosIds);
          json.writeEndObject();
        });
  }

  private static void writeIds(JsonGenerator json, OptionalInt bosId, List<Integer> eosIds)
      throws IOException {
    if (bosId.isPresent()) {
      json.writeNumberField("bos_token_id", bosId.getAsInt());
    }
    if (eosIds.size() == 1) {
      json.writeNumberField("eos_token_id", eosIds.getFirst());
    } else if (!eosIds.isEmpty()) {
      json.writeArrayFieldStart("eos_token_id");
      for (int id : eosIds) {
        json.writeNumber(id);
      }
      json.writeEndArray();
    }
  }
}
