package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.DType;
import io.github.bitnet4j.core.format.GgufType;
import io.github.bitnet4j.core.format.GgufValue;
import io.github.bitnet4j.core.format.GgufWriter;
import io.github.bitnet4j.core.format.SafetensorsWriter;
import io.github.bitnet4j.core.format.TensorContent;
import io.github.bitnet4j.core.format.TensorNames;
import io.github.bitnet4j.core.format.TernaryEncoder;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Norm;
import io.github.bitnet4j.core.tools.ConvertOptions.Embedding;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Writes models with random weights, so that anyone can measure a size of model without having one.
 * What they generate is noise, or the same token for ever, but it takes the time and the memory of
 * the real thing.
 *
 * <p>42 % of the trits are zeros, as in the trained 2B-4T model; activations stay finite and logits
 * differ. A shape, a seed, a text and a type give the same bytes on every machine. There is no
 * tokenizer: such a model takes and gives token ids. Memory does not grow with the model.
 *
 * <p>Stateless and thread-safe.
 *
 * <pre>{@code
 * ModelSynthesizer.synthesize(
 *     ModelShape.BITNET_2B_4T,
 *     1,
 *     Path.of("random-2b-4t.gguf"),
 *     ConvertOptions.builder().target(ConvertOptions.Target.I2_S).build());
 * }</pre>
 */
public final class ModelSynthesizer {
  /** What a model generates. */
  public enum Text {
    /** Noise. */
    RANDOM,
    /**
     * The last token, again and again: the scales of its layers are so small that only its
     * embedding counts. The best case of {@link
     * io.github.bitnet4j.GenerationConfig.Builder#speculation}.
     */
    REPEATED
  }

  private static final String NAME = "random weights";

  /** For config.json, the header and the metadata, when room on the disk is checked. */
  private static final long OVERHEAD_BYTES = 1 << 20;

  private final ModelConfig config;
  private final SyntheticWeights weights;
  private final ConvertOptions options;
  private final DenseType embeddingType;
  private long doneBytes;
  private long totalBytes;

  private ModelSynthesizer(ModelShape shape, long seed, Text text, ConvertOptions options) {
    this.options = options;
    config = shape.config();
    weights = new SyntheticWeights(config, seed, text == Text.REPEATED);
    boolean gguf = options.target().type().isPresent();
    embeddingType = options.embedding().orElse(gguf ? Embedding.F16 : Embedding.BF16).type();
    options.target().type().ifPresent(this::checkSizes);
  }

  /** Writes a model that generates noise; as the method with a {@link Text}. */
  public static Conversion synthesize(ModelShape shape, long seed, Path out, ConvertOptions options)
      throws IOException {
    return synthesize(shape, seed, Text.RANDOM, out, options);
  }

  /**
   * Writes a model.
   *
   * @param seed gives the weights
   * @param text what the model generates, in the same time
   * @param out the file, or the directory, to be written
   * @param options type, embedding and whether to overwrite; the embedding is F16 in GGUF files and
   *     BF16 in directories if it is not set
   * @throws IllegalArgumentException if the type cannot hold rows of this shape
   * @throws NoSuchFileException if there is no directory for the output
   * @throws FileAlreadyExistsException if there is an output already and the options do not say to
   *     replace it, or it is not a model that can be replaced
   * @throws IOException if the disk has not enough room, or writing fails
   */
  public static Conversion synthesize(
      ModelShape shape, long seed, Text text, Path out, ConvertOptions options) throws IOException {
    OutputPlace place = new OutputPlace(out, options);
    ModelSynthesizer model = new ModelSynthesizer(shape, seed, text, options);
    place.check();
    try (place) {
      Path unfinished = place.begin();
      place.writing(
          () -> {
            if (options.target().type().isPresent()) {
              model.writeGguf(unfinished, place, options.target().type().get());
            } else {
              model.writeDirectory(unfinished, place);
            }
          });
      place.check();
      return new Conversion(out, place.finish(), List.of());
    }
  }

  /**
   * Returns how many bytes the tensors of a model take, without making them.
   *
   * @throws IllegalArgumentException if the type cannot hold rows of this shape
   */
  public static long tensorBytes(ModelShape shape, ConvertOptions options) {
    ModelSynthesizer model = new ModelSynthesizer(shape, 0, Text.RANDOM, options);
    return options
        .target()
        .type()
        .map(type -> bytes(model.ggufTensors(type)))
        .orElseGet(() -> safetensorsBytes(model.directoryTensors()));
  }

  private static long bytes(List<GgufWriter.Entry> tensors) {
    return tensors.stream().mapToLong(GgufWriter.Entry::bytes).sum();
  }

  private static long safetensorsBytes(List<SafetensorsWriter.StreamedEntry> tensors) {
    return tensors.stream().mapToLong(SafetensorsWriter.StreamedEntry::bytes).sum();
  }

  private void checkSizes(GgufType type) {
    for (Linear which : Linear.values()) {
      checkRow("a row of " + which, which.columns(config), TernaryEncoder.rowMultiple(type), type);
    }
    checkRow("hiddenSize", config.hiddenSize(), embeddingType.blockSize(), embeddingType);
  }

  private static void checkRow(String what, int columns, int multiple, Enum<?> type) {
    if (columns % multiple != 0) {
      throw new IllegalArgumentException(
          "%s: expected a multiple of %d weights for %s, found %d"
              .formatted(what, multiple, type, columns));
    }
  }

