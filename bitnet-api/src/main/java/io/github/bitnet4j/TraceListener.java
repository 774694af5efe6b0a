package io.github.bitnet4j;

/**
 * Hears every intermediate value of a forward pass, see {@link Session#trace}.
 *
 * <p>Names are those of the Hugging Face modules: {@code embed}, {@code layers.0.input_norm},
 * {@code layers.0.q_proj}, {@code layers.0.q_proj.act_int8}, ..., {@code layers.0.out}, {@code
 * final_norm}, {@code logits}. The arrays hold {@code rows x columns} values, row-major, one row
 * for each token (heads side by side); they may be longer, and are valid during the call only.
 */
public interface TraceListener {
  /** Called for float32 values. */
  void onFloats(String name, int rows, int columns, float[] values);

  /** Called for int8 values: the quantized input of a linear layer. */
  void onBytes(String name, int rows, int columns, byte[] values);
}
