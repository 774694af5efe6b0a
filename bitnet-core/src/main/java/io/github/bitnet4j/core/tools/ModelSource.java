package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufMetadata;
import io.github.bitnet4j.core.format.GgufModel;
import io.github.bitnet4j.core.format.ModelFiles;
import io.github.bitnet4j.core.format.ModelPath;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A model that is converted or checked.
 *
 * @param files what the forward pass needs
 * @param gguf the first of its files, if it is a GGUF model
 * @param bosId the beginning-of-sequence id that the model's files name
 * @param eosIds the end-of-sequence ids that the model's files name, the most important first
 */
record ModelSource(
    Path path, ModelFiles files, Optional<GgufFile> gguf, OptionalInt bosId, List<Integer> eosIds) {

  /** Opens a model; of the options, those are used that say how to read its files. */
  static ModelSource open(Path path, Arena arena, LoadOptions options) throws IOException {
    LoadOptions reading =
        LoadOptions.builder()
            .armI2sLayout(options.armI2sLayout())
            .quantizeMasters(options.quantizeMasters())
            .build();
    ModelFiles files = ModelFiles.open(path, arena, reading);
    Path located = ModelPath.locate(path);
    if (!Files.isDirectory(located)) {
      GgufFile gguf = GgufModel.openAll(located, arena, false).getFirst();
      return ofGguf(located, files, gguf);
    }
    return ofDirectory(located, files);
  }

  private static ModelSource ofGguf(Path path, ModelFiles files, GgufFile gguf)
      throws ModelFormatException {
    GgufMetadata metadata = new GgufMetadata(gguf.path(), gguf.metadata());
    int last = files.config().vocabSize() - 1;
    List<Integer> eosIds = new ArrayList<>();
    for (String key : List.of("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id")) {
      OptionalInt id = metadata.optionalInt(key, 0, last);
      if (id.isPresent() && !eosIds.contains(id.getAsInt())) {
        eosIds.add(id.getAsInt());
      }
    }
    OptionalInt bosId = metadata.optionalInt("tokenizer.ggml.bos_token_id", 0, last);
    return new ModelSource(path, files, Optional.of(gguf), bosId, eosIds);
  }

  private static ModelSource ofDirectory(Path path, ModelFiles files) {
    List<Integer> eosIds = new ArrayList<>();
    OptionalInt bosId = OptionalInt.empty();
    for (String name : List.of("config.json", "generation_config.json")) {
      Path file = path.resolve(name);
      if (read(file) instanceof JsonObject config) {
        List<Integer> bosIds = ids(config.get("bos_token_id"), files.config().vocabSize());
        if (bosId.isEmpty() && !bosIds.isEmpty()) {
          bosId = OptionalInt.of(bosIds.getFirst());
        }
        ids(config.get("eos_token_id"), files.config().vocabSize()).stream()
            .filter(id -> !eosIds.contains(id))
            .forEach(eosIds::add);
      }
    }
    return new ModelSource(path, files, Optional.empty(), bosId, eosIds);
  }

  /** Returns the content of a JSON file, or null if it has none: opening has warned of that. */
  private static @Nullable JsonValue read(Path file) {
    try {
      return JsonReader.read(file);
    } catch (IOException e) {
      return null;
    }
  }

  /** Returns the ids that are in the vocabulary; opening has warned of others. */
  private static List<Integer> ids(@Nullable JsonValue value, int vocabSize) {
    return switch (value) {
      case JsonNumber(BigDecimal number)
          when number.signum() >= 0
              && number.compareTo(BigDecimal.valueOf(vocabSize)) < 0
              && number.remainder(BigDecimal.ONE).signum() == 0 ->
          List.of(number.intValue());
      case JsonArray(List<JsonValue> elements) ->
          elements.stream()
              .filter(JsonNumber.class::isInstance)
              .flatMap(element -> ids(element, vocabSize).stream())
              .toList();
      case null, default -> List.of();
    };
  }

  ModelConfig config() {
    return files.config();
  }

  /** Returns an exception about this model, to be thrown. */
  ConversionException problem(String problem) {
    return new ConversionException(path, problem);
  }
}
