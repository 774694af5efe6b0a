package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is needed of the files beside a vocabulary: {@code tokenizer_config.json}, {@code
 * special_tokens_map.json} for what the first does not say, and {@code chat_template.jinja}, which
 * outdoes the first. Missing and empty files say nothing.
 *
 * @param bosToken the name of the beginning-of-sequence token
 * @param eosToken the name of the end-of-sequence token
 * @param addsBos whether the first stands before a text
 * @param chatTemplate the source of the chat template; of several the one called default
 * @param addedTokens {@code added_tokens_decoder}, for vocabularies that have no added tokens
 */
record TokenizerConfig(
    Optional<TokenName> bosToken,
    Optional<TokenName> eosToken,
    Optional<Boolean> addsBos,
    Optional<String> chatTemplate,
    List<AddedToken> addedTokens) {

  /** The longest chat template that is read, in bytes. */
  private static final int MAX_TEMPLATE_BYTES = 1 << 20;

  /**
   * A token as a configuration names it.
   *
   * @param where the file and the key, for messages
   */
  record TokenName(String name, String where) {}

  /** Reads the files of a folder. */
  static TokenizerConfig read(Path folder) throws IOException {
    Path file = folder.resolve("tokenizer_config.json");
    Path mapFile = folder.resolve("special_tokens_map.json");
    JsonObject config = object(file);
    JsonObject map = object(mapFile);
    Optional<String> template = templateFile(folder.resolve("chat_template.jinja"));
    Optional<TokenName> bosOfMap;
    Optional<TokenName> eosOfMap;
    try {
      bosOfMap = tokenName(map, "bos_token", mapFile);
      eosOfMap = tokenName(map, "eos_token", mapFile);
    } catch (JsonFormatException e) {
      throw new TokenizerFormatException(mapFile + ": " + e.getMessage());
    }
    try {
      return new TokenizerConfig(
          tokenName(config, "bos_token", file).or(() -> bosOfMap),
          tokenName(config, "eos_token", file).or(() -> eosOfMap),
          addsBos(config.get("add_bos_token")),
          template.isPresent() ? template : chatTemplate(config.get("chat_template")),
          TokenizerPipeline.addedTokensById(config.get("added_tokens_decoder")));
    } catch (JsonFormatException e) {
      throw new TokenizerFormatException(file + ": " + e.getMessage());
    }
  }

  private static JsonObject object(Path file) throws IOException {
    if (!RegularFile.isPresent(file)) {
      return new JsonObject(Map.of());
    }
    BasicFileAttributes attributes = RegularFile.attributes(file);
    if (attributes.isRegularFile() && attributes.size() == 0) {
      return new JsonObject(Map.of());
    }
    try {
      if (JsonReader.read(file) instanceof JsonObject object) {
        return object;
      }
      throw new JsonFormatException("expected an object, found another value");
    } catch (JsonFormatException e) {
      throw new TokenizerFormatException(file + ": " + e.getMessage());
    }
  }

  private static Optional<String> templateFile(Path file) throws IOException {
    if (!RegularFile.isPresent(file)) {
      return Optional.empty();
    }
    try (FileChannel channel = RegularFile.open(file)) {
      if (channel.size() > MAX_TEMPLATE_BYTES) {
        throw new TokenizerFormatException(
            "%s: expected at most %d bytes, found %d"
                .formatted(file, MAX_TEMPLATE_BYTES, channel.size()));
      }
      byte[] utf8 = RegularFile.readAll(file, channel, (int) channel.size());
      String template =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
      return Optional.of(template.startsWith("\uFEFF") ? template.substring(1) : template);
    } catch (CharacterCodingException e) {
      throw new TokenizerFormatException(file + ": expected UTF-8, found other bytes");
    }
  }

  private static Optional<TokenName> tokenName(JsonObject config, String key, Path file)
      throws JsonFormatException {
    JsonValue value = config.get(key);
    if (value == null || value instanceof JsonNull) {
      return Optional.empty();
    }
    return Optional.of(new TokenName(nameOf(value, key), file + ": " + key));
  }

  private static String nameOf(JsonValue value, String key) throws JsonFormatException {
    JsonValue content = value instanceof JsonObject token ? token.get("content") : value;
    if (content instanceof JsonString(String name)) {
      return name;
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
