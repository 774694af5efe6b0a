package io.github.bitnet4j.core.engine;

import io.github.bitnet4j.spi.Kernels;
import java.util.Optional;

/**
 * Decides when kernels in plain loops compute in the place of a model's own, which are slow until
 * the JVM has compiled them. Decides about speed only: all kernels return the same bits.
 */
public interface ColdStart extends AutoCloseable {
  /** For kernels that do not start cold: they always compute. */
  ColdStart NONE =
      new ColdStart() {
        @Override
        public Optional<Kernels> plain() {
          return Optional.empty();
        }

        @Override
        public boolean usesPlain(int positions, boolean manyLogits) {
          return false;
        }
      };

  /** Returns the plain kernels, if there are any. */
  Optional<Kernels> plain();

  /**
   * Returns whether plain kernels compute now. May change from one layer of a pass to the next.
   *
   * @param positions how long the sequences of the pass will be, all together: as many as it has
   *     rows, if all of them begin with it
   * @param manyLogits whether the logits of more rows than the last ones are requested
   */
  boolean usesPlain(int positions, boolean manyLogits);

  /** Starts what goes on in the background, if anything does; to be called once. */
  default void start() {}

  /** Called after each complete pass. */
  default void passed() {}

  /** Ends what goes on in the background. */
  @Override
  default void close() {}
}
