package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is needed of Hugging Face's {@code tokenizer_config.json}; a missing file says nothing.
 *
 * @param bosToken the name of the beginning-of-sequence token
 * @param eosToken the name of the end-of-sequence token
 * @param addsBos whether the first stands before a text
 * @param chatTemplate the source of the chat template; of several the one called default
 */
record TokenizerConfig(
    Optional<String> bosToken,
    Optional<String> eosToken,
    Optional<Boolean> addsBos,
    Optional<String> chatTemplate) {

  static TokenizerConfig read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return new TokenizerConfig(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }
    try {
      if (!(JsonReader.read(file) instanceof JsonObject config)) {
        throw new JsonFormatException("expected an object, found another value");
      }
      return new TokenizerConfig(
          tokenName(config, "bos_token"),
          tokenName(config, "eos_token"),
          addsBos(config.get("add_bos_token")),
          chatTemplate(config.get("chat_template")));
    } catch (JsonFormatException e) {
      throw new TokenizerFormatException(file + ": " + e.getMessage());
    }
  }

  private static Optional<String> tokenName(JsonObject config, String key)
      throws JsonFormatException {
    JsonValue value = config.get(key);
    if (value instanceof JsonObject token) {
      value = token.get("content");
    } else if (value == null || value instanceof JsonNull) {
      return Optional.empty();
    }
    if (value instanceof JsonString(String name)) {
      return Optional.of(name);
    }
    throw new JsonFormatException(
        key + ": expected a string or an object with the string content, found neither");
  }

  private static Optional<Boolean> addsBos(@Nullable JsonValue value) throws JsonFormatException {
    return value == null || value instanceof JsonNull
        ? Optional.empty()
        : Optional.of(TokenizerPipeline.booleanOf(value, "add_bos_token"));
  }

  private static Optional<String> chatTemplate(@Nullable JsonValue value)
      throws JsonFormatException {
    return switch (value) {
      case null -> Optional.empty();
      case JsonNull _ -> Optional.empty();
      case JsonString(String source) -> Optional.of(source);
      case JsonArray(List<JsonValue> templates) ->
          templates.stream().flatMap(template -> namedDefault(template).stream()).findFirst();
      default ->
          throw new JsonFormatException(
              "chat_template: expected a string or an array of named templates, found neither");
    };
  }

  private static Optional<String> namedDefault(JsonValue template) {
    return template instanceof JsonObject object
            && object.get("name") instanceof JsonString(String name)
            && name.equals("default")
            && object.get("template") instanceof JsonString(String source)
        ? Optional.of(source)
        : Optional.empty();
  }
}
