package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.Sampler;
import io.github.bitnet4j.core.sampling.LogitNeed.Largest;
import io.github.bitnet4j.core.sampling.LogitNeed.Nucleus;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Chooses tokens as a {@link GenerationConfig} says. Belongs to one generation. Its results depend
 * only on logits, settings and seed: ties go to the lower id, and the arithmetic has one order.
 */
public final class TokenChooser {
  private final float temperature;
  private final int topK;
  private final float topP;
  private final @Nullable Sampler sampler;
  private final RandomGenerator random;
  private final LogitNeed need;

  private final Ranking ranking = new Ranking();

  /** Weights of the candidates. */
  private float[] weights = {};

  /**
   * Creates a chooser.
   *
   * @param seed of the random draws
   */
  public TokenChooser(GenerationConfig config, long seed) {
    temperature = config.temperature();
    topK = config.topK();
    topP = config.topP();
    sampler = config.sampler().orElse(null);
    random = new SplitMix64(seed);
    need = need(config);
  }

  private static LogitNeed need(GenerationConfig config) {
    if (config.sampler().isPresent()) {
      return LogitNeed.ALL;
    }
    if (config.temperature() == 0) {
      return new Largest(1);
    }
    if (config.topK() > 0) {
      return new Largest(config.topK());
    }
    return config.topP() < 1 ? new Nucleus(config.temperature(), config.topP()) : LogitNeed.ALL;
  }

  /** Returns the logits that {@link #choose} needs. */
  public LogitNeed need() {
    return need;
  }

  /**
   * Returns the id of the next token.
   *
   * @param logits at least what {@link #need} says; an application's own sampler may change them
   * @throws NonFiniteValueException if a logit is NaN or infinite
   * @throws IllegalStateException if an application's own sampler returns no valid id
   */
  public int choose(Logits logits) {
    int best = argmax(logits);
    if (sampler != null) {
      int id = sampler.sample(logits.values(), random);
      if (id < 0 || id >= logits.count()) {
        throw new IllegalStateException(
            "the configured Sampler returned %d; expected an id from 0 to %d"
                .formatted(id, logits.count() - 1));
      }
      return id;
    }
    if (temperature == 0) {
      return logits.id(best);
    }
    float max = logits.values()[best];
    return logits.id(topK == 0 && topP == 1 ? draw(logits, max) : drawFromTop(logits, max));
  }

  private static int argmax(Logits logits) {
    float[] values = logits.values();
    int best = 0;
    for (int i = 0; i < logits.count(); i++) {
      if (!Float.isFinite(values[i])) {
        throw new NonFiniteValueException(
            "logits: expected finite values, found %s for token %d; the weights are damaged"
                .formatted(values[i], logits.id(i)));
      }
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  /** Draws from all tokens, in the order of their ids. */
  private int draw(Logits logits, float max) {
    double left = random.nextDouble() * weigh(logits, max);
    int last = 0;
    for (int i = 0; i < logits.count(); i++) {
      if (weights[i] > 0) {
        left -= weights[i];
        last = i;
        if (left < 0) {
          return i;
        }
      }
    }
    return last; // rounding may leave a little over
  }

  /** Draws from the most probable tokens, in that order; returns the index of the candidate. */
  private int drawFromTop(Logits logits, float max) {
    double sum = weigh(logits, max);
    double total = logits.isComplete() ? sum : logits.total();
    ranking.fill(logits);
    int most = logits.count();
    if (topK > 0) {
      most = Math.min(topK, most);
      total = 0;
      for (int rank = 0; rank < most; rank++) {
        total += weights[ranking.index(rank)];
      }
    }
    double kept = 0;
    int size = 0;
    while (size < most && (size == 0 || kept < topP * total)) {
      kept += weights[ranking.index(size)];
      size++;
    }
    double left = random.nextDouble() * kept;
    for (int rank = 0; rank < size - 1; rank++) {
      left -= weights[ranking.index(rank)];
      if (left < 0) {
        return ranking.index(rank);
      }
    }
    return ranking.index(size - 1);
  }

  /** Fills the weights and returns their sum. */
  private double weigh(Logits logits, float max) {
    int count = logits.count();
    if (weights.length < count) {
      weights = new float[count];
    }
    float[] values = logits.values();
    double sum = 0;
    for (int i = 0; i < count; i++) {
      weights[i] = NucleusProof.weight(values[i], max, temperature);
      sum += weights[i];
    }
    return sum;
  }
}
