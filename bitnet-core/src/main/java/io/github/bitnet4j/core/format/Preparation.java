package io.github.bitnet4j.core.format;

import io.github.bitnet4j.spi.Kernels;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What weights are prepared for.
 *
 * @param kernels the kernels that compute with them
 * @param standIn kernels that stand in for these at first, if any
 * @param minScreenedWeights weights that an LM head must have to get an int8 copy
 * @param preparedFile where what was prepared is kept for the next time, if anywhere; not together
 *     with {@code standIn}
 */
public record Preparation(
    Kernels kernels,
    @Nullable Kernels standIn,
    long minScreenedWeights,
    @Nullable Path preparedFile) {
  /** Checks that only one of the last two is used: files are for models too large for the other. */
  public Preparation {
    if (standIn != null && preparedFile != null) {
      throw new IllegalArgumentException("expected no file of prepared weights with a stand-in");
    }
  }
}
