package io.github.bitnet4j.tokenizer.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Finds the vocabularies and texts in the folder {@code shared} beside the repository. */
public final class SharedFiles {
  private SharedFiles() {}

  /** Returns a file of that folder, if both exist. */
  public static Optional<Path> find(String name) {
    @Nullable Path folder = Path.of(System.getProperty("user.dir")).toAbsolutePath();
    while (folder != null) {
      Path file = folder.resolve("shared").resolve(name);
      if (Files.exists(file)) {
        return Optional.of(file);
      }
      folder = folder.getParent();
    }
    return Optional.empty();
  }

  /** Returns a file of that folder. */
  public static Path get(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new IllegalStateException("there is no ../shared/" + name + ", which this needs"));
  }

  /** Unpacks a gzip file into a new temporary folder under the name that a tokenizer has. */
  public static Path unpackTokenizerJson(Path packed) {
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Path folder = Files.createTempDirectory("tokenizer");
      Path file = folder.resolve("tokenizer.json");
      Files.copy(in, file);
      file.toFile().deleteOnExit();
      folder.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
