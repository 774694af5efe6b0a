package io.github.bitnet4j.core.weights;

import org.jspecify.annotations.Nullable;

/**
 * The weights of one transformer block.
 *
 * @param inputNorm before attention, {@code [hiddenSize]}
 * @param attentionSubNorm before {@code oProj}, {@code [queryWidth]}; null in families without it
 * @param postAttentionNorm before the feed-forward network, {@code [hiddenSize]}
 * @param feedForwardSubNorm before {@code downProj}, {@code [intermediateSize]}; null as above
 */
public record LayerWeights(
    RmsNorm inputNorm,
    TernaryWeight qProj,
    TernaryWeight kProj,
    TernaryWeight vProj,
    @Nullable RmsNorm attentionSubNorm,
    TernaryWeight oProj,
    RmsNorm postAttentionNorm,
    TernaryWeight gateProj,
    TernaryWeight upProj,
    @Nullable RmsNorm feedForwardSubNorm,
    TernaryWeight downProj) {}
