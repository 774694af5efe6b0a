package io.github.bitnet4j.core.weights;

import io.github.bitnet4j.spi.TernaryMatrix;
import org.jspecify.annotations.Nullable;

/**
 * The weight of a linear layer.
 *
 * @param matrix the trits, {@code [out x in]}
 * @param scale the stored scale: finite and positive; {@link ModelConfig.ScaleRule} says what it
 *     means
 * @param inputNorm the layer's own norm of its input; null in most families
 */
public record TernaryWeight(TernaryMatrix matrix, float scale, @Nullable RmsNorm inputNorm) {}
