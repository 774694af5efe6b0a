package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The keys of {@code config.json} that say how a model computes. A key that changes the arithmetic
 * and is not applied makes a model unusable: the result would look like a model and be none.
 *
 * <p>{@link #RULES} is the table for keys at the top, {@link #ROPE_RULES} for those of {@code
 * rope_scaling} and {@code rope_parameters}. A configuration also holds settings of training, of
 * other tools and of other architectures. So an unknown key is ignored, unless its name contains a
 * word of {@link #COMPUTES} and its value is not neutral: a text, 0, false, null, or for a factor
 * 1.
 */
final class HuggingFaceKeys {
  private static final List<Boolean> FALSE = List.of(false);
  private static final List<Double> ZERO = KeyRule.numbers(0);
  private static final List<Double> ONE = KeyRule.numbers(1);

  /** Keys of {@code config.json}. */
  static final Map<String, KeyRule> RULES =
      new KeyRule.Table()
          .applied(
              "architectures",
              "hidden_size",
              "intermediate_size",
              "num_hidden_layers",
              "num_attention_heads",
              "num_key_value_heads",
              "head_dim",
              "vocab_size",
              "max_position_embeddings",
              "hidden_act",
              "rms_norm_eps",
              "rope_theta",
              "rope_scaling",
              "rope_parameters",
              "tie_word_embeddings",
              "eos_token_id",
              "quantization_config")
          .irrelevant(
              "initializer_range",
              "initializer_factor",
              "temperature", // of generation
              "guidance_scale",
              "chunk_size_feed_forward", // of memory
              "max_window_layers", // of sliding windows, which are refused
              "router_aux_loss_coef",
              "num_nextn_predict_layers")
          .only(
              FALSE,
              "attention_bias",
              "mlp_bias",
              "qkv_bias",
              "use_sliding_window",
              "qk_norm",
              "use_qk_norm",
              "qk_layernorm",
              "use_parallel_residual",
              "parallel_attn",
              "alibi",
              "rope_interleaved",
              "rope_interleave",
              "use_bidirectional_attention",
              "attn_temperature_tuning")
          .only(List.of(true), "is_causal", "causal", "scale_attn_weights", "use_rope")
          .only(
              ONE,
              "logit_scale",
              "logits_scaling",
              "embedding_multiplier",
              "residual_multiplier",
              "embedding_scale",
              "residual_scale",
              "lm_head_multiplier",
              "partial_rotary_factor",
              "rotary_pct",
              "rope_scaling_factor",
              "no_rope_layers")
          .only(
              ZERO,
              "attn_logit_softcapping",
              "final_logit_softcapping",
              "clip_qkv",
              "attention_chunk_size",
              "no_rope_layer_interval",
              "num_experts",
              "num_local_experts",
              "n_routed_experts",
              "n_shared_experts",
              "num_experts_per_tok",
              "moe_intermediate_size")
          .only(List.of("full_attention"), "layer_types")
          .only(
              "null, or at least max_position_embeddings",
              (value, config) ->
                  KeyRule.isOneOf(value, ZERO)
                      || (value instanceof Double window && window >= config.contextLength()),
              "sliding_window")
          .only(
              "the size of a head",
              (value, config) -> KeyRule.isNumber(value, config.headDim()),
              "query_pre_attn_scalar",
              "rotary_dim")
          .only(
              "1 / sqrt(head_dim)",
              (value, config) -> KeyRule.isNumber(value, 1 / Math.sqrt(config.headDim())),
              "attention_multiplier",
              "attention_scale")
          .only(
              "the activation that hidden_act names",
              (value, config) ->
                  value.equals(config.activation() == Activation.SILU ? "silu" : "relu2"),
              "hidden_activation")
          .only(
              "true for BitNet models, which are supported with sub-norms only, and false for"
                  + " others",
              (value, config) -> value.equals(config.subNorms()),
              "use_sub_norms",
              "use_sub_norm")
          .rules();

  /** Keys of {@code rope_scaling} and {@code rope_parameters} whose type is {@code default}. */
  static final Map<String, KeyRule> ROPE_RULES =
      new KeyRule.Table()
          .applied("rope_type", "type", "rope_theta")
          .irrelevant( // of other types
              "factor",
              "original_max_position_embeddings",
              "low_freq_factor",
              "high_freq_factor",
              "attention_factor",
              "beta_fast",
              "beta_slow",
              "truncate")
          .only(ONE, "partial_rotary_factor")
          .rules();

  private static final Pattern COMPUTES =
      Pattern.compile(
          ".*(scale|scaling|multiplier|softcap|clip|clamp|alibi|window|expert|moe|bias|sub_?norm"
              + "|qk_?(layer)?_?norm|unit_offset|parallel|rotary|rope|hadamard|attn_temp|mup"
              + "|residual|chunk_size).*");

  private static final Pattern FACTOR = Pattern.compile(".*(scale|scaling|multiplier|factor)");

  private HuggingFaceKeys() {}

  /**
   * Checks all keys.
   *
   * @param config as it was read from the keys that are applied
   * @throws ModelFormatException if a key changes the arithmetic and is not applied
   */
  static void check(JsonConfig json, ModelConfig config) throws ModelFormatException {
    boolean noWindow = json.isFalse("use_sliding_window");
    for (String key : json.members().keySet()) {
      boolean idle = noWindow && key.equals("sliding_window");
      if (json.has(key) && !idle) {
        boolean computes = COMPUTES.matcher(key).matches();
        check(json, key, RULES.get(key), computes, config);
      }
    }
    for (String name : List.of("rope_scaling", "rope_parameters")) {
      JsonConfig rope = json.object(name);
      if (rope != null) {
        for (String key : rope.members().keySet()) {
          if (rope.has(key)) {
            check(rope, key, ROPE_RULES.get(key), true, config);
          }
        }
      }
    }
  }

  private static void check(
      JsonConfig json, String key, @Nullable KeyRule rule, boolean computes, ModelConfig config)
      throws ModelFormatException {
    Object value = json.plainValue(key);
    if (rule == null) {
      if (computes && !KeyRule.isNeutral(value, FACTOR.matcher(key).matches())) {
        throw json.problem(
            key,
            "no such key: this library does not know it, and it may change what the model computes",
            json.describe(key));
      }
    } else if (!rule.accepts().test(value, config)) {
      throw json.problem(key, rule.accepted(), json.describe(key));
    }
  }
}
