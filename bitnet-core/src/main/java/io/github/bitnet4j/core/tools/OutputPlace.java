package io.github.bitnet4j.core.tools;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a model is written: beside its final place first, under a name that ends in {@code
 * .unfinished}, so that nothing incomplete ever has the final name.
 */
final class OutputPlace implements AutoCloseable {
  private final Path target;
  private final Path unfinished;
  private final ConvertOptions options;

  OutputPlace(Path out, ConvertOptions options) {
    target = out.toAbsolutePath().normalize();
    unfinished = sibling(".unfinished");
    this.options = options;
  }

  /** Returns the final place. */
  Path target() {
    return target;
  }

  /** Checks that the folder exists, and in it nothing, or a model that may be replaced. */
  void check() throws IOException {
    Path parent = target.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new NoSuchFileException(
          target.toString(), null, "expected an existing directory for it, found none");
    }
    if (!Files.exists(target)) {
      return;
    }
    if (!options.overwrite()) {
      throw refusal("the output exists already; choose another or ask to overwrite it");
    }
    boolean directory = Files.isDirectory(target);
    if (directory != options.target().type().isEmpty()) {
      throw refusal(
          directory
              ? "expected a file to replace, found a directory"
              : "expected a directory to replace, found a file");
    }
    if (directory && !isModelDirectory()) {
      throw refusal(
          "expected a model directory to replace, found one without config.json or with folders");
    }
  }

  private boolean isModelDirectory() throws IOException {
    return Files.exists(target.resolve("config.json"))
        && list(target).stream().noneMatch(Files::isDirectory);
  }

  /** Returns an exception about the place, to be thrown. */
  FileAlreadyExistsException refusal(String reason) {
    return new FileAlreadyExistsException(target.toString(), null, reason);
  }

  /**
   * Checks that the disk has room.
   *
   * @throws IOException if it has not
   */
  void checkRoom(long bytes) throws IOException {
    long usable = Files.getFileStore(target.resolveSibling(".")).getUsableSpace();
    if (usable < bytes) {
      throw new IOException(
          "%s: expected room for %d bytes on its disk, found %d; free some or choose another place"
              .formatted(target, bytes, usable));
    }
  }

  /** Returns where to write; nothing is there. */
  Path begin() throws IOException {
    delete(unfinished); // of a process that was killed
    return unfinished;
  }

  /** Moves what was written to its final place and returns its size in bytes. */
  long finish() throws IOException {
    long bytes = size(unfinished);
    if (!Files.isDirectory(target)) {
      Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
      return bytes;
    }
    // A directory cannot be replaced at once: for a moment the old one has another name.
    Path replaced = sibling(".replaced");
    delete(replaced);
    Files.move(target, replaced, StandardCopyOption.ATOMIC_MOVE);
    Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
    delete(replaced);
    return bytes;
  }

  /** Deletes what is unfinished. */
  @Override
  public void close() throws IOException {
    delete(unfinished);
  }

  private Path sibling(String suffix) {
    return target.resolveSibling(target.getFileName() + suffix);
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

  /** Deletes a file, or a directory of files, if it is there. */
  private static void delete(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      for (Path file : list(path)) {
        Files.delete(file);
      }
    }
    Files.deleteIfExists(path);
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
