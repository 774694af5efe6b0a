package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.tokenizer.file.Printable;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.stream.Collectors;

/** Finds the model at a path that a user named. */
public final class ModelPath {
  private static final String CONFIG = "config.json";
  private static final String GGUF = ".gguf";

  /** Entries of a directory that are looked at: a model has far fewer files. */
  private static final int MAX_ENTRIES = 10_000;

  /** Names that a message lists. */
  private static final int SHOWN = 8;

  private static final int MAX_NAME_CHARS = 100;

  private ModelPath() {}

  /**
   * Returns where the model is: the path itself, unless it is a directory without {@code
   * config.json} that holds exactly one GGUF model, in one file or complete in several; then its
   * first file.
   *
   * @throws java.nio.file.NoSuchFileException if nothing is at the path
   * @throws ModelFormatException if it is a directory that holds no model, or several
   */
  public static Path locate(Path path) throws IOException {
    boolean directory = RegularFile.attributes(path).isDirectory();
    if (!directory || RegularFile.isPresent(path.resolve(CONFIG))) {
      return path;
    }
    List<String> folders = new ArrayList<>();
    List<String> files = new ArrayList<>();
    list(path, folders, files);
    Map<String, List<String>> models = ggufModels(files);
    if (models.isEmpty()) {
      throw new ModelFormatException(
          path,
          "expected a Hugging Face model directory with config.json, or one GGUF model, found "
              + content(folders, files));
    }
    if (models.size() > 1) {
      throw new ModelFormatException(
          path,
          "expected config.json or one GGUF model, found several: %s; give the path of one"
              .formatted(names(List.copyOf(models.keySet()))));
    }
    return path.resolve(models.values().iterator().next().getFirst());
  }

  /** Returns which weights a directory without safetensors files has, for messages. */
  static String otherWeights(Path directory) throws IOException {
    List<String> files = new ArrayList<>();
    list(directory, new ArrayList<>(), files);
    List<String> ggufs = files.stream().filter(file -> file.endsWith(GGUF)).toList();
    return ggufs.isEmpty()
        ? "neither; download the weights"
        : names(ggufs) + " instead; give the path of a GGUF file to load it";
  }

  private static void list(Path directory, List<String> folders, List<String> files)
      throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      int count = 0;
      for (Path entry : entries) {
        if (++count > MAX_ENTRIES) {
          throw new ModelFormatException(
              directory,
              "expected config.json, or at most %d files with one GGUF model among them, found more"
                  .formatted(MAX_ENTRIES));
        }
        String name = entry.getFileName().toString();
        if (Files.isDirectory(entry)) {
          folders.add(name);
        } else {
          // The links of a download cache lead nowhere if the cache was cleaned.
          files.add(Files.exists(entry) ? name : name + " (a broken link)");
        }
      }
    }
    Collections.sort(folders);
    Collections.sort(files);
  }

  /** Returns the files of each GGUF model; those of a split model are one. */
  private static Map<String, List<String>> ggufModels(List<String> files) {
    Map<String, List<String>> models = new TreeMap<>();
    for (String file : files) {
      if (file.endsWith(GGUF)) {
        Matcher split = GgufModel.SPLIT_NAME.matcher(file);
        String model = split.matches() ? split.group(1) + "-*-of-" + split.group(3) + GGUF : file;
        models.computeIfAbsent(model, _ -> new ArrayList<>()).add(file);
      }
    }
    return models;
  }

  private static String content(List<String> folders, List<String> files) {
    if (folders.isEmpty() && files.isEmpty()) {
      return "an empty directory";
    }
    List<String> parts = new ArrayList<>();
    if (!folders.isEmpty()) {
      parts.add("the folders " + names(folders));
    }
    if (!files.isEmpty()) {
      parts.add("the files " + names(files));
    }
    String hint =
        folders.isEmpty()
            ? "; download the missing files"
            : "; a model may be in one of the folders: give its path";
    return String.join(" and ", parts) + hint;
  }

  private static String names(List<String> names) {
    String shown =
        names.stream()
            .limit(SHOWN)
            .map(name -> Printable.shorten(name, MAX_NAME_CHARS))
            .collect(Collectors.joining(", "));
    return names.size() <= SHOWN ? shown : shown + " and " + (names.size() - SHOWN) + " more";
  }
}
