package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufMetadata;
import io.github.bitnet4j.core.format.GgufModel;
import io.github.bitnet4j.core.format.ModelFiles;
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

  static ModelSource open(Path path, Arena arena, boolean armI2sLayout) throws IOException {
    LoadOptions options = LoadOptions.builder().armI2sLayout(armI2sLayout).build();
    ModelFiles files = ModelFiles.open(path, arena, options);
    if (!Files.isDirectory(path)) {
      GgufFile gguf = GgufModel.openAll(path, arena, false).getFirst();
      return ofGguf(path, files, gguf);
    }
    return ofDirectory(path, files);
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

  private static ModelSource ofDirectory(Path path, ModelFiles files) throws IOException {
    List<Integer> eosIds = new ArrayList<>();
    OptionalInt bosId = OptionalInt.empty();
    for (String name : List.of("config.json", "generation_config.json")) {
      Path file = path.resolve(name);
      // ModelFiles has read them: they are JSON objects, and these ids are numbers in range.
      if (Files.exists(file) && JsonReader.read(file) instanceof JsonObject config) {
        List<Integer> bosIds = ids(config.get("bos_token_id"));
        if (bosId.isEmpty() && !bosIds.isEmpty()) {
          bosId = OptionalInt.of(bosIds.getFirst());
        }
        ids(config.get("eos_token_id")).stream()
            .filter(id -> !eosIds.contains(id))
            .forEach(eosIds::add);
      }
    }
    return new ModelSource(path, files, Optional.empty(), bosId, eosIds);
  }

  private static List<Integer> ids(@Nullable JsonValue value) {
    return switch (value) {
      case JsonNumber(BigDecimal number) -> List.of(number.intValue());
      case JsonArray(List<JsonValue> elements) ->
          elements.stream().flatMap(element -> ids(element).stream()).toList();
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
