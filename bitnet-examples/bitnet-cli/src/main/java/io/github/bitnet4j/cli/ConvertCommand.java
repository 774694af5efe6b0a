package io.github.bitnet4j.cli;

import io.github.bitnet4j.core.tools.Conversion;
import io.github.bitnet4j.core.tools.ConvertOptions;
import io.github.bitnet4j.core.tools.ConvertOptions.Embedding;
import io.github.bitnet4j.core.tools.ConvertOptions.Target;
import io.github.bitnet4j.core.tools.ModelConverter;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Converts models between Hugging Face folders and GGUF files. */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Converts a model between a Hugging Face folder and a GGUF file, or between the",
      "ternary types of GGUF. Weights stay what they are, to the bit. The output gets its",
      "name only when it is complete and has been read back."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet convert bitnet-b1.58-2B-4T model.gguf",
      "  bitnet convert model.gguf small.gguf --type tq1_0 --embedding q6_k",
      "  bitnet convert model.gguf folder --type hf"
    })
final class ConvertCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(index = "0", paramLabel = "IN", description = "Model file or folder.")
  private Path in = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "File or folder to be written.")
  private Path out = Path.of("");

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "i2_s, tq2_0 or tq1_0 for a GGUF file, hf for a folder. Default: i2_s if OUT ends in"
              + " .gguf, else hf.")
  private @Nullable String type;

  @Option(
      names = "--embedding",
      paramLabel = "TYPE",
      description = "f32, f16 or bf16; for a GGUF file also q8_0 or q6_k. Default: as it is in IN.")
  private @Nullable String embedding;

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  @Option(
      names = "--arm-i2s",
      description = "Read I2_S tensors in the layout that bitnet.cpp writes on ARM machines.")
  private boolean armI2s;

  ConvertCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    LoadProgress progress = new LoadProgress(terminal, "Converting");
    ConvertOptions options = options(progress);
    if (Files.exists(out) && !force) {
      throw new FileAlreadyExistsException(
          out.toString(), null, "it exists; choose another output, or give --force to replace it");
    }
    Conversion conversion;
    try {
      conversion = ModelConverter.convert(in, out, options);
    } finally {
      progress.erase();
    }
    for (String warning : conversion.warnings()) {
      terminal.err().println("warning: " + warning);
    }
    terminal.err().printf(Locale.ROOT, "%s: %.1f MB%n", out, conversion.bytes() / 1e6);
    return ExitCode.OK;
  }

  private ConvertOptions options(LoadProgress progress) {
    ConvertOptions.Builder options =
        ConvertOptions.builder()
            .target(target())
            .overwrite(force)
            .armI2sLayout(armI2s)
            .progress(progress);
    try {
      if (embedding != null) {
        options.embedding(embedding(embedding));
      }
      return options.build();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private Target target() {
    if (type == null) {
      return out.toString().endsWith(".gguf") ? Target.I2_S : Target.HUGGING_FACE;
    }
    return switch (type.toLowerCase(Locale.ROOT)) {
      case "i2_s" -> Target.I2_S;
      case "tq2_0" -> Target.TQ2_0;
      case "tq1_0" -> Target.TQ1_0;
      case "hf" -> Target.HUGGING_FACE;
      default -> throw new UsageException("type: expected i2_s, tq2_0, tq1_0 or hf, found " + type);
    };
  }

  private static Embedding embedding(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "f32" -> Embedding.F32;
      case "f16" -> Embedding.F16;
      case "bf16" -> Embedding.BF16;
      case "q8_0" -> Embedding.Q8_0;
      case "q6_k" -> Embedding.Q6_K;
      default ->
          throw new UsageException(
              "embedding: expected f32, f16, bf16, q8_0 or q6_k, found " + name);
    };
  }
}
