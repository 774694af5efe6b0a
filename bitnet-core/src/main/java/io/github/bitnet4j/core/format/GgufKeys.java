package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The metadata keys of GGUF files that say how a model computes. A key that changes the arithmetic
 * and is not applied makes a file unusable: the result would look like a model and be none.
 *
 * <p>{@link #RULES} is the table for keys under the prefix of the architecture, such as {@code
 * llama.}. The rules for all others:
 *
 * <ul>
 *   <li>An unknown key under the prefix is accepted if its value is a text, 0, false, or for a
 *       factor 1. GGUF reserves the prefix for settings of the computation, so another number is
 *       refused.
 *   <li>{@code general.type} is {@code model}.
 *   <li>Keys of other prefixes are ignored, except those that say that weights were rotated.
 * </ul>
 *
 * <p>Source: the names in {@code llama-arch.cpp} of llama.cpp, and what its graphs of {@code llama}
 * and {@code bitnet} do with them.
 */
final class GgufKeys {
  private static final List<Double> ZERO = KeyRule.numbers(0);
  private static final List<Double> ZERO_OR_ONE = KeyRule.numbers(0, 1);

  /** Keys by name without the prefix of the architecture. */
  static final Map<String, KeyRule> RULES =
      new KeyRule.Table()
          .applied(
              "vocab_size",
              "context_length",
              "embedding_length",
              "block_count",
              "feed_forward_length",
              "attention.head_count",
              "attention.head_count_kv",
              "attention.key_length",
              "attention.value_length",
              "attention.layer_norm_rms_epsilon",
              "rope.dimension_count",
              "rope.freq_base",
              "rope.scaling.type")
          .irrelevant(
              "tensor_data_layout", // how a converter found the weights
              "pooling_type", // of embeddings
              "attention.layer_norm_epsilon", // of norms that these models do not have
              "attention.group_norm_epsilon",
              "attention.group_norm_groups",
              "rope.scaling.original_context_length", // of YaRN, whose type is refused
              "rope.scaling.finetuned",
              "rope.scaling.yarn_beta_fast",
              "rope.scaling.yarn_beta_slow",
              "rope.freq_base_swa", // of sliding windows, which are refused
              "rope.dimension_count_swa",
              "attention.key_length_swa",
              "attention.value_length_swa")
          .only(
              "0, or the size of the hidden state",
              (value, config) ->
                  KeyRule.isNumber(value, config.hiddenSize()) || KeyRule.isOneOf(value, ZERO),
              "embedding_length_out",
              "features_length")
          .only(
              "0, or 1 / sqrt(attention.key_length)",
              (value, config) ->
                  KeyRule.isNumber(value, 1 / Math.sqrt(config.headDim()))
                      || KeyRule.isOneOf(value, ZERO),
              "attention.scale")
          .only(
              "0, or at least the context length",
              (value, config) ->
                  KeyRule.isOneOf(value, ZERO)
                      || (value instanceof Double window && window >= config.contextLength()),
              "attention.sliding_window")
          .only(
              "the activation of the architecture",
              (value, config) -> value instanceof String name && isActivation(name, config),
              "hidden_activation",
              "hidden_act")
          .only(List.of(true), "attention.causal")
          .only(List.of(false), "use_parallel_residual", "swin_norm", "expert_weights_norm")
          .only(
              ZERO_OR_ONE,
              "logit_scale",
              "embedding_scale",
              "residual_scale",
              "attention.output_scale",
              "attention.value_scale",
              "attention.temperature_scale",
              "rope.scale_linear",
              "rope.scaling.factor",
              "rope.scaling.alpha",
              "rope.scaling.attn_factor",
              "rope.scaling.yarn_attn_factor",
              "expert_weights_scale",
              "expert_group_scale")
          .only(
              ZERO,
              "attn_logit_softcapping",
              "final_logit_softcapping",
              "router_logit_softcapping",
              "attention.clamp_kqv",
              "attention.max_alibi_bias",
              "attention.temperature_length",
              "attention.sliding_window_pattern",
              "rope.scaling.yarn_log_multiplier",
              "rope.scaling.yarn_ext_factor",
              "rope.dimension_sections",
              "expert_count",
              "expert_used_count",
              "expert_shared_count",
              "expert_group_count",
              "expert_group_used_count",
              "expert_feed_forward_length",
              "expert_shared_feed_forward_length",
              "expert_gating_func",
              "experts_per_group",
              "moe_every_n_layers",
              "interleave_moe_layer_step",
              "leading_dense_block_count",
              "nextn_predict_layers",
              "full_attention_interval",
              "rescale_every_n_layers",
              "token_shift_count",
              "swiglu_clamp_exp",
              "swiglu_clamp_shexp")
          .rules();

  /** Under any prefix: weights that need a transform of their inputs. */
  private static final Pattern ROTATED =
      Pattern.compile(".*(hadamard|rotat(ed|ion)|smooth_?quant).*", Pattern.CASE_INSENSITIVE);

  private static final Pattern FACTOR = Pattern.compile(".*(scale|factor|multiplier)");

  private GgufKeys() {}

  /**
   * Checks all keys.
   *
   * @param config as it was read from the keys that are applied
   * @throws ModelFormatException if a key changes the arithmetic and is not applied
   */
  static void check(GgufMetadata metadata, String architecture, ModelConfig config)
      throws ModelFormatException {
    String type = metadata.string("general.type").orElse("model");
    if (!type.equals("model")) {
      throw metadata.problem("general.type", "model", type);
    }
    String prefix = architecture + ".";
    for (String key : metadata.keys()) {
      if (key.startsWith(prefix)) {
        check(metadata, key, key.substring(prefix.length()), config);
      } else if (ROTATED.matcher(key).matches()
          && !KeyRule.isNeutral(metadata.plainValue(key), false)) {
        throw metadata.problem(
            key,
            "weights that are used as they are stored (rotated or rescaled weights are not"
                + " supported)",
            metadata.describe(key));
      }
    }
  }

  private static void check(GgufMetadata metadata, String key, String name, ModelConfig config)
      throws ModelFormatException {
    Object value = metadata.plainValue(key);
    KeyRule rule = RULES.get(name);
    if (rule == null) {
      if (!KeyRule.isNeutral(value, FACTOR.matcher(name).matches())) {
        throw metadata.problem(
            key,
            "no such key: this library does not know it, and it may change what the model computes",
            metadata.describe(key));
      }
    } else if (!isIdleFactor(metadata, name, key) && !rule.accepts().test(value, config)) {
      throw metadata.problem(
          key, rule.accepted() + ", as nothing else is supported", metadata.describe(key));
    }
  }

  /** Scaling of type none leaves its factor unused. */
  private static boolean isIdleFactor(GgufMetadata metadata, String name, String key)
      throws ModelFormatException {
    String typeKey = key.substring(0, key.length() - name.length()) + "rope.scaling.type";
    return (name.equals("rope.scaling.factor") || name.equals("rope.scale_linear"))
        && metadata.string(typeKey).filter("none"::equals).isPresent();
  }

  private static boolean isActivation(String name, ModelConfig config) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "silu", "swish", "swiglu" -> config.activation() == Activation.SILU;
      case "relu2", "relu_squared", "squared_relu", "relu_sqr" ->
          config.activation() == Activation.RELU2;
      default -> false;
    };
  }
}
