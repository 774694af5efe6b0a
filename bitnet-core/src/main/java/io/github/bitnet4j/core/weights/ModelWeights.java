package io.github.bitnet4j.core.weights;

import io.github.bitnet4j.spi.DenseMatrix;
import java.util.List;

/**
 * All weights of a model, verified, and prepared for one provider's kernels.
 *
 * @param embedding {@code [vocabSize x hiddenSize]}
 * @param layers the blocks, first to last
 * @param finalNorm before the head, {@code [hiddenSize]}
 * @param head {@code [vocabSize x hiddenSize]}; the embedding if tied
 */
public record ModelWeights(
    DenseMatrix embedding, List<LayerWeights> layers, RmsNorm finalNorm, DenseMatrix head) {
  /** Copies the list. */
  public ModelWeights {
    layers = List.copyOf(layers);
  }
}
