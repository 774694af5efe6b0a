package io.github.bitnet4j.cli;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Penalties;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that make a text repeat itself less. */
final class RepetitionOptions {
  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      defaultValue = "1",
      description = "Divide logits above 0 of late tokens by R, multiply others. Default: 1.")
  private float repetition;

  @Option(
      names = "--presence-penalty",
      paramLabel = "L",
      defaultValue = "0",
      description = "Lower the logits of late tokens by L. Default: 0.")
  private float presence;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "L",
      defaultValue = "0",
      description = "Lower the logits of late tokens by L for each occurrence. Default: 0.")
  private float frequency;

  @Option(
      names = "--penalty-window",
      paramLabel = "N",
      description = "How many tokens of prompt and text are late. Default: 64.")
  private @Nullable Integer window;

  @Option(
      names = "--dry",
      paramLabel = "M",
      defaultValue = "0",
      description =
          "Lower the logits of tokens that continue a repetition by M, by more if it is"
              + " long; 0.8 is usual. Default: 0.")
  private float dry;

  @Option(
      names = "--dry-base",
      paramLabel = "B",
      description = "Multiply M by B for each token of length. Default: 1.75.")
  private @Nullable Float dryBase;

  @Option(
      names = "--dry-allowed-length",
      paramLabel = "N",
      description = "Repetitions of fewer tokens are allowed. Default: 2.")
  private @Nullable Integer dryAllowedLength;

  @Option(
      names = "--dry-window",
      paramLabel = "N",
      description = "How many of the last tokens are looked at. Default: all.")
  private @Nullable Integer dryWindow;

  @Option(
      names = "--dry-breaker",
      paramLabel = "TEXT",
      description =
          "Repetitions do not reach beyond tokens with this text. May be given several times."
              + " Default: line end, colon, quotation mark, asterisk.")
  private List<String> dryBreakers = new ArrayList<>();

  /** Sets what the options ask for. */
  void apply(GenerationConfig.Builder config) {
    Penalties penalties =
        Penalties.none().withRepetition(repetition).withPresence(presence).withFrequency(frequency);
    config.penalties(window == null ? penalties : penalties.withWindow(window));
    Dry settings = Dry.none().withMultiplier(dry);
    if (dryBase != null) {
      settings = settings.withBase(dryBase);
    }
    if (dryAllowedLength != null) {
      settings = settings.withAllowedLength(dryAllowedLength);
    }
    if (dryWindow != null) {
      settings = settings.withWindow(dryWindow);
    }
    if (!dryBreakers.isEmpty()) {
      settings = settings.withSequenceBreakers(dryBreakers.toArray(String[]::new));
    }
    config.dry(settings);
  }
}
