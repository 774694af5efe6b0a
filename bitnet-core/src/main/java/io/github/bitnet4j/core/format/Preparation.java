package io.github.bitnet4j.core.format;

import io.github.bitnet4j.spi.Kernels;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What weights are prepared for.
 *
 * @param kernels the kernels that compute with them
 * @param minScreenedWeights weights that an LM head must have to get an int8 copy
 * @param preparedFile where what was prepared is kept for the next time, if anywhere
 */
public record Preparation(Kernels kernels, long minScreenedWeights, @Nullable Path preparedFile) {}
