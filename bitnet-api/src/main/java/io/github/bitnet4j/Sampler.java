package io.github.bitnet4j;

import java.util.random.RandomGenerator;

/**
 * Chooses the next token: the place for an application's own rule. The usual ones (greedy,
 * temperature, top-k, top-p and many more) are settings of {@link GenerationConfig}; what only
 * changes logits and leaves the choice to those is a {@link LogitsProcessor}.
 *
 * <pre>{@code
 * Sampler notTheComma =
 *     (logits, random) -> {
 *       logits[comma] = Float.NEGATIVE_INFINITY;
 *       int best = 0;
 *       for (int id = 1; id < logits.length; id++) {
 *         if (logits[id] > logits[best]) {
 *           best = id;
 *         }
 *       }
 *       return best;
 *     };
 * }</pre>
 */
@FunctionalInterface
public interface Sampler {
  /**
   * Returns the id of the next token, from 0 to {@code logits.length - 1}. Any other value, and a
   * token that is masked, ends the generation with an {@link IllegalStateException}; an exception
   * thrown here passes through.
   *
   * @param logits one value for each token of the vocabulary: finite, or negative infinity for
   *     masked tokens; may be changed freely, and must not be kept
   * @param random the generation's random numbers, seeded by {@link GenerationConfig#seed()}
   */
  int sample(float[] logits, RandomGenerator random);
}
