package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files of a model as they are before it is read: all files of a directory, or a GGUF file and
 * those it was split into. It translates the faults of files that change while they are read.
 * Immutable and thread-safe.
 */
public final class InputFiles {
  private static final Pattern SPLIT_NAME = Pattern.compile("(.*-)\\d{5}(-of-\\d{5}\\.gguf)");

  private final Path model;
  private final Map<Path, Long> sizes = new LinkedHashMap<>();

  private InputFiles(Path model) {
    this.model = model;
  }

  /** Reads models. */
  @FunctionalInterface
  public interface Reading<T> {
    /** Reads a model. */
    T read() throws IOException;
  }

  /**
   * Lists the files of a model.
   *
   * @param model a directory or a file, which need not exist
   */
  public static InputFiles of(Path model) throws IOException {
    InputFiles files = new InputFiles(model);
    if (Files.isDirectory(model)) {
      files.addAll(model, "", "");
      return files;
    }
    files.add(model);
    Matcher split = SPLIT_NAME.matcher(String.valueOf(model.getFileName()));
    if (split.matches()) {
      files.addAll(model.toAbsolutePath().resolveSibling(""), split.group(1), split.group(2));
    }
    return files;
  }

  private void addAll(Path directory, String prefix, String suffix) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : entries.toList()) {
        String name = String.valueOf(entry.getFileName());
        if (name.startsWith(prefix) && name.endsWith(suffix)) {
          add(entry);
        }
      }
    } catch (IOException e) {
      throw RegularFile.explained(directory, e);
    }
  }

  private void add(Path file) throws IOException {
    if (Files.isRegularFile(file)) {
      sizes.put(file, Files.size(file));
    }
  }

  /**
   * Returns whether a path leads to one of the files: by any name, link or hard link.
   *
   * @param path of an existing file
   */
  public boolean contains(Path path) throws IOException {
    for (Path file : sizes.keySet()) {
      if (Files.exists(file) && Files.isSameFile(file, path)) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether the model is this directory. */
  public boolean isDirectory(Path directory) throws IOException {
    return Files.isDirectory(model) && Files.isSameFile(model, directory);
  }

  /**
   * Returns whether one of the files, or what it is a link to, lies below a directory.
   *
   * @param directory an existing one
   */
  public boolean reachInto(Path directory) throws IOException {
    Path real = directory.toRealPath();
    for (Path file : sizes.keySet()) {
      if (file.toRealPath().startsWith(real) || realParent(file).startsWith(real)) {
        return true;
      }
    }
    return false;
  }

  private static Path realParent(Path file) throws IOException {
    return file.toAbsolutePath().resolveSibling("").toRealPath();
  }

  /**
   * Reads the model. If a mapped file becomes shorter meanwhile, the JVM throws an {@link
   * InternalError} where its memory is read, on this thread or on another one that works for it;
   * that is translated here, for all readers.
   *
   * @throws ModelFormatException if a file was cut short while it was read
   * @throws IOException as the reading does
   */
  public <T> T reading(Reading<T> reading) throws IOException {
    try {
      return reading.read();
    } catch (InternalError e) {
      if (!isUnreadableMemory(e)) {
        throw e;
      }
      throw cutShort(e);
    }
  }

  /** Returns whether the JVM could not read mapped memory. */
  static boolean isUnreadableMemory(InternalError e) {
    return String.valueOf(e.getMessage()).contains("unsafe memory access");
  }

  private ModelFormatException cutShort(InternalError e) {
    for (Map.Entry<Path, Long> file : sizes.entrySet()) {
      long found;
      try {
        found = Files.size(file.getKey());
      } catch (IOException gone) {
        e.addSuppressed(gone);
        continue;
      }
      if (found < file.getValue()) {
        return new ModelFormatException(
            file.getKey(),
            "expected %d bytes, found %d; the file was cut short while it was read"
                .formatted(file.getValue(), found),
            e);
      }
    }
    return new ModelFormatException(
        model,
        "expected bytes that can be read, found a part that cannot; a file was cut short while it"
            + " was read, or its disk is damaged",
        e);
  }
}
