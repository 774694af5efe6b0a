package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.SamplingStep;

/**
 * Which logits a choice depends on. Whoever computes them may leave out all others, as {@link
 * Logits} says.
 */
public sealed interface LogitNeed {
  /** Every logit. */
  LogitNeed ALL = new All();

  /** Every logit. */
  record All() implements LogitNeed {}

  /**
   * The largest logits and, of those that equal the smallest of them, the ones of the lowest ids.
   *
   * @param count how many, at least 1
   */
  record Largest(int count) implements LogitNeed {}

  /**
   * The fewest most probable tokens whose probabilities reach {@code topP}.
   *
   * @param temperature above 0
   * @param topP above 0, below 1
   */
  record Nucleus(float temperature, float topP) implements LogitNeed {}

  /**
   * The logits that are not far below the largest.
   *
   * @param distance how far at most, 0 or more
   */
  record Near(double distance) implements LogitNeed {}

  /**
   * What is needed of the allowed tokens; all others may be left out.
   *
   * @param allowed as {@link TokenMask} says
   * @param need of the allowed tokens, itself not of this kind
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over and not compared
  record Among(long[] allowed, LogitNeed need) implements LogitNeed {}

  /**
   * Returns what choices by these settings need.
   *
   * <p>The first step that cuts decides: what comes after it depends on what it has kept only. If
   * the logits of at most n tokens are lowered before it, and none are raised, the k largest of
   * then are among the k + n largest of before: of these, k are not lowered, and no other token
   * comes before one of them.
   */
  static LogitNeed of(GenerationConfig config) {
    if (config.sampler().isPresent()
        || !config.logitsProcessors().isEmpty()
        || config.allowedIds().length > 0
        || config.logitBias().values().stream().anyMatch(bias -> bias > 0)) {
      return ALL;
    }
    boolean greedy = config.temperature() == 0;
    long lowered = (long) config.logitBias().size() + config.bannedIds().length;
    float temperature = 1;
    for (SamplingStep step : config.samplingOrder()) {
      if (!config.uses(step) || (greedy && !TokenChooser.changesLogits(step))) {
        continue;
      }
      switch (step) {
        case PENALTIES -> {
          if (!lowers(config.penalties())) {
            return ALL;
          }
          lowered += config.penalties().window();
        }
        case DRY -> lowered += config.dry().window();
        case TEMPERATURE -> temperature = config.temperature();
        case TOP_K -> {
          return largest(config.topK(), lowered);
        }
        case TOP_P -> {
          return lowered == 0 ? new Nucleus(temperature, config.topP()) : ALL;
        }
        case MIN_P -> {
          return lowered == 0 ? near(temperature, config.minP()) : ALL;
        }
        case TOP_N_SIGMA, TYPICAL_P, XTC -> {
          return ALL;
        }
      }
    }
    return greedy ? largest(1, lowered) : ALL;
  }

  private static boolean lowers(Penalties penalties) {
    return penalties.repetition() >= 1 && penalties.presence() >= 0 && penalties.frequency() >= 0;
  }

  /** Finding very many logits takes longer than computing all. */
  private static LogitNeed largest(int count, long lowered) {
    int mostLowered = 1024;
    return lowered > mostLowered || count > Integer.MAX_VALUE - mostLowered
        ? ALL
        : new Largest((int) (count + lowered));
  }

  /**
   * A token is kept if {@code exp((logit - max) / temperature)} is at least {@code minP}, so its
   * logit is at most {@code -ln(minP) * temperature} below the largest; the two small terms are
   * more than the rounding errors of these float operations and of {@code FloatMath.exp}.
   */
  private static LogitNeed near(float temperature, float minP) {
    return new Near(temperature * (0x1p-20 - StrictMath.log(minP)) * (1 + 0x1p-20));
  }
}
