package io.github.bitnet4j.core.model;

import io.github.bitnet4j.spi.DenseMatrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All weights of a model, verified, and prepared for one provider's kernels.
 *
 * @param embedding {@code [vocabSize x hiddenSize]}
 * @param layers the blocks, first to last
 * @param finalNorm before the head, {@code [hiddenSize]}
 * @param head {@code [vocabSize x hiddenSize]}; the embedding if tied
 * @param int8Head a copy of the head for screening, if it is worthwhile; complete, or without rows
 */
public record ModelWeights(
    DenseMatrix embedding,
    List<LayerWeights> layers,
    RmsNorm finalNorm,
    DenseMatrix head,
    @Nullable Int8Head int8Head) {
  /** Copies the list. */
  public ModelWeights {
    layers = List.copyOf(layers);
  }
}
