package io.github.bitnet4j.cli;

import io.github.bitnet4j.core.tools.Conversion;
import io.github.bitnet4j.core.tools.ConvertOptions;
import io.github.bitnet4j.core.tools.ModelShape;
import io.github.bitnet4j.core.tools.ModelSynthesizer;
import io.github.bitnet4j.core.tools.ModelSynthesizer.Text;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes models with random weights. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Writes a model with random weights, to measure a size of model without having one.",
      "It has no tokenizer; what it generates takes the time and memory of the real thing.",
      "The same options give the same bytes on every machine."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet synthesize --shape 2b-4t random-2b-4t",
      "  bitnet synthesize --shape 2b-4t random-2b-4t.gguf --embedding q6_k",
      "  bitnet synthesize --shape 2b-4t --text repeated repeating-2b-4t",
      "  bitnet synthesize --shape tiny --layers 8 --seed 7 small.gguf"
    })
final class SynthesizeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(index = "0", paramLabel = "OUT", description = "File or folder to be written.")
  private Path out = Path.of("");

  @Option(
      names = "--shape",
      paramLabel = "NAME",
      defaultValue = "2b-4t",
      description =
          "2b-4t (1.2 GB) or tiny (0.7 MB); the options that follow change single sizes."
              + " Default: ${DEFAULT-VALUE}.")
  private String shape = "";

  @Option(names = "--vocab", paramLabel = "N", description = "Token ids.")
  private @Nullable Integer vocab;

  @Option(names = "--hidden", paramLabel = "N", description = "Width of the residual stream.")
  private @Nullable Integer hidden;

  @Option(names = "--ffn", paramLabel = "N", description = "Width in the feed-forward network.")
  private @Nullable Integer ffn;

  @Option(names = "--layers", paramLabel = "N", description = "Transformer blocks.")
  private @Nullable Integer layers;

  @Option(names = "--heads", paramLabel = "N", description = "Query heads.")
  private @Nullable Integer heads;

  @Option(names = "--kv-heads", paramLabel = "N", description = "Key/value heads.")
  private @Nullable Integer kvHeads;

  @Option(names = "--context", paramLabel = "N", description = "Largest number of positions.")
  private @Nullable Integer context;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Gives the weights. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--text",
      paramLabel = "KIND",
      defaultValue = "random",
      description =
          "What it generates: random, or repeated: its last token again and again, the best"
              + " case of speculation. Default: ${DEFAULT-VALUE}.")
  private String text = "";

  @Mixin private final OutputOptions output = new OutputOptions();

  SynthesizeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    LoadProgress progress = new LoadProgress(terminal, "Writing");
    ConvertOptions options = output.build(out, false, false, progress);
    ModelShape sizes = sizes();
    Text kind = kind();
    output.check(out);
    Conversion written;
    try {
      written = ModelSynthesizer.synthesize(sizes, seed, kind, out, options);
    } finally {
      progress.erase();
    }
    terminal.err().printf(Locale.ROOT, "%s: %.1f MB%n", out, written.bytes() / 1e6);
    return ExitCode.OK;
  }

  private ModelShape sizes() {
    ModelShape named =
        switch (shape.toLowerCase(Locale.ROOT)) {
          case "2b-4t" -> ModelShape.BITNET_2B_4T;
          case "tiny" -> ModelShape.TINY;
          default -> throw new UsageException("shape: expected 2b-4t or tiny, found " + shape);
        };
    try {
      return new ModelShape(
          either(vocab, named.vocabSize()),
          either(hidden, named.hiddenSize()),
          either(ffn, named.intermediateSize()),
          either(layers, named.numLayers()),
          either(heads, named.numHeads()),
          either(kvHeads, named.numKvHeads()),
          either(context, named.contextLength()));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private Text kind() {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "random" -> Text.RANDOM;
      case "repeated" -> Text.REPEATED;
      default -> throw new UsageException("text: expected random or repeated, found " + text);
    };
  }

  private static int either(@Nullable Integer given, int otherwise) {
    return given == null ? otherwise : given;
  }
}
