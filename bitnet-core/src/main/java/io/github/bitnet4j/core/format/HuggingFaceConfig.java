package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;

/**
 * {@code config.json} and {@code generation_config.json} of a Hugging Face directory.
 *
 * @param model what the forward pass needs
 * @param stopIds ids that end a generation: the end-of-sequence ids of both files
 * @param masters whether the linear layers are stored as dense master weights
 */
record HuggingFaceConfig(ModelConfig model, List<Integer> stopIds, boolean masters) {
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

  /** What {@code quantization_config} says. */
  private record Quantization(ScaleRule scaleRule, boolean masters, float linearNormEpsilon) {}

  // Far above any published model; they keep sizes computed from them within an int or a long.
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_LAYERS = 10_000;
  private static final int MAX_CONTEXT = 1 << 24;
  private static final int MAX_VOCABULARY = 1 << 24;

  static HuggingFaceConfig read(Path directory) throws IOException {
    Path configPath = directory.resolve("config.json");
    if (!Files.exists(configPath)) {
      throw new ModelFormatException(
          directory, "expected a Hugging Face model directory with config.json, found none in it");
    }
    JsonConfig json = JsonConfig.read(configPath);
    Family family = readFamily(json);
    Quantization quantization =
        family == Family.OLD_BITNET
            ? new Quantization(ScaleRule.MULTIPLY, true, 0)
            : readQuantization(json);
    ModelConfig model = readModel(json, family, quantization);

    TreeSet<Integer> stopIds =
        new TreeSet<>(json.intOrInts("eos_token_id", 0, model.vocabSize() - 1));
    Path generationPath = directory.resolve("generation_config.json");
    if (Files.exists(generationPath)) {
      stopIds.addAll(
          JsonConfig.read(generationPath).intOrInts("eos_token_id", 0, model.vocabSize() - 1));
    }
    return new HuggingFaceConfig(model, List.copyOf(stopIds), quantization.masters);
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
    if (json.bool("attention_bias", false)) {
      throw json.problem("attention_bias", "false", true);
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

  /** Which of the published quantized linear layers the weights are for. */
  private static Quantization readQuantization(JsonConfig json) throws ModelFormatException {
    JsonConfig quantization = json.object("quantization_config");
    if (quantization == null) {
      throw json.problem("quantization_config", "an object of quant_method bitnet", "nothing");
    }
    require(quantization, "quant_method", quantization.string("quant_method", ""), "bitnet");
    for (String excluded : quantization.strings("modules_to_not_convert")) {
      require(quantization, "modules_to_not_convert", excluded, "lm_head");
    }
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
        yield new Quantization(ScaleRule.DIVIDE, false, linearNormEpsilon);
      }
      case "autobitlinear" ->
          new Quantization(ScaleRule.MULTIPLY, mode.equals("online"), linearNormEpsilon);
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
