package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.format.DamagedModel.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Entry points for Jazzer: {@code --target_class=...FuzzTargets$Gguf} and so on. The input is the
 * content of one file of a model; what {@link DamagedModel} lets escape is a finding. Each class
 * works with a folder of its own, and its method may be called by one thread at a time.
 */
public final class FuzzTargets {
  private FuzzTargets() {}

  /** The input is {@code model.safetensors}. */
  public static final class Safetensors {
    private static final DamagedModel MODEL = model(Kind.SAFETENSORS);

    private Safetensors() {}

    /** Tries an input. */
    public static void fuzzerTestOneInput(byte[] input) {
      run(MODEL, input);
    }
  }

  /** The input is a GGUF file. */
  public static final class Gguf {
    private static final DamagedModel MODEL = model(Kind.GGUF);

    private Gguf() {}

    /** Tries an input. */
    public static void fuzzerTestOneInput(byte[] input) {
      run(MODEL, input);
    }
  }

  /** The input is {@code config.json}. */
  public static final class Config {
    private static final DamagedModel MODEL = model(Kind.CONFIG);

    private Config() {}

    /** Tries an input. */
    public static void fuzzerTestOneInput(byte[] input) {
      run(MODEL, input);
    }
  }

  /** The input is {@code tokenizer.json}. */
  public static final class TokenizerJson {
    private static final DamagedModel MODEL = model(Kind.TOKENIZER);

    private TokenizerJson() {}

    /** Tries an input. */
    public static void fuzzerTestOneInput(byte[] input) {
      run(MODEL, input);
    }
  }

  private static DamagedModel model(Kind kind) {
    try {
      Path folder = Files.createTempDirectory("bitnet4j-fuzz");
      folder.toFile().deleteOnExit(); // after its files: the last registered goes first
      DamagedModel model = DamagedModel.create(kind, folder);
      try (Stream<Path> files = Files.list(folder)) {
        files.forEach(file -> file.toFile().deleteOnExit());
      }
      return model;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void run(DamagedModel model, byte[] input) {
    try {
      model.run(input);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