  // ---- Hugging Face directories

  private void writeDirectory(Path directory, OutputPlace place) throws IOException {
    List<SafetensorsWriter.StreamedEntry> tensors = directoryTensors();
    begin(safetensorsBytes(tensors), place);
    Files.createDirectory(directory);
    HuggingFaceJson.writeConfig(
        directory.resolve("config.json"), config, OptionalInt.empty(), List.of());
    ModelOutput.writeFile(
        directory.resolve("model.safetensors"),
        out -> SafetensorsWriter.write(out, Map.of("format", "pt"), tensors));
  }

  private List<SafetensorsWriter.StreamedEntry> directoryTensors() {
    List<SafetensorsWriter.StreamedEntry> tensors = new ArrayList<>();
    tensors.add(
        stored(
            "model.embed_tokens",
            DType.of(embeddingType),
            List.of((long) config.vocabSize(), (long) config.hiddenSize()),
            weights.embedding(embeddingType)));
    for (int layer = 0; layer < config.numLayers(); layer++) {
      for (Norm which : Norm.values()) {
        tensors.add(
            storedNorm(
                TensorNames.huggingFace(layer, which),
                which.width(config),
                weights.norm(layer, which, DenseType.BF16)));
      }
      for (Linear which : Linear.values()) {
        String linear = TensorNames.huggingFace(layer, which);
        tensors.add(
            stored(
                linear,
                DType.U8,
                List.of((long) weights.packedRows(which), (long) which.columns(config)),
                weights.packed(layer, which)));
        tensors.add(storedScale(linear + ".weight_scale", weights.scale(layer, which)));
      }
    }
    tensors.add(storedNorm("model.norm", config.hiddenSize(), weights.finalNorm(DenseType.BF16)));
    return tensors;
  }

  private SafetensorsWriter.StreamedEntry storedNorm(
      String tensor, int width, TensorContent content) {
    return stored(tensor, DType.BF16, List.of((long) width), content);
  }

  private SafetensorsWriter.StreamedEntry storedScale(String tensor, float scale) {
    short upper = (short) (Float.floatToRawIntBits(scale) >>> 16);
    byte[] bfloat16 =
        ByteBuffer.allocate(Short.BYTES).order(ByteOrder.LITTLE_ENDIAN).putShort(upper).array();
    return new SafetensorsWriter.StreamedEntry(
        tensor, DType.BF16, List.of(1L), counted(Short.BYTES, out -> out.write(bfloat16)));
  }

  private SafetensorsWriter.StreamedEntry stored(
      String tensor, DType type, List<Long> shape, TensorContent content) {
    long bytes = shape.stream().reduce((long) type.bytes(), Math::multiplyExact);
    return new SafetensorsWriter.StreamedEntry(
        tensor + ".weight", type, shape, counted(bytes, content));
  }

  // ---- GGUF files

  private void writeGguf(Path file, OutputPlace place, GgufType type) throws IOException {
    List<GgufWriter.Entry> tensors = ggufTensors(type);
    begin(bytes(tensors), place);
    Map<String, GgufValue> metadata =
        GgufOutput.metadata(config.architecture(), NAME, config, type);
    ModelOutput.writeFile(file, out -> GgufWriter.write(out, metadata, tensors));
  }

  private List<GgufWriter.Entry> ggufTensors(GgufType type) {
    List<GgufWriter.Entry> tensors = new ArrayList<>();
    tensors.add(
        gguf(
            "token_embd",
            GgufType.of(embeddingType),
            List.of((long) config.hiddenSize(), (long) config.vocabSize()),
            weights.embedding(embeddingType)));
    for (int layer = 0; layer < config.numLayers(); layer++) {
      for (Norm which : Norm.values()) {
        tensors.add(
            ggufNorm(
                TensorNames.gguf(layer, which),
                which.width(config),
                weights.norm(layer, which, DenseType.F32)));
      }
      for (Linear which : Linear.values()) {
        tensors.add(
            gguf(
                TensorNames.gguf(layer, which),
                type,
                List.of((long) which.columns(config), (long) which.rows(config)),
                weights.gguf(layer, which, type)));
      }
    }
    tensors.add(ggufNorm("output_norm", config.hiddenSize(), weights.finalNorm(DenseType.F32)));
    return tensors;
  }

  private GgufWriter.Entry ggufNorm(String tensor, int width, TensorContent content) {
    return gguf(tensor, GgufType.F32, List.of((long) width), content);
  }

  private GgufWriter.Entry gguf(
      String tensor, GgufType type, List<Long> dimensions, TensorContent content) {
    long rows = dimensions.size() == 1 ? 1 : dimensions.getLast();
    long bytes = type.byteSize(dimensions.getFirst(), rows);
    return new GgufWriter.Entry(tensor + ".weight", type, dimensions, counted(bytes, content));
  }

  // ---- Progress

  private void begin(long bytes, OutputPlace place) throws IOException {
    totalBytes = bytes;
    place.checkRoom(bytes + OVERHEAD_BYTES);
  }

  /** Returns a content that reports its progress when it is written. */
  private TensorContent counted(long bytes, TensorContent content) {
    return out -> {
      content.writeTo(out);
      doneBytes += bytes;
      options.progress().onProgress(doneBytes, totalBytes);
    };
  }
}
