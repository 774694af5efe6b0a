package io.github.bitnet4j.core.format;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.LoadOptions.ProgressListener;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.head.ScreeningHead;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelWeights;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.file.Printable;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The files of one model, opened: what they say about it, its tokenizer, and its mapped weights.
 */
public final class ModelFiles {
  /** Ends a turn in Llama-3 vocabularies; chat models use it even where no file lists it. */
  private static final String END_OF_TURN = "<|eot_id|>";

  private final ModelConfig config;
  private final List<Integer> stopIds;
  private final @Nullable Tokenizer tokenizer;
  private final String noTokenizerReason;
  private final List<String> warnings;
  private final WeightSource weights;
  private final FileMemory memory;

  /**
   * Creates opened files.
   *
   * @param noTokenizerReason why there is no tokenizer, for messages; unused if there is one
   * @param warnings faults of files that are not needed
   */
  ModelFiles(
      ModelConfig config,
      List<Integer> stopIds,
      @Nullable Tokenizer tokenizer,
      String noTokenizerReason,
      List<String> warnings,
      WeightSource weights,
      FileMemory memory) {
    this.config = config;
    this.stopIds = List.copyOf(stopIds);
    this.tokenizer = tokenizer;
    this.noTokenizerReason = Printable.message(noTokenizerReason);
    this.warnings = List.copyOf(warnings);
    this.weights = weights;
    this.memory = memory;
  }

  /**
   * Opens a model: reads the configuration and the tokenizer, maps the weights.
   *
   * @param path a Hugging Face directory, a GGUF file (of a split model, any of its files), or a
   *     directory with one GGUF model
   * @param arena owns the mapping
   * @param options whether to copy instead, and how to read I2_S
   * @throws NoSuchFileException if nothing is at the path
   * @throws ModelFormatException if a file is missing or cannot be used
   * @throws IllegalArgumentException if the options ask for a longer context than the model has
   */
  public static ModelFiles open(Path path, Arena arena, LoadOptions options) throws IOException {
    return open(path, new FileMemory(arena, options.copyWeights()), options);
  }

  /**
   * Opens a model of which little is used after loading.
   *
   * @param loading owns what is read while loading; to be closed then, unless {@link
   *     LoadedWeights#filesInUse}
   * @param lasting owns what is read later
   */
  public static ModelFiles open(Path path, Arena loading, Arena lasting, LoadOptions options)
      throws IOException {
    return open(path, new FileMemory(loading, lasting, options.copyWeights()), options);
  }

  private static ModelFiles open(Path path, FileMemory memory, LoadOptions options)
      throws IOException {
    Path located = ModelPath.locate(path);
    if (RegularFile.attributes(located).isDirectory()) {
      return HuggingFaceDirectory.open(located, memory, options);
    }
    byte[] start;
    try (FileChannel channel = RegularFile.open(located)) {
      start = RegularFile.readAll(located, channel, 4);
    }
    if (Arrays.equals(start, new byte[] {'G', 'G', 'U', 'F'})) {
      return GgufModel.open(located, memory, options);
    }
    throw new ModelFormatException(
        located,
        "expected a Hugging Face model directory or a GGUF file, found a file of another kind"
            + (located.toString().endsWith(".safetensors") ? "; give the directory it is in" : ""));
  }

  /** Returns what the forward pass needs to know. */
  public ModelConfig config() {
    return config;
  }

  /** Returns the tokenizer, or null if the files have none that can be used. */
  public @Nullable Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Returns why there is no tokenizer; for messages. */
  public String noTokenizerReason() {
    return noTokenizerReason;
  }

  /** Returns faults of files that are not needed, such as {@code generation_config.json}. */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * Returns the largest number of positions of a session.
   *
   * @throws IllegalArgumentException if the options ask for more than the model has
   */
  public static int contextLength(ModelConfig config, LoadOptions options) {
    int contextLength = options.contextLength().orElse(config.contextLength());
    if (contextLength > config.contextLength()) {
      throw new IllegalArgumentException(
          "contextLength: expected at most %d (the model's own), found %d"
              .formatted(config.contextLength(), contextLength));
    }
    return contextLength;
  }

  /** Returns the ids that end a generation, ascending. */
  public List<Integer> stopIds() {
    TreeSet<Integer> ids = new TreeSet<>(stopIds);
    if (tokenizer != null) {
      tokenizer.eosId().ifPresent(ids::add);
      tokenizer.idOf(END_OF_TURN).ifPresent(ids::add);
    }
    return List.copyOf(ids);
  }

  /** Returns where the weights are: found and of the right shape, their values not yet verified. */
  public WeightSource weights() {
    return weights;
  }

  /**
   * Returns a linear layer as trits, verified; one that is stored as dense weights is quantized.
   *
   * @param memory for the trits of a layer that is quantized
   * @throws ModelFormatException if a trit or the scale is damaged
   */
  public WeightSource.Packed trits(int layer, WeightSource.Linear which, SegmentAllocator memory)
      throws ModelFormatException {
    return WeightLoader.verifiedTrits(weights, weights.linear(layer, which), memory);
  }

  /** Returns the size of the weight files, in bytes. */
  public long fileBytes() {
    return weights.fileBytes();
  }

  /**
   * Verified weights.
   *
   * @param weights for the kernels they were loaded with
   * @param screeningHead a copy of the head for screening, if it is worthwhile; complete, or
   *     without rows
   * @param parameterCount number of weights
   * @param preparedBytes memory that copies of weights take, nearly all of it outside the heap
   * @param weightBytesPerToken see {@link io.github.bitnet4j.ModelInfo}
   * @param filesInUse whether weights are used in the memory that the files were loaded from
   */
  public record LoadedWeights(
      ModelWeights weights,
      @Nullable ScreeningHead screeningHead,
      long parameterCount,
      long preparedBytes,
      long weightBytesPerToken,
      boolean filesInUse) {}

  /**
   * Verifies the weights and prepares them for kernels.
   *
   * @param arena owns copies of weights
   * @param team does the work
   * @param progress called on this thread
   * @throws ModelFormatException if a weight is missing, misshapen or damaged
   */
  public LoadedWeights loadWeights(
      Preparation preparation, Arena arena, WorkerTeam team, ProgressListener progress)
      throws IOException {
    return WeightLoader.load(config, weights, memory, preparation, arena, team, progress);
  }
}
