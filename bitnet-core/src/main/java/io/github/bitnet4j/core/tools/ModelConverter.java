package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufType;
import io.github.bitnet4j.core.format.ModelFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Converts models between Hugging Face directories and GGUF files, and from one ternary type of
 * GGUF to another. Stateless and thread-safe.
 *
 * <p><b>What stays the same.</b> Trits are copied bit for bit. Scales become magnitudes in GGUF
 * files: the reciprocal of what Falcon3 and its like store, rounded once; half precision in TQ
 * types. On the way to a directory they are stored as F32, exactly. Master weights become trits by
 * the absolute mean, as at load. The embedding keeps its type if no other is asked for. So the
 * result gives the same logits, but for these roundings, of which {@link Conversion#warnings}
 * tells.
 *
 * <p><b>The tokenizer</b> is written where the other format can express it: byte-level vocabularies
 * with the splitters of Llama 3, Qwen 2 and GPT-2. Otherwise a warning says what is missing.
 *
 * <p><b>Safety.</b> Input is verified like a model that is loaded. Output is written beside its
 * final place under a name that ends in {@code .unfinished}, read back and compared, and only then
 * moved: nothing incomplete ever has the final name, even if the process is killed. Memory does not
 * grow with the model but with its largest matrix.
 *
 * <pre>{@code
 * ModelConverter.convert(
 *     Path.of("bitnet-b1.58-2B-4T"),
 *     Path.of("bitnet-b1.58-2B-4T.gguf"),
 *     ConvertOptions.builder().target(ConvertOptions.Target.I2_S).build());
 * }</pre>
 */
public final class ModelConverter {
  private ModelConverter() {}

  /**
   * Converts a model.
   *
   * @param in a Hugging Face directory or a GGUF file (of a split model, any of its files)
   * @param out the file, or the directory, to be written
   * @throws NoSuchFileException if there is no input, or no directory for the output
   * @throws FileAlreadyExistsException if there is an output already and the options do not say to
   *     replace it, or it is not a model that can be replaced
   * @throws ModelFormatException if the input cannot be used as a model
   * @throws ConversionException if the target cannot hold this model
   * @throws IOException if reading or writing fails
   */
  public static Conversion convert(Path in, Path out, ConvertOptions options) throws IOException {
    Path target = out.toAbsolutePath().normalize();
    checkTarget(in, target, options);
    Path unfinished = sibling(target, ".unfinished");
    try (Arena arena = Arena.ofConfined()) {
      ModelSource source = ModelSource.open(in, arena, options.armI2sLayout());
      Optional<GgufType> type = options.target().type();
      ModelOutput output =
          type.isPresent()
              ? new GgufOutput(source, options, type.get())
              : new HuggingFaceOutput(source, options);
      delete(unfinished); // of a conversion that was killed
      output.write(unfinished);
      output.verify(ModelFiles.open(unfinished, arena, LoadOptions.defaults()));
      long bytes = size(unfinished);
      checkTarget(in, target, options);
      moveIntoPlace(unfinished, target);
      return new Conversion(out, bytes, output.warnings);
    } finally {
      delete(unfinished);
    }
  }

  private static void checkTarget(Path in, Path target, ConvertOptions options) throws IOException {
    Path parent = target.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new NoSuchFileException(
          target.toString(), null, "expected an existing directory for it, found none");
    }
    if (!Files.exists(target)) {
      return;
    }
    if (Files.exists(in) && Files.isSameFile(in, target)) {
      throw refusal(target, "expected another output than the input");
    }
    if (!options.overwrite()) {
      throw refusal(target, "the output exists already; choose another or ask to overwrite it");
    }
    boolean directory = Files.isDirectory(target);
    if (directory != options.target().type().isEmpty()) {
      throw refusal(
          target,
          directory
              ? "expected a file to replace, found a directory"
              : "expected a directory to replace, found a file");
    }
    if (directory && !isModelDirectory(target)) {
      throw refusal(
          target,
          "expected a model directory to replace, found one without config.json or with folders");
    }
  }

  private static boolean isModelDirectory(Path directory) throws IOException {
    return Files.exists(directory.resolve("config.json"))
        && list(directory).stream().noneMatch(Files::isDirectory);
  }

  private static FileAlreadyExistsException refusal(Path target, String reason) {
    return new FileAlreadyExistsException(target.toString(), null, reason);
  }

  /** A directory cannot be replaced at once: for a moment the old one has another name. */
  private static void moveIntoPlace(Path unfinished, Path target) throws IOException {
    if (!Files.isDirectory(target)) {
      Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    Path replaced = sibling(target, ".replaced");
    delete(replaced);
    Files.move(target, replaced, StandardCopyOption.ATOMIC_MOVE);
    Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
    delete(replaced);
  }

  private static Path sibling(Path target, String suffix) {
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
