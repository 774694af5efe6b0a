package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufType;
import io.github.bitnet4j.core.format.InputFiles;
import io.github.bitnet4j.core.format.ModelFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

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
 * final place under a random name that ends in {@code .unfinished}, read back and compared, and
 * only then moved: nothing incomplete ever has the final name, even if the process is killed. What
 * a killed process left is deleted by the next one that writes to the same folder. A directory
 * cannot be replaced in one step: a process that is killed between the two moves leaves the old
 * directory under the random name, and the next one moves it back. A link as output stays, and what
 * it leads to is replaced. Files of the input are never replaced, whatever the path that leads to
 * them. Memory does not grow with the model but with its largest matrix.
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
   * @param in a Hugging Face directory, a GGUF file (of a split model, any of its files), or a
   *     directory with one GGUF model
   * @param out the file, or the directory, to be written
   * @throws NoSuchFileException if there is no input, or no directory for the output
   * @throws FileAlreadyExistsException if there is an output already and the options do not say to
   *     replace it, or it is not a model that can be replaced
   * @throws ModelFormatException if the input cannot be used as a model
   * @throws ConversionException if the target cannot hold this model
   * @throws IOException if reading or writing fails
   */
  public static Conversion convert(Path in, Path out, ConvertOptions options) throws IOException {
    InputFiles input = InputFiles.of(in);
    return input.reading(() -> convert(in, input, out, options));
  }

  private static Conversion convert(Path in, InputFiles input, Path out, ConvertOptions options)
      throws IOException {
    OutputPlace place = new OutputPlace(out, options);
    place.check(input);
    try (place;
        Arena arena = Arena.ofConfined()) {
      ModelSource source = ModelSource.open(in, arena, reading(options));
      Optional<GgufType> type = options.target().type();
      ModelOutput output =
          type.isPresent()
              ? new GgufOutput(source, options, type.get())
              : new HuggingFaceOutput(source, options);
      Path unfinished = place.begin();
      place.writing(() -> output.write(unfinished));
      output.verify(ModelFiles.open(unfinished, arena, LoadOptions.defaults()));
      place.check(input);
      return new Conversion(out, place.finish(), output.warnings);
    }
  }

  private static LoadOptions reading(ConvertOptions options) {
    return LoadOptions.builder()
        .armI2sLayout(options.armI2sLayout())
        .quantizeMasters(options.quantizeMasters())
        .build();
  }
}
