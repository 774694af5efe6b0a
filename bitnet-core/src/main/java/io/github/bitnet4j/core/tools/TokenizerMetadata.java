package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.GgufValue;
import io.github.bitnet4j.core.format.GgufValue.BoolValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import io.github.bitnet4j.core.format.GgufWriter;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer of a Hugging Face directory as GGUF metadata ({@code tokenizer.ggml.*}).
 *
 * <p>The tokenizer has been loaded before, so {@code tokenizer.json} is known to be sound.
 */
final class TokenizerMetadata {
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private final @Nullable String[] tokens;
  private final int[] types;
  private final List<String> merges = new ArrayList<>();
  private Optional<Splitter> splitter = Optional.empty();
  private boolean byteFallback;

  private TokenizerMetadata(int vocabSize) {
    tokens = new String[vocabSize];
    types = new int[vocabSize];
  }

  /** Returns the metadata; adds to the warnings what it cannot hold. */
  static Map<String, GgufValue> metadata(ModelSource source, List<String> warnings)
      throws IOException {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    Tokenizer tokenizer = source.files().tokenizer();
    if (tokenizer == null) {
      warnings.add(
          source.files().noTokenizerReason()
              + ": the GGUF file has none either, and other engines refuse it");
    } else {
      vocabulary(source, metadata, warnings);
    }
    OptionalInt bosId = tokenizer == null ? OptionalInt.empty() : tokenizer.bosId();
    putId(metadata, "bos_token_id", bosId.isPresent() ? bosId : source.bosId());
    OptionalInt eosId = tokenizer == null ? OptionalInt.empty() : tokenizer.eosId();
    if (eosId.isEmpty() && !source.eosIds().isEmpty()) {
      eosId = OptionalInt.of(source.eosIds().getFirst());
    }
    putId(metadata, "eos_token_id", eosId);
    if (tokenizer != null) {
      putId(metadata, "eot_token_id", tokenizer.idOf("<|eot_id|>"));
      metadata.put("tokenizer.ggml.add_bos_token", new BoolValue(tokenizer.addsBos()));
      tokenizer
          .chatTemplateSource()
          .ifPresent(text -> metadata.put("tokenizer.chat_template", new StringValue(text)));
    }
    return metadata;
  }

  private static void putId(Map<String, GgufValue> metadata, String key, OptionalInt id) {
    id.ifPresent(value -> metadata.put("tokenizer.ggml." + key, new IntValue(value)));
  }

  private static void vocabulary(
      ModelSource source, Map<String, GgufValue> metadata, List<String> warnings)
      throws IOException {
    Path file = source.path().resolve("tokenizer.json");
    TokenizerMetadata vocabulary = new TokenizerMetadata(source.config().vocabSize());
    boolean present =
        RegularFile.isPresent(file); // else the tokenizer is in a file of another kind
    if (present) {
      vocabulary.read(JsonReader.readBytes(file));
    }
    if (!present || vocabulary.byteFallback) {
      warnings.add(
          "only byte-level vocabularies in tokenizer.json are converted, not SentencePiece models"
              + " or rank files: the GGUF file has no tokenizer, and other engines refuse it");
      return;
    }
    metadata.put("tokenizer.ggml.model", new StringValue("gpt2"));
    if (vocabulary.splitter.isPresent()) {
      String name = vocabulary.splitter.get().ggufName();
      metadata.put("tokenizer.ggml.pre", new StringValue(name));
    } else {
      warnings.add(
          "tokenizer.json splits text in a way that has no known name in GGUF: tokenizer.ggml.pre"
              + " is left out, and engines guess");
    }
    metadata.put("tokenizer.ggml.tokens", GgufWriter.strings(vocabulary.complete()));
    metadata.put("tokenizer.ggml.token_type", GgufWriter.ints(vocabulary.types));
    metadata.put("tokenizer.ggml.merges", GgufWriter.strings(vocabulary.merges));
  }

  private void read(byte[] utf8) throws JsonFormatException {
    JsonValue added = new JsonNull();
    JsonStream in = new JsonStream(utf8);
    in.beginObject();
    for (String key = in.nextKey(); key != null; key = in.nextKey()) {
      switch (key) {
        case "model" -> readModel(in);
        case "added_tokens" -> added = in.value();
        case "pre_tokenizer" -> splitter = splitter(in.value());
        default -> in.skip();
      }
    }
    if (added instanceof JsonArray(List<JsonValue> elements)) {
      elements.forEach(this::addToken);
    }
  }

  private void readModel(JsonStream in) throws JsonFormatException {
    in.beginObject();
    for (String key = in.nextKey(); key != null; key = in.nextKey()) {
      switch (key) {
        case "vocab" -> {
          in.beginObject();
          for (String token = in.nextKey(); token != null; token = in.nextKey()) {
            put(token, in.intUpTo(tokens.length - 1), NORMAL);
          }
        }
        case "merges" -> readMerges(in);
        case "byte_fallback" -> byteFallback = in.value().equals(new JsonBoolean(true));
        default -> in.skip();
      }
    }
  }

  private void readMerges(JsonStream in) throws JsonFormatException {
    in.beginArray();
    while (in.hasNextElement()) {
      if (in.nextIsString()) {
        merges.add(in.string());
      } else {
        merges.add(String.join(" ", in.strings(2)));
      }
    }
  }

  private void addToken(JsonValue element) {
    if (element instanceof JsonObject token
        && token.get("content") instanceof JsonString(String content)
        && token.get("id") instanceof JsonNumber(BigDecimal id)) {
      boolean special = new JsonBoolean(true).equals(token.get("special"));
      put(content, id.intValue(), special ? CONTROL : USER_DEFINED);
    }
  }

  private void put(String token, int id, int type) {
    tokens[id] = token;
    types[id] = type;
  }

  private static Optional<Splitter> splitter(JsonValue value) {
    if (!(value instanceof JsonObject object)) {
      return Optional.empty();
    }
    if (object.get("pretokenizers") instanceof JsonArray(List<JsonValue> parts)
        && parts.size() == 2
        && parts.getFirst() instanceof JsonObject split
        && split.get("pattern") instanceof JsonObject pattern
        && pattern.get("Regex") instanceof JsonString(String regex)) {
      return Splitter.ofRegex(regex);
    }
    return new JsonString("ByteLevel").equals(object.get("type"))
        ? Optional.of(Splitter.GPT2)
        : Optional.empty();
  }

  /** Returns a token for each id; ids without one get a name no text has, as in llama.cpp. */
  private List<String> complete() {
    List<String> all = new ArrayList<>(tokens.length);
    for (int id = 0; id < tokens.length; id++) {
      String token = tokens[id];
      if (token == null) {
        types[id] = UNUSED;
      }
      all.add(token == null ? "[PAD" + id + "]" : token);
    }
    return all;
  }
}
