package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import java.util.OptionalInt;

/**
 * Reads the configuration of the forward pass from the metadata of a GGUF file. {@link GgufKeys}
 * then checks that no other key changes it.
 *
 * <p>Scales in GGUF files are magnitudes: they multiply, whatever the family.
 */
final class GgufConfig {
  // Far above any published model; they keep sizes computed from them within an int or a long.
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_LAYERS = 10_000;
  private static final int MAX_CONTEXT = 1 << 24;
  private static final int MAX_VOCABULARY = 1 << 24;

  private GgufConfig() {}

  /**
   * Reads the configuration.
   *
   * @param untied whether the file has a head of its own, {@code output.weight}. It is used then,
   *     as in the Hugging Face models and in ik_llama.cpp; bitnet.cpp ignores it in the bitnet
   *     architectures
   */
  static ModelConfig read(GgufMetadata metadata, boolean untied) throws ModelFormatException {
    String arch =
        metadata
            .string("general.architecture")
            .orElseThrow(() -> metadata.problem("general.architecture", "a string", "nothing"));
    boolean llama;
    Activation activation;
    switch (arch) {
      case "bitnet-b1.58", "bitnet-25" -> {
        llama = false;
        activation = Activation.RELU2;
      }
      case "bitnet" -> {
        llama = false;
        activation = Activation.SILU;
      }
      case "llama" -> {
        llama = true;
        activation = Activation.SILU;
      }
      default ->
          throw metadata.problem(
              "general.architecture", "bitnet-b1.58, bitnet-25, bitnet or llama", arch);
    }
    int hiddenSize = metadata.requiredInt(arch + ".embedding_length", 1, MAX_WIDTH);
    int numHeads = metadata.requiredInt(arch + ".attention.head_count", 1, hiddenSize);
    int numKvHeads =
        metadata.optionalInt(arch + ".attention.head_count_kv", 1, numHeads).orElse(numHeads);
    if (numHeads % numKvHeads != 0) {
      throw metadata.problem(
          arch + ".attention.head_count_kv", "a divisor of head_count, " + numHeads, numKvHeads);
    }
    int headDim =
        metadata
            .optionalInt(arch + ".attention.key_length", 2, MAX_WIDTH)
            .orElse(hiddenSize / numHeads);
    if (headDim % 2 != 0 || headDim < 2 || (long) numHeads * headDim > MAX_WIDTH) {
      throw metadata.problem(arch + ".attention.key_length", "an even head size", headDim);
    }
    requireEqual(metadata, arch + ".attention.value_length", headDim);
    requireEqual(metadata, arch + ".rope.dimension_count", headDim);
    if (!llama && numHeads * headDim != hiddenSize) {
      throw metadata.problem(
          arch + ".attention.key_length",
          "head_count * key_length to be embedding_length, " + hiddenSize,
          headDim);
    }
    // Linear scaling by a factor of 1 is what converters write for the first BitNet models.
    String scaling = metadata.string(arch + ".rope.scaling.type").orElse("none");
    if (!scaling.equals("none") && !scaling.equals("linear")) {
      throw metadata.problem(
          arch + ".rope.scaling.type", "none, or linear with a factor of 1", scaling);
    }
    ModelConfig config =
        new ModelConfig(
            arch,
            hiddenSize,
            metadata.requiredInt(arch + ".feed_forward_length", 1, MAX_WIDTH),
            metadata.requiredInt(arch + ".block_count", 1, MAX_LAYERS),
            numHeads,
            numKvHeads,
            headDim,
            vocabSize(metadata, arch),
            metadata.optionalInt(arch + ".context_length", 1, MAX_CONTEXT).orElse(2048),
            metadata.positiveFloat(arch + ".attention.layer_norm_rms_epsilon", 1e-5f),
            metadata.positiveFloat(arch + ".rope.freq_base", 10_000),
            activation,
            !llama,
            0,
            ScaleRule.MULTIPLY,
            !untied);
    GgufKeys.check(metadata, arch, config);
    return config;
  }

  /** The key may be absent; the token list then decides, and must agree otherwise. */
  private static int vocabSize(GgufMetadata metadata, String arch) throws ModelFormatException {
    OptionalInt stated = metadata.optionalInt(arch + ".vocab_size", 1, MAX_VOCABULARY);
    ArrayValue tokens = metadata.array("tokenizer.ggml.tokens");
    if (tokens == null) {
      return stated.orElseThrow(
          () -> metadata.problem("tokenizer.ggml.tokens", "a list of tokens", "nothing"));
    }
    int count = tokens.count();
    if (count < 1 || count > MAX_VOCABULARY || stated.orElse(count) != count) {
      throw metadata.problem(
          "tokenizer.ggml.tokens",
          stated.isPresent() ? stated.getAsInt() + " tokens, as vocab_size says" : "tokens",
          count);
    }
    return count;
  }

  private static void requireEqual(GgufMetadata metadata, String key, int expected)
      throws ModelFormatException {
    int found = metadata.optionalInt(key, 0, MAX_WIDTH).orElse(expected);
    if (found != expected) {
      throw metadata.problem(key, expected + ", the head size", found);
    }
  }
}
