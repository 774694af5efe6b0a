package io.github.bitnet4j.cli;

import io.github.bitnet4j.GenerationConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
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

  @Option(names = "--ignore-eos", description = "Go on after the model's end tokens.")
  private boolean ignoreEos;

  @Option(
      names = "--speculation",
      description =
          "Guess tokens that repeat earlier text and compute them together. Gives the same text.")
  private boolean speculation;

  /**
   * Returns what the options ask for.
   *
   * @param demo whether to fill in the defaults of the demo model
   * @param defaultMaxTokens tokens to generate if no option says it
   */
  GenerationConfig config(boolean demo, int defaultMaxTokens) {
    try {
      GenerationConfig.Builder builder =
          GenerationConfig.builder()
              .maxTokens(maxTokens != null ? maxTokens : defaultMaxTokens)
              .temperature(temperature != null ? temperature : demo ? 0.7f : 0)
              .topP(topP != null ? topP : demo ? 0.9f : 1)
              .stop(stop.toArray(String[]::new))
              .ignoreStopTokens(ignoreEos)
              .speculation(speculation);
      if (topK != null) {
        builder.topK(topK);
      }
      if (seed != null) {
        builder.seed(seed);
      } else if (demo) {
        builder.seed(42);
      }
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }
}
