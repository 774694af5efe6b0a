package io.github.bitnet4j.cli;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Mirostat;
import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.SamplingStep;
import io.github.bitnet4j.Xtc;
import io.github.bitnet4j.core.tools.ConstraintChecker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say when a generation stops and how its tokens are chosen. */
final class SamplingOptions {
  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Most tokens to generate. Default: 256; in a chat 1024 for each reply.")
  private @Nullable Integer maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "0 always takes the likeliest token, 1 draws by the model's own probabilities."
              + " Default: 0; for the demo model 0.7.")
  private @Nullable Float temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Draw among the K likeliest tokens. Default: all.")
  private @Nullable Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Draw among the likeliest tokens that reach the probability P together."
              + " Default: 1; for the demo model 0.9.")
  private @Nullable Float topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      defaultValue = "0",
      description =
          "Draw among the tokens of at least P times the largest probability. Default: 0.")
  private float minP;

  @Option(
      names = "--typical-p",
      paramLabel = "P",
      defaultValue = "1",
      description =
          "Draw among the most typical tokens that reach the probability P together. Default: 1.")
  private float typicalP;

  @Option(
      names = "--top-n-sigma",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Draw among the logits within N standard deviations of the largest. Default: all.")
  private float topNSigma;

  @Option(
      names = "--xtc-probability",
      paramLabel = "P",
      description =
          "Remove the likeliest of several likely tokens, with this probability. Default: 0.")
  private @Nullable Float xtcProbability;

  @Option(
      names = "--xtc-threshold",
      paramLabel = "P",
      description = "The probability that makes a token likely. Default: 0.1.")
  private @Nullable Float xtcThreshold;

  @Option(
      names = "--mirostat",
      paramLabel = "TAU",
      description = "Draw for a surprise of TAU bits on average (Mirostat 2); 5 is usual.")
  private @Nullable Float mirostat;

  @Option(
      names = "--mirostat-eta",
      paramLabel = "ETA",
      defaultValue = "0.1",
      description = "How fast Mirostat adapts. Default: ${DEFAULT-VALUE}.")
  private float mirostatEta;

  @Mixin private final RepetitionOptions repetition = new RepetitionOptions();

  @Option(
      names = "--logit-bias",
      paramLabel = "ID=B",
      description = "Add B to the logit of a token. May be given several times.")
  private Map<Integer, Float> logitBias = new TreeMap<>();

  @Option(
      names = "--ban",
      paramLabel = "ID",
      split = ",",
      description = "Never choose these token ids.")
  private int @Nullable [] banned;

  @Option(
      names = "--sampling-order",
      paramLabel = "STEP",
      split = ",",
      description =
          "Order of the steps that are in use, of: ${COMPLETION-CANDIDATES}. Default: this order.")
  private SamplingStep @Nullable [] samplingOrder;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description =
          "Seed of the random draws: the same seed gives the same text."
              + " Default: another one each time; for the demo model 42.")
  private @Nullable Long seed;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "Stop before this text. May be given several times.")
  private List<String> stop = new ArrayList<>();

  @Option(
      names = "--time-limit",
      paramLabel = "SECONDS",
      description = "Stop after this time, reading the prompt included. Default: no limit.")
  private @Nullable Double timeLimit;

  @Option(names = "--ignore-eos", description = "Go on after the model's end tokens.")
  private boolean ignoreEos;

  @Option(
      names = "--speculation",
      description =
          "Guess tokens that repeat earlier text and compute them together. Gives the same text.")
  private boolean speculation;

  @ArgGroup private @Nullable ConstraintOptions constraint;

  /**
   * Returns what the options ask for.
   *
   * @param demo whether to fill in the defaults of the demo model
   * @param defaultMaxTokens tokens to generate if no option says it
   */
  GenerationConfig config(boolean demo, int defaultMaxTokens) {
    return config(demo, defaultMaxTokens, builder -> {});
  }

  /** As above, with settings for which there are other options. */
  GenerationConfig config(
      boolean demo, int defaultMaxTokens, Consumer<GenerationConfig.Builder> others) {
    try {
      GenerationConfig.Builder builder =
          GenerationConfig.builder()
              .maxTokens(maxTokens != null ? maxTokens : defaultMaxTokens)
              .temperature(temperature != null ? temperature : demo ? 0.7f : 0)
              .topP(topP != null ? topP : demo ? 0.9f : 1)
              .stop(stop.toArray(String[]::new))
              .ignoreStopTokens(ignoreEos)
              .speculation(speculation);
      setSteps(builder);
      others.accept(builder);
      if (timeLimit != null) {
        if (!Double.isFinite(timeLimit)) {
          throw new UsageException("--time-limit: expected seconds, found " + timeLimit);
        }
        builder.timeLimit(Duration.ofNanos((long) (timeLimit * 1e9)));
      }
      if (constraint != null) {
        OutputConstraint wanted = constraint.constraint();
        ConstraintChecker.check(wanted);
        builder.constraint(wanted);
      }
      if (seed != null) {
        builder.seed(seed);
      } else if (demo) {
        builder.seed(42);
      }
      return builder.build();
    } catch (OutputConstraintException e) {
      throw e; // its text is an input, mostly in a file
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private void setSteps(GenerationConfig.Builder builder) {
    builder.minP(minP).typicalP(typicalP).topNSigma(topNSigma);
    repetition.apply(builder);
    logitBias.forEach(builder::logitBias);
    if (topK != null) {
      builder.topK(topK);
    }
    if (xtcProbability != null || xtcThreshold != null) {
      Xtc none = Xtc.none();
      builder.xtc(
          new Xtc(
              xtcProbability != null ? xtcProbability : none.probability(),
              xtcThreshold != null ? xtcThreshold : none.threshold()));
    }
    if (mirostat != null) {
      builder.mirostat(new Mirostat(mirostat, mirostatEta));
    }
    if (banned != null) {
      builder.bannedIds(banned);
    }
    if (samplingOrder != null) {
      builder.samplingOrder(samplingOrder);
    }
  }
}
