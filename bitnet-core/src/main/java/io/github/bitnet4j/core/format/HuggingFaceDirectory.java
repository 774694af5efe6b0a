package io.github.bitnet4j.core.format;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.TokenizerFormatException;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model in a Hugging Face directory: {@code config.json}, {@code generation_config.json}, {@code
 * tokenizer.json} or {@code tokenizer.model} with {@code tokenizer_config.json}, and safetensors
 * files.
 */
final class HuggingFaceDirectory {
  private static final List<String> TOKENIZER_FILES = List.of("tokenizer.json", "tokenizer.model");

  private static final Logger LOG = LoggerFactory.getLogger(Model.class);

  private HuggingFaceDirectory() {}

  /** Opens a directory: the small files first, so that their faults are found at once. */
  static ModelFiles open(Path directory, FileMemory memory, LoadOptions options)
      throws IOException {
    HuggingFaceConfig config = HuggingFaceConfig.read(directory, options.quantizeMasters());
    config.warnings().forEach(LOG::warn);
    ModelFiles.contextLength(config.model(), options);
    Tokenizer tokenizer = readTokenizer(directory, config.model().vocabSize());
    TensorSet tensors = TensorSet.open(directory, memory);
    return new ModelFiles(
        config.model(),
        config.stopIds(),
        tokenizer,
        "the directory has no tokenizer.json or tokenizer.model",
        config.warnings(),
        new HuggingFaceWeights(config.model(), config.masterRule(), tensors),
        memory);
  }

  private static @Nullable Tokenizer readTokenizer(Path directory, int vocabSize)
      throws IOException {
    Path file = null;
    for (String name : TOKENIZER_FILES) {
      if (file == null && RegularFile.isPresent(directory.resolve(name))) {
        file = directory.resolve(name);
      }
    }
    if (file == null) {
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
}
