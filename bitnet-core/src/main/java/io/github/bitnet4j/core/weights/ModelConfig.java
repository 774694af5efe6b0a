package io.github.bitnet4j.core.weights;

/**
 * The sizes of a model, and the few places where its forward pass differs from others of the
 * family. The same record whatever file format it was read from; the reader has validated it.
 *
 * @param architecture name in the model file, for messages
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width inside the feed-forward network
 * @param numLayers transformer blocks
 * @param numHeads query heads
 * @param numKvHeads key/value heads; divides {@code numHeads}
 * @param headDim width of a head; even
 * @param vocabSize number of token ids
 * @param contextLength largest number of positions
 * @param normEpsilon added to the mean square in every RMSNorm
 * @param ropeTheta base of the rotary frequencies
 * @param activation what the gate goes through
 * @param subNorms whether the inputs of {@code o_proj} and {@code down_proj} are normalized
 * @param linearNormEpsilon as {@code normEpsilon}, for families with a norm inside each linear
 *     layer; 0 for all others
 * @param scaleRule what a stored weight scale means
 * @param tiedHead whether the LM head is the embedding matrix
 */
public record ModelConfig(
    String architecture,
    int hiddenSize,
    int intermediateSize,
    int numLayers,
    int numHeads,
    int numKvHeads,
    int headDim,
    int vocabSize,
    int contextLength,
    float normEpsilon,
    float ropeTheta,
    Activation activation,
    boolean subNorms,
    float linearNormEpsilon,
    ScaleRule scaleRule,
    boolean tiedHead) {

  /** What the gate projection goes through before it is multiplied with the up projection. */
  public enum Activation {
    /** {@code max(z, 0)^2}. */
    RELU2,
    /** {@code z / (1 + exp(-z))}. */
    SILU
  }

  /**
   * How an integer product becomes a float: acc is the product, s the scale 127/absmax of its row.
   */
  public enum ScaleRule {
    /** {@code y = (acc / s) * weightScale}: transformers' AutoBitLinear, GGUF. */
    MULTIPLY,
    /** {@code y = acc / (weightScale * s)}: transformers' older BitLinear. */
    DIVIDE
  }

  /** Returns whether each linear layer normalizes its own input. */
  public boolean linearNorms() {
    return linearNormEpsilon > 0;
  }

  /** Returns the number of weights of all linear layers. */
  public long linearWeights() {
    long attention = 2L * (queryWidth() + kvWidth()) * hiddenSize;
    return numLayers * (attention + 3L * intermediateSize * hiddenSize);
  }

  /** Returns the width of all query heads together. */
  public int queryWidth() {
    return numHeads * headDim;
  }

  /** Returns the width of all key heads, or value heads, together. */
  public int kvWidth() {
    return numKvHeads * headDim;
  }
}
