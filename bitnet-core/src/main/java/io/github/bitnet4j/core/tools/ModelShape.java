package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;

/**
 * The sizes of a model like BitNet b1.58 2B-4T: squared ReLU, sub-norms, the head shared with the
 * embedding, 1e-5 in the norms and 500000 as base of the rotation.
 *
 * @param vocabSize number of token ids
 * @param hiddenSize width of the residual stream; that of all query heads together
 * @param intermediateSize width inside the feed-forward network
 * @param numLayers transformer blocks
 * @param numHeads query heads; divides {@code hiddenSize} into even parts
 * @param numKvHeads key/value heads; divides {@code numHeads}
 * @param contextLength largest number of positions
 */
public record ModelShape(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numLayers,
    int numHeads,
    int numKvHeads,
    int contextLength) {
  /** microsoft/bitnet-b1.58-2B-4T: 2.4 billion parameters. */
  public static final ModelShape BITNET_2B_4T =
      new ModelShape(128_256, 2560, 6912, 30, 20, 5, 4096);

  /** 1.6 million parameters, in rows that every type can hold. */
  public static final ModelShape TINY = new ModelShape(512, 256, 768, 2, 4, 2, 256);

  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_LAYERS = 10_000;
  private static final int MAX_POSITIONS = 1 << 24;
  private static final int MAX_VOCABULARY = 1 << 24;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if a size is out of range or does not divide as it must
   */
  public ModelShape {
    check("vocabSize", vocabSize, MAX_VOCABULARY);
    check("hiddenSize", hiddenSize, MAX_WIDTH);
    check("intermediateSize", intermediateSize, MAX_WIDTH);
    check("numLayers", numLayers, MAX_LAYERS);
    check("numHeads", numHeads, hiddenSize);
    check("numKvHeads", numKvHeads, numHeads);
    check("contextLength", contextLength, MAX_POSITIONS);
    if (hiddenSize % (2 * numHeads) != 0) {
      throw new IllegalArgumentException(
          "numHeads: expected to divide hiddenSize %d into even parts, found %d"
              .formatted(hiddenSize, numHeads));
    }
    if (numHeads % numKvHeads != 0) {
      throw new IllegalArgumentException(
          "numKvHeads: expected a divisor of numHeads %d, found %d"
              .formatted(numHeads, numKvHeads));
    }
  }

  private static void check(String name, int value, int largest) {
    if (value < 1 || value > largest) {
      throw new IllegalArgumentException(
          "%s: expected 1 to %d, found %d".formatted(name, largest, value));
    }
  }

  ModelConfig config() {
    return new ModelConfig(
        "bitnet-b1.58",
        hiddenSize,
        intermediateSize,
        numLayers,
        numHeads,
        numKvHeads,
        hiddenSize / numHeads,
        vocabSize,
        contextLength,
        1e-5f,
        500_000,
        Activation.RELU2,
        true,
        0,
        ScaleRule.MULTIPLY,
        true);
  }
}
