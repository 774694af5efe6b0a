package io.github.bitnet4j.cli;

import io.github.bitnet4j.core.tools.ConvertOptions;
import io.github.bitnet4j.core.tools.ConvertOptions.Embedding;
import io.github.bitnet4j.core.tools.ConvertOptions.Target;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what a model is written as. */
final class OutputOptions {
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
      description =
          "f32, f16 or bf16; for a GGUF file also q8_0 or q6_k. Default: as it is in IN; of"
              + " synthesized models f16 in a GGUF file, bf16 in a folder.")
  private @Nullable String embedding;

  @Option(names = "--force", description = "Replace OUT if it exists.")
  private boolean force;

  /** Refuses an output that exists, unless it is to be replaced. */
  void check(Path out) throws FileAlreadyExistsException {
    if (Files.exists(out) && !force) {
      throw new FileAlreadyExistsException(
          out.toString(), null, "it exists; choose another output, or give --force to replace it");
    }
  }

  /** Returns the options for an output. */
  ConvertOptions build(Path out, boolean armI2s, boolean quantizeMasters, LoadProgress progress) {
    ConvertOptions.Builder options =
        ConvertOptions.builder()
            .target(target(out))
            .overwrite(force)
            .armI2sLayout(armI2s)
            .quantizeMasters(quantizeMasters)
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

  private Target target(Path out) {
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
