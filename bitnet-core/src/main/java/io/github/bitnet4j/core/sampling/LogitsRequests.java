package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.SamplingStep;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.LogitsRequest.Nucleus;
import io.github.bitnet4j.core.logits.LogitsRequest.TopK;
import io.github.bitnet4j.core.logits.LogitsRequest.Within;

/** Derives from the settings of a generation which logits its choices depend on. */
final class LogitsRequests {
  private LogitsRequests() {}

  /**
   * Returns what choices by these settings need.
   *
   * <p>The first step that cuts decides: what comes after it depends on what it has kept only. If
   * the logits of at most n tokens are lowered before it, and none are raised, the k largest of
   * then are among the k + n largest of before: of these, k are not lowered, and no other token
   * comes before one of them.
   */
  static LogitsRequest of(GenerationConfig config) {
    if (config.sampler().isPresent()
        || !config.logitsProcessors().isEmpty()
        || config.allowedIds().length > 0
        || config.logitBias().values().stream().anyMatch(bias -> bias > 0)) {
      return LogitsRequest.ALL;
    }
    boolean greedy = config.temperature() == 0;
    long lowered = (long) config.logitBias().size() + config.bannedIds().length;
    float temperature = 1;
    for (SamplingStep step : config.samplingOrder()) {
      if (!config.uses(step) || (greedy && !changesLogits(step))) {
        continue;
      }
      switch (step) {
        case PENALTIES -> {
          if (!lowers(config.penalties())) {
            return LogitsRequest.ALL;
          }
          lowered += config.penalties().window();
        }
        case DRY -> lowered += config.dry().window();
        case TEMPERATURE -> temperature = config.temperature();
        case TOP_K -> {
          return largest(config.topK(), lowered);
        }
        case TOP_P -> {
          return lowered == 0 ? new Nucleus(temperature, config.topP()) : LogitsRequest.ALL;
        }
        case MIN_P -> {
          return lowered == 0 ? near(temperature, config.minP()) : LogitsRequest.ALL;
        }
        case TOP_N_SIGMA, TYPICAL_P, XTC -> {
          return LogitsRequest.ALL;
        }
      }
    }
    return greedy ? largest(1, lowered) : LogitsRequest.ALL;
  }

  private static boolean lowers(Penalties penalties) {
    return penalties.repetition() >= 1 && penalties.presence() >= 0 && penalties.frequency() >= 0;
  }

  /** Finding very many logits takes longer than computing all. */
  private static LogitsRequest largest(int count, long lowered) {
    int mostLowered = 1024;
    return lowered > mostLowered || count > Integer.MAX_VALUE - mostLowered
        ? LogitsRequest.ALL
        : new TopK((int) (count + lowered));
  }

  /**
   * A token is kept if {@code exp((logit - max) / temperature)} is at least {@code minP}, so its
   * logit is at most {@code -ln(minP) * temperature} below the largest; the two small terms are
   * more than the rounding errors of these float operations and of {@code FloatMath.exp}.
   */
  private static LogitsRequest near(float temperature, float minP) {
    return new Within(temperature * (0x1p-20 - StrictMath.log(minP)) * (1 + 0x1p-20));
  }

  /** Returns whether a step has its part in greedy choices and in those of a sampler. */
  static boolean changesLogits(SamplingStep step) {
    return step == SamplingStep.PENALTIES || step == SamplingStep.DRY;
  }
}
