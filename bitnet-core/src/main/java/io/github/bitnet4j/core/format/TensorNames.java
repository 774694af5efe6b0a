package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Norm;

/** The names of the tensors of a block in both kinds of model files. */
public final class TensorNames {
  private TensorNames() {}

  /** Returns the name of a linear layer in GGUF files, without {@code .weight}. */
  public static String gguf(int layer, Linear which) {
    String name =
        switch (which) {
          case Q -> "attn_q";
          case K -> "attn_k";
          case V -> "attn_v";
          case O -> "attn_output";
          case GATE -> "ffn_gate";
          case UP -> "ffn_up";
          case DOWN -> "ffn_down";
        };
    return "blk." + layer + "." + name;
  }

  /** Returns the name of a norm in GGUF files, without {@code .weight}. */
  public static String gguf(int layer, Norm which) {
    String name =
        switch (which) {
          case INPUT -> "attn_norm";
          case ATTENTION_SUB -> "attn_sub_norm";
          case POST_ATTENTION -> "ffn_norm";
          case FEED_FORWARD_SUB -> "ffn_sub_norm";
        };
    return "blk." + layer + "." + name;
  }

  /** Returns the name of a linear layer in Hugging Face files, without {@code .weight}. */
  public static String huggingFace(int layer, Linear which) {
    String name =
        switch (which) {
          case Q -> "self_attn.q_proj";
          case K -> "self_attn.k_proj";
          case V -> "self_attn.v_proj";
          case O -> "self_attn.o_proj";
          case GATE -> "mlp.gate_proj";
          case UP -> "mlp.up_proj";
          case DOWN -> "mlp.down_proj";
        };
    return "model.layers." + layer + "." + name;
  }

  /** Returns the name of a norm in Hugging Face files, without {@code .weight}. */
  public static String huggingFace(int layer, Norm which) {
    String name =
        switch (which) {
          case INPUT -> "input_layernorm";
          case ATTENTION_SUB -> "self_attn.attn_sub_norm";
          case POST_ATTENTION -> "post_attention_layernorm";
          case FEED_FORWARD_SUB -> "mlp.ffn_sub_norm";
        };
    return "model.layers." + layer + "." + name;
  }

  /** Returns the name that the first BitNet models have for a norm, without {@code .weight}. */
  static String oldHuggingFace(int layer, Norm which) {
    return switch (which) {
      case ATTENTION_SUB -> "model.layers." + layer + ".self_attn.inner_attn_ln";
      case FEED_FORWARD_SUB -> "model.layers." + layer + ".mlp.ffn_layernorm";
      default -> huggingFace(layer, which);
    };
  }
}
