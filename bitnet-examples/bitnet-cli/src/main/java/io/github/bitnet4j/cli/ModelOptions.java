package io.github.bitnet4j.cli;

import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which model is loaded, and how. */
final class ModelOptions {
  /** System property that names the folder of the demo model; the launcher sets it. */
  static final String DEMO_MODEL_PROPERTY = "bitnet4j.demoModel";

  @Option(
      names = "--model",
      paramLabel = "PATH",
      description = "Hugging Face model folder or GGUF file. Default: the demo model.")
  private @Nullable Path model;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute. Default: one for each processor.")
  private @Nullable Integer threads;

  @Option(
      names = "--kernels",
      paramLabel = "NAME",
      description = "Kernels to compute with: vector, scalar. Default: the fastest.")
  private @Nullable String kernels;

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Most tokens of prompt and continuation. Default: the model's own limit.")
  private @Nullable Integer context;

  @Option(
      names = "--kv-cache",
      paramLabel = "TYPE",
      description =
          "Type of cached keys and values: f32, or f16 (half the memory and faster after long"
              + " contexts, but not exact). Default: f32.")
  private @Nullable String kvCache;

  @Option(
      names = "--prepared",
      paramLabel = "FILE",
      description = "Keep what loading makes of the weights in this file, and map it next time.")
  private @Nullable Path preparedFile;

  @Option(
      names = "--quantize-masters",
      description =
          "Quantize float weights although nothing says that the model was trained for it: master"
              + " weights of BitNet b1.58. An ordinary model then writes gibberish.")
  private boolean quantizeMasters;

  /** Returns whether the demo model is meant, because no other was named. */
  boolean isDemo() {
    return model == null;
  }

  /** Loads the model; the caller closes it. */
  Model load(Terminal terminal) throws IOException {
    if (preparedFile != null) {
      TextInput.checkOutput("--prepared", preparedFile);
    }
    LoadProgress progress = new LoadProgress(terminal);
    LoadOptions options = options(progress);
    try {
      return Model.load(path(), options);
    } finally {
      progress.erase();
    }
  }

  /** Says what the demo model is, if it is in use. */
  void announceDemo(Model model, Terminal terminal) {
    if (isDemo()) {
      terminal
          .err()
          .printf(
              Locale.ROOT,
              "Demo model: %.1f M parameter BitNet b1.58 network trained on children's stories;"
                  + " give --model for another.%n",
              model.info().parameterCount() / 1e6);
    }
  }

  private Path path() {
    return model == null ? demo() : model;
  }

  /** Returns the folder of the demo model. */
  static Path demo() {
    String demo = System.getProperty(DEMO_MODEL_PROPERTY);
    if (demo == null) {
      throw new UsageException(
          "no model: give --model PATH (for the demo model start java with -D"
              + DEMO_MODEL_PROPERTY
              + "=FOLDER, as the launcher does)");
    }
    return Path.of(demo).normalize();
  }

  static KvCacheType kvCacheType(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "f32" -> KvCacheType.F32;
      case "f16" -> KvCacheType.F16;
      default -> throw new UsageException("kv-cache: expected f32 or f16, found " + name);
    };
  }

  private LoadOptions options(LoadProgress progress) {
    LoadOptions.Builder builder =
        LoadOptions.builder().progress(progress).quantizeMasters(quantizeMasters);
    try {
      if (threads != null) {
        builder.threads(threads);
      }
      if (kernels != null) {
        builder.kernels(kernels);
      }
      if (context != null) {
        builder.contextLength(context);
      }
      if (kvCache != null) {
        builder.kvCache(kvCacheType(kvCache));
      }
      if (preparedFile != null) {
        builder.preparedFile(preparedFile);
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    return builder.build();
  }
}
