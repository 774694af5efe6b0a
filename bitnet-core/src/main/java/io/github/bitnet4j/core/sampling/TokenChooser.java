package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.Sampler;
import io.github.bitnet4j.SamplingStep;
import io.github.bitnet4j.TokenIds;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Chooses tokens as a {@link GenerationConfig} says. Belongs to one generation. Its results depend
 * only on logits, text, settings and seed: ties go to the lower id, and the arithmetic has one
 * order. What it remembers from token to token are the random numbers and Mirostat's state; they
 * move on with each choice.
 */
public final class TokenChooser {
  private final GenerationConfig config;
  private final RandomGenerator random;
  private final LogitsRequest need;

  private final @Nullable Sampler sampler;
  private final boolean greedy;
  private final @Nullable MirostatDraw mirostat;

  private final LogitEdits edits;
  private final SamplingStep[] steps;
  private final PenaltiesStep penalties;
  private final DryStep dry;
  private final TypicalStep typical;
  private final XtcStep xtc;

  private final Candidates candidates = new Candidates();

  /**
   * Creates a chooser.
   *
   * @param seed of the random draws
   * @param breaksSequence tells the ids that a repetition does not reach beyond, for {@link
   *     io.github.bitnet4j.Dry}
   */
  public TokenChooser(GenerationConfig config, long seed, IntPredicate breaksSequence) {
    this.config = config;
    random = new SplitMix64(seed);
    need = LogitsRequests.of(config);
    sampler = config.sampler().orElse(null);
    greedy = config.temperature() == 0;
    mirostat = config.mirostat().map(MirostatDraw::new).orElse(null);
    edits = new LogitEdits(config);
    steps =
        config.samplingOrder().stream()
            .filter(config::uses)
            .filter(step -> LogitsRequests.changesLogits(step) || !(greedy || sampler != null))
            .toArray(SamplingStep[]::new);
    penalties = new PenaltiesStep(config.penalties());
    dry = new DryStep(config.dry(), breaksSequence);
    typical = new TypicalStep(config.typicalP());
    xtc = new XtcStep(config.xtc(), random);
  }

  /** Returns the logits that {@link #choose} needs. */
  public LogitsRequest need() {
    return need;
  }

  /**
   * Returns the logits that {@link #choose} needs to choose among some tokens.
   *
   * @param allowed see {@link io.github.bitnet4j.core.logits.TokenMask}
   */
  public LogitsRequest needAmong(long[] allowed) {
    boolean seesAll =
        sampler != null || !config.logitsProcessors().isEmpty() || config.allowedIds().length > 0;
    return seesAll ? LogitsRequest.ALL : new LogitsRequest.Allowed(allowed, need);
  }

  /**
   * Returns the id of the next token. To be called once for each token of a text, in order.
   *
   * @param logits at least what {@link #need} says; they may be changed
   * @param text the tokens before
   * @throws NonFiniteValueException if a logit is NaN or infinite
   * @throws IllegalStateException if an application's own sampler returns no valid id, its own
   *     processor makes an invalid logit, or all tokens are masked
   */
  public int choose(Logits logits, TokenIds text) {
    return choose(logits, text, null);
  }

  /**
   * As {@link #choose(Logits, TokenIds)}, among some tokens.
   *
   * @param allowed see {@link io.github.bitnet4j.core.logits.TokenMask}; null for all
   */
  public int choose(Logits logits, TokenIds text, long @Nullable [] allowed) {
    checkFinite(logits);
    candidates.reset(logits);
    edits.apply(candidates, logits, text, allowed);
    for (SamplingStep step : steps) {
      apply(step, text);
    }
    if (sampler != null) {
      return choose(sampler, logits);
    }
    if (greedy) {
      return logits.id(candidates.top());
    }
    return logits.id(
        mirostat != null ? mirostat.draw(candidates, random) : Draw.draw(candidates, random));
  }

  private void apply(SamplingStep step, TokenIds text) {
    switch (step) {
      case PENALTIES -> penalties.apply(candidates, text);
      case DRY -> dry.apply(candidates, text);
      case TEMPERATURE -> candidates.setTemperature(config.temperature());
      case TOP_N_SIGMA -> Truncation.topNSigma(candidates, config.topNSigma());
      case TOP_K -> Truncation.topK(candidates, config.topK());
      case TYPICAL_P -> typical.apply(candidates);
      case TOP_P -> Truncation.topP(candidates, config.topP());
      case MIN_P -> Truncation.minP(candidates, config.minP());
      case XTC -> xtc.apply(candidates);
    }
  }

  private int choose(Sampler sampler, Logits logits) {
    int id = sampler.sample(logits.values(), random);
    if (id < 0 || id >= logits.count()) {
      throw new IllegalStateException(
          "the configured Sampler returned %d; expected an id from 0 to %d"
              .formatted(id, logits.count() - 1));
    }
    if (!candidates.contains(id)) {
      throw new IllegalStateException(
          "the configured Sampler returned %d; that token is masked".formatted(id));
    }
    return id;
  }

  private static void checkFinite(Logits logits) {
    float[] values = logits.values();
    for (int i = 0; i < logits.count(); i++) {
      if (!Float.isFinite(values[i])) {
        throw Logits.nonFinite(values[i], logits.id(i));
      }
    }
  }
}
