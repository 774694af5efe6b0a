package io.github.bitnet4j.core.model;

import io.github.bitnet4j.spi.TernaryMatrix;

/**
 * The weight of a linear layer.
 *
 * @param matrix the trits, {@code [out x in]}
 * @param scale the stored scale: finite and positive; {@link ModelConfig.ScaleRule} says what it
 *     means
 */
public record TernaryWeight(TernaryMatrix matrix, float scale) {}
