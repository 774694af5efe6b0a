package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.WeightSource.MasterRule;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import io.github.bitnet4j.tokenizer.file.Printable;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * {@code config.json} and {@code generation_config.json} of a Hugging Face directory. {@link
 * HuggingFaceKeys} checks that no key changes the arithmetic unnoticed.
 *
 * @param model what the forward pass needs
 * @param stopIds ids that end a generation: the end-of-sequence ids of both files
 * @param masterRule how dense weights of linear layers become trits; null if they are packed
 * @param warnings faults of {@code generation_config.json}, which is not needed
 */
record HuggingFaceConfig(
    ModelConfig model,
    List<Integer> stopIds,
    @Nullable MasterRule masterRule,
    List<String> warnings) {
  /** The families, told apart by the class that the file names. */
  private enum Family {
    /** bitnet-b1.58-2B-4T. */
    BITNET("BitNetForCausalLM"),
    /** Llama with BitLinear or AutoBitLinear layers. */
    LLAMA("LlamaForCausalLM"),
    /** The first BitNet models, of 1bitLLM. Their model_type is llama too. */
    OLD_BITNET("BitnetForCausalLM");

    private final String architecture;

    Family(String architecture) {
      this.architecture = architecture;
    }
  }

  /** The quantized linear layers: packed weights have no rule for masters. */
  private record Quantization(
      ScaleRule scaleRule, @Nullable MasterRule masterRule, float linearNormEpsilon) {}

  // Far above any published model; they keep sizes computed from them within an int or a long.
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_LAYERS = 10_000;
  private static final int MAX_CONTEXT = 1 << 24;
  private static final int MAX_VOCABULARY = 1 << 24;

  /**
   * Reads the files.
   *
   * @param quantizeMasters see {@link io.github.bitnet4j.LoadOptions.Builder#quantizeMasters}
   */
  static HuggingFaceConfig read(Path directory, boolean quantizeMasters) throws IOException {
    JsonConfig json = JsonConfig.read(directory.resolve("config.json"));
    Family family = readFamily(json);
    Quantization quantization =
        family == Family.OLD_BITNET
            ? new Quantization(ScaleRule.MULTIPLY, MasterRule.QUANTIZE, 0)
            : readQuantization(json, quantizeMasters);
    ModelConfig model = readModel(json, family, quantization);
    HuggingFaceKeys.check(json, model);

    TreeSet<Integer> stopIds =
        new TreeSet<>(json.intOrInts("eos_token_id", 0, model.vocabSize() - 1));
    List<String> warnings = new ArrayList<>();
    Path generationPath = directory.resolve("generation_config.json");
    if (RegularFile.isPresent(generationPath)) {
      try {
        stopIds.addAll(
            JsonConfig.read(generationPath).intOrInts("eos_token_id", 0, model.vocabSize() - 1));
      } catch (IOException e) {
        String fault = e instanceof ModelFormatException ? e.getMessage() : e.toString();
        warnings.add(Printable.message(fault + "; this file is ignored"));
      }
    }
    return new HuggingFaceConfig(
        model, List.copyOf(stopIds), quantization.masterRule, List.copyOf(warnings));
  }

  private static Family readFamily(JsonConfig json) throws ModelFormatException {
    List<String> architectures = json.strings("architectures");
    if (architectures.isEmpty()) {
      throw json.problem("architectures", "a list with the model's class", "nothing");
    }
    for (Family family : Family.values()) {
      if (family.architecture.equals(architectures.getFirst())) {
        return family;
      }
    }
    throw json.problem(
        "architectures",
        "BitNetForCausalLM, LlamaForCausalLM or BitnetForCausalLM",
        architectures.getFirst());
  }

  private static ModelConfig readModel(JsonConfig json, Family family, Quantization quantization)
      throws ModelFormatException {
    boolean bitnet = family == Family.BITNET;
    boolean subNorms = family != Family.LLAMA;
    int hiddenSize = json.requiredInt("hidden_size", 1, MAX_WIDTH);
    int numHeads = json.requiredInt("num_attention_heads", 1, hiddenSize);
    int numKvHeads = json.optionalInt("num_key_value_heads", 1, numHeads, numHeads);
    if (numHeads % numKvHeads != 0) {
      throw json.problem(
          "num_key_value_heads", "a divisor of num_attention_heads, " + numHeads, numKvHeads);
    }
    int headDim = json.optionalInt("head_dim", 2, MAX_WIDTH, hiddenSize / numHeads);
    if (headDim % 2 != 0 || headDim < 2) {
      throw json.problem("head_dim", "an even number", headDim);
    }
    if ((long) numHeads * headDim > MAX_WIDTH) {
      throw json.problem(
          "head_dim", "num_attention_heads * head_dim of at most " + MAX_WIDTH, headDim);
    }
    if (subNorms && numHeads * headDim != hiddenSize) {
      throw json.problem(
          "head_dim", "num_attention_heads * head_dim to be hidden_size, " + hiddenSize, headDim);
    }
    return new ModelConfig(
        family.architecture,
        hiddenSize,
        json.requiredInt("intermediate_size", 1, MAX_WIDTH),
        json.requiredInt("num_hidden_layers", 1, MAX_LAYERS),
        numHeads,
        numKvHeads,
        headDim,
        json.requiredInt("vocab_size", 1, MAX_VOCABULARY),
        json.optionalInt("max_position_embeddings", 1, MAX_CONTEXT, 2048),
        json.positiveFloat("rms_norm_eps", bitnet ? 1e-5f : 1e-6f),
        readRopeTheta(json, bitnet ? 500_000 : 10_000),
        readActivation(json, bitnet ? "relu2" : "silu"),
        subNorms,
        quantization.linearNormEpsilon,
        quantization.scaleRule,
        json.bool("tie_word_embeddings", false));
  }

  /** Reads which of the published quantized linear layers the weights are for. */
  private static Quantization readQuantization(JsonConfig json, boolean quantizeMasters)
      throws ModelFormatException {
    JsonConfig quantization = json.object("quantization_config");
    if (quantization == null) {
      if (quantizeMasters) {
        return new Quantization(ScaleRule.MULTIPLY, MasterRule.ON_REQUEST, 0);
      }
      throw json.problem(
          "quantization_config",
          "an object of quant_method bitnet",
          "nothing",
          "; so nothing says that this is a BitNet b1.58 model. If it is one and its weights"
              + " are float, load it with LoadOptions.Builder.quantizeMasters(true), on the command"
              + " line --quantize-masters; if they are packed, copy quantization_config from the"
              + " original config.json");
    }
    require(quantization, "quant_method", quantization.string("quant_method", ""), "bitnet");
    ExcludedModules.check(quantization, json.requiredInt("num_hidden_layers", 1, MAX_LAYERS));
    float linearNormEpsilon =
        quantization.bool("use_rms_norm", false)
            ? quantization.positiveFloat("rms_norm_eps", 1e-6f)
            : 0;
    String linearClass = quantization.string("linear_class", "bitlinear");
    String mode = quantization.string("quantization_mode", "offline");
    if (!mode.equals("offline") && !mode.equals("online")) {
      throw quantization.problem("quantization_mode", "offline or online", mode);
    }
    return switch (linearClass) {
      case "bitlinear" -> {
        require(quantization, "quantization_mode", mode, "offline");
        yield new Quantization(ScaleRule.DIVIDE, null, linearNormEpsilon);
      }
      case "autobitlinear" ->
          new Quantization(
              ScaleRule.MULTIPLY,
              mode.equals("online") ? MasterRule.QUANTIZE : null,
              linearNormEpsilon);
      default ->
          throw quantization.problem("linear_class", "autobitlinear or bitlinear", linearClass);
    };
  }

  private static Activation readActivation(JsonConfig json, String absent)
      throws ModelFormatException {
    String name = json.string("hidden_act", absent);
    return switch (name) {
      case "relu2" -> Activation.RELU2;
      case "silu" -> Activation.SILU;
      default -> throw json.problem("hidden_act", "relu2 or silu", name);
    };
  }

  /** Transformers 4 writes rope_theta and rope_scaling, transformers 5 rope_parameters. */
  private static float readRopeTheta(JsonConfig json, float absent) throws ModelFormatException {
    for (String key : List.of("rope_scaling", "rope_parameters")) {
      JsonConfig rope = json.object(key);
      if (rope != null) {
        String type = rope.string("rope_type", rope.string("type", "default"));
        require(rope, "rope_type", type, "default");
      }
    }
    JsonConfig parameters = json.object("rope_parameters");
    float theta = json.positiveFloat("rope_theta", absent);
    return parameters == null ? theta : parameters.positiveFloat("rope_theta", theta);
  }

  private static void require(JsonConfig json, String key, String found, String expected)
      throws ModelFormatException {
    if (!found.equals(expected)) {
      throw json.problem(key, expected, found);
    }
  }
}
