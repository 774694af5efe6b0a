package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.AtomicOutput;
import io.github.bitnet4j.core.format.InputFiles;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where a model is written, and the rules for what may be there; see {@link AtomicOutput}. */
final class OutputPlace implements AutoCloseable {
  private final Path target;
  private final ConvertOptions options;
  private @Nullable AtomicOutput output;

  /**
   * Names a place.
   *
   * @param out a path, of which links are followed
   * @throws NoSuchFileException if the directory for it does not exist
   */
  OutputPlace(Path out, ConvertOptions options) throws IOException {
    target = AtomicOutput.target(out);
    AtomicOutput.cleanUpBeside(target); // the target may be back then
    this.options = options;
  }

  /** Writes an output. */
  @FunctionalInterface
  interface Writing {
    void write() throws IOException;
  }

  /** Checks that nothing is there, or a model that may be replaced. */
  void check() throws IOException {
    if (!Files.exists(target)) {
      return;
    }
    if (!options.overwrite()) {
      throw refusal("the output exists already; choose another or ask to overwrite it");
    }
    boolean directory = Files.isDirectory(target);
    if (directory != isDirectoryWritten()) {
      throw refusal(
          directory
              ? "expected a file to replace, found a directory"
              : "expected a directory to replace, found a file");
    }
    if (directory && !isModelDirectory()) {
      throw refusal(
          "expected a model directory to replace, found one without config.json or with folders");
    }
    if (!directory && !Files.isRegularFile(target)) {
      throw refusal("expected a regular file to replace, found a pipe, a device or a socket");
    }
  }

  /** As {@link #check()}, and checks that no file of the input would be replaced or hidden. */
  void check(InputFiles input) throws IOException {
    if (Files.exists(target)) {
      if (input.contains(target) || (Files.isDirectory(target) && input.reachInto(target))) {
        throw refusal("expected another output than the input");
      }
    } else if (input.isDirectory(target.resolveSibling(""))
        && !String.valueOf(target.getFileName()).endsWith(".gguf")) {
      throw refusal(
          "expected an output that does not become a file of the input; choose another directory,"
              + " or a name that ends in .gguf");
    }
    check();
  }

  private boolean isDirectoryWritten() {
    return options.target().type().isEmpty();
  }

  private boolean isModelDirectory() throws IOException {
    return Files.exists(target.resolve("config.json"))
        && list(target).stream().noneMatch(Files::isDirectory);
  }

  private FileAlreadyExistsException refusal(String reason) {
    return new FileAlreadyExistsException(target.toString(), null, reason);
  }

  /**
   * Checks that the disk has room.
   *
   * @throws IOException if it has not
   */
  void checkRoom(long bytes) throws IOException {
    long usable = Files.getFileStore(target.resolveSibling("")).getUsableSpace();
    if (usable < bytes) {
      throw new IOException(
          "%s: expected room for %d bytes on its disk, found %d; free some or choose another place"
              .formatted(target, bytes, usable));
    }
  }

  /** Returns where to write; nothing is there. */
  Path begin() throws IOException {
    output = isDirectoryWritten() ? AtomicOutput.directory(target) : AtomicOutput.file(target);
    return output.content();
  }

  /** Runs what writes the output, and names the target if it fails without naming a file. */
  void writing(Writing writing) throws IOException {
    try {
      writing.write();
    } catch (IOException e) {
      throw begun().explained(e);
    }
  }

  private AtomicOutput begun() {
    if (output == null) {
      throw new IllegalStateException("not begun");
    }
    return output;
  }

  /** Moves what was written to its final place and returns its size in bytes. */
  long finish() throws IOException {
    long bytes = size(begun().content());
    begun().commit();
    return bytes;
  }

  /** Deletes what is unfinished. */
  @Override
  public void close() throws IOException {
    if (output != null) {
      output.close();
    }
  }

  private static long size(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return Files.size(path);
    }
    long bytes = 0;
    for (Path file : list(path)) {
      bytes += Files.size(file);
    }
    return bytes;
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
