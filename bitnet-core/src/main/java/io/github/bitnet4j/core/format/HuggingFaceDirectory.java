package io.github.bitnet4j.core.format;

import io.github.bitnet4j.LoadOptions.ProgressListener;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.model.ModelConfig;
import io.github.bitnet4j.core.model.ModelWeights;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.TokenizerFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A model in a Hugging Face directory: {@code config.json}, {@code generation_config.json}, {@code
 * tokenizer.json} with {@code tokenizer_config.json}, and safetensors files.
 */
public final class HuggingFaceDirectory {
  /** Ends a turn in Llama-3 vocabularies; chat models use it even where no file lists it. */
  private static final String END_OF_TURN = "<|eot_id|>";

  private final HuggingFaceConfig config;
  private final @Nullable Tokenizer tokenizer;
  private final HuggingFaceWeights weights;

  private HuggingFaceDirectory(
      HuggingFaceConfig config, @Nullable Tokenizer tokenizer, HuggingFaceWeights weights) {
    this.config = config;
    this.tokenizer = tokenizer;
    this.weights = weights;
  }

  /**
   * Opens a directory: reads the configuration and the tokenizer, maps the weights.
   *
   * @param arena owns the mapping
   * @throws ModelFormatException if a file is missing or cannot be used
   */
  public static HuggingFaceDirectory open(Path directory, Arena arena) throws IOException {
    HuggingFaceConfig config = HuggingFaceConfig.read(directory);
    TensorSet tensors = TensorSet.open(directory, arena);
    Tokenizer tokenizer = readTokenizer(directory, config.model().vocabSize());
    return new HuggingFaceDirectory(
        config, tokenizer, new HuggingFaceWeights(config.model(), config.masters(), tensors));
  }

  private static @Nullable Tokenizer readTokenizer(Path directory, int vocabSize)
      throws IOException {
    Path file = directory.resolve("tokenizer.json");
    if (!Files.exists(file)) {
      return null;
    }
    try {
      Tokenizer tokenizer = Tokenizer.load(directory);
      if (tokenizer.vocabSize() > vocabSize) {
        throw new ModelFormatException(
            file,
            "expected at most %d tokens (vocab_size of config.json), found %d; it belongs to another model"
                .formatted(vocabSize, tokenizer.vocabSize()));
      }
      return tokenizer;
    } catch (TokenizerFormatException e) {
      throw new ModelFormatException(file, "expected a tokenizer: " + e.getMessage(), e);
    }
  }

  /** Returns what the forward pass needs to know. */
  public ModelConfig config() {
    return config.model();
  }

  /** Returns the tokenizer, or null if the directory has none. */
  public @Nullable Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Returns the ids that end a generation, ascending. */
  public List<Integer> stopIds() {
    TreeSet<Integer> ids = new TreeSet<>(config.stopIds());
    if (tokenizer != null) {
      tokenizer.eosId().ifPresent(ids::add);
      tokenizer.idOf(END_OF_TURN).ifPresent(ids::add);
    }
    return List.copyOf(ids);
  }

  /** Returns the size of the weight files, in bytes. */
  public long fileBytes() {
    return weights.fileBytes();
  }

  /**
   * Verified weights.
   *
   * @param weights for the kernels they were loaded with
   * @param parameterCount number of weights
   * @param preparedBytes memory outside the heap that the kernels' copies take
   */
  public record LoadedWeights(ModelWeights weights, long parameterCount, long preparedBytes) {}

  /**
   * Verifies the weights and prepares them for kernels.
   *
   * @param arena owns the kernels' copies
   * @param team does the work
   * @param progress called on this thread
   * @throws ModelFormatException if a weight is missing, misshapen or damaged
   */
  public LoadedWeights loadWeights(
      Kernels kernels, Arena arena, WorkerTeam team, ProgressListener progress) throws IOException {
    return WeightLoader.load(config.model(), weights, kernels, arena, team, progress);
  }
}
