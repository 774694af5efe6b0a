package io.github.bitnet4j.cli;

import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that say which tokenizer is used. */
final class TokenizerOptions {
  @ArgGroup private @Nullable Source source;

  /** At most one of the two. */
  private static final class Source {
    @Option(
        names = "--model",
        paramLabel = "PATH",
        description = "The tokenizer of this model: folder or GGUF file. Default: the demo model.")
    private @Nullable Path model;

    @Option(
        names = "--tokenizer",
        paramLabel = "PATH",
        description = "A tokenizer file (a GGUF file too), or the folder that holds one.")
    private @Nullable Path tokenizer;
  }

  Tokenizer load() throws IOException {
    if (source != null && source.tokenizer != null) {
      return Tokenizer.load(source.tokenizer);
    }
    // The weights, if there are any, are not looked at.
    return Tokenizer.load(
        source == null || source.model == null ? ModelOptions.demo() : source.model);
  }
}
