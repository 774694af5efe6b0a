package io.github.bitnet4j.core.weights;

/**
 * The weight of an RMSNorm, {@code y = w * x / sqrt(mean(x^2) + eps)}.
 *
 * @param weight one finite value for each feature; not copied
 * @param epsilon added to the mean square
 */
@SuppressWarnings("ArrayRecordComponent") // handed over and not compared
public record RmsNorm(float[] weight, float epsilon) {}
