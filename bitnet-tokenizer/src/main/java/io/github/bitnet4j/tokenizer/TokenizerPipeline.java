package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.AddedTokens.AddedToken;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonStream;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The small parts of {@code tokenizer.json}: everything but the vocabulary and the merges. A part
 * that is not understood completely is refused by its name.
 */
final class TokenizerPipeline {
  private static final Set<String> FIRST_TYPES = Set.of("Split", "Punctuation");

  private TokenizerPipeline() {}

  /** The parts of a byte-level pre-tokenizer. */
  record Splitting(PreTokenizer splitter, ByteSplit byteSplit) {}

  /** Returns whether the normalizer of a byte-level vocabulary is NFC; it may have none. */
  static boolean isNfc(JsonValue value) throws JsonFormatException {
    List<JsonValue> parts = parts(value, "normalizers");
    for (JsonValue part : parts) {
      if (!typeOf(part).equals("NFC")) {
        throw unsupported("normalizer", "null or NFC", part);
      }
    }
    return !parts.isEmpty();
  }

  /** Returns the parts of a Sequence, of Sequences in it too; null has none. */
  static List<JsonValue> parts(JsonValue value, String key) {
    if (value instanceof JsonObject sequence
        && typeOf(value).equals("Sequence")
        && sequence.get(key) instanceof JsonArray(List<JsonValue> elements)) {
      return elements.stream().flatMap(element -> parts(element, key).stream()).toList();
    }
    return value instanceof JsonNull ? List.of() : List.of(value);
  }

  static void requireByteLevelDecoder(JsonValue value) throws JsonFormatException {
    if (!(value instanceof JsonNull || typeOf(value).equals("ByteLevel"))) {
      throw unsupported("decoder", "ByteLevel", value);
    }
  }

  /** Refuses an option that is set to anything but null, false, zero or the empty string. */
  static void requireUnset(JsonValue value, String where) throws JsonFormatException {
    boolean unset =
        switch (value) {
          case JsonNull _ -> true;
          case JsonBoolean(boolean on) -> !on;
          case JsonString(String text) -> text.isEmpty();
          case JsonNumber(BigDecimal number) -> number.signum() == 0;
          case JsonArray _, JsonObject _ -> false;
        };
    if (!unset) {
      throw unsupported(where, "null", value);
    }
  }

  static boolean booleanOf(@Nullable JsonValue value, String where) throws JsonFormatException {
    if (value instanceof JsonBoolean(boolean on)) {
      return on;
    }
    throw unsupported(where, "true or false", value);
  }

  static Splitting preTokenizer(JsonValue value) throws JsonFormatException {
    List<JsonValue> parts = parts(value, "pretokenizers");
    List<String> types = parts.stream().map(TokenizerPipeline::typeOf).toList();
    int at = types.indexOf("ByteLevel");
    if (at < 0 || at > 1 || (at == 1 && !FIRST_TYPES.contains(types.getFirst()))) {
      throw unsupported("pre_tokenizer", "ByteLevel, alone or after Split or Punctuation", value);
    }
    boolean splits = at == 1 && types.getFirst().equals("Split");
    requireByteLevel(parts.get(at), !splits, "pre_tokenizer.pretokenizers[" + at + "]");
    PreTokenizer splitter =
        at == 0
            ? PreTokenizer.GPT2
            : splits ? splitter(parts.getFirst()) : punctuation(parts.getFirst());
    return new Splitting(splitter, byteSplit(parts.subList(at + 1, parts.size())));
  }

  private static PreTokenizer punctuation(JsonValue value) throws JsonFormatException {
    JsonValue behavior =
        value instanceof JsonObject punctuation ? punctuation.get("behavior") : null;
    if (!(behavior instanceof JsonString(String name)) || !name.equals("Contiguous")) {
      throw unsupported("pre_tokenizer: behavior of Punctuation", "Contiguous", behavior);
    }
    return PreTokenizer.PUNCTUATION;
  }

  /** Reads what follows ByteLevel: Digits, and a Split at three digits. */
  private static ByteSplit byteSplit(List<JsonValue> parts) throws JsonFormatException {
    if (parts.isEmpty()) {
      return ByteSplit.NONE;
    }
    if (!(parts.getFirst() instanceof JsonObject digits)
        || !typeOf(digits).equals("Digits")
        || parts.size() > 2) {
      throw unsupported("pre_tokenizer", "Digits after ByteLevel", parts.getFirst());
    }
    boolean each = booleanOf(digits.get("individual_digits"), "pre_tokenizer: individual_digits");
    if (parts.size() == 1) {
      return each ? ByteSplit.EACH_DIGIT : ByteSplit.DIGITS;
    }
    String regex = isolatedRegex(parts.get(1), "pre_tokenizer: Split after Digits");
    if (each || !regex.equals("[0-9][0-9][0-9]")) {
      throw new JsonFormatException(
          "pre_tokenizer: expected a Split at [0-9][0-9][0-9] after Digits, found "
              + JsonStream.excerpt(regex)
              + "; this tokenizer is not supported");
    }
    return ByteSplit.THREE_DIGITS;
  }

  private static void requireByteLevel(JsonValue value, boolean useRegex, String where)
      throws JsonFormatException {
    if (!(value instanceof JsonObject byteLevel)) {
      throw unsupported(where, "an object", value);
    }
    if (booleanOf(byteLevel.get("add_prefix_space"), where + ".add_prefix_space")) {
      throw new JsonFormatException(where + ".add_prefix_space: expected false, found true");
    }
    JsonValue regex = byteLevel.get("use_regex");
    boolean found = regex == null || booleanOf(regex, where + ".use_regex");
    if (found != useRegex) {
      throw new JsonFormatException(
          where + ".use_regex: expected " + useRegex + ", found " + found);
    }
  }

  private static PreTokenizer splitter(JsonValue split) throws JsonFormatException {
    String where = "pre_tokenizer.pretokenizers[0]";
    String regex = isolatedRegex(split, where);
    return PreTokenizer.forRegex(regex)
        .orElseThrow(
            () ->
                new JsonFormatException(
                    where
                        + ".pattern.Regex: expected the expression of Llama 3, GPT-2 or Qwen 2,"
                        + " found "
                        + JsonStream.excerpt(regex)));
  }

  /** Returns the expression of a Split that isolates its matches. */
  private static String isolatedRegex(JsonValue value, String where) throws JsonFormatException {
    if (!(value instanceof JsonObject split) || !typeOf(value).equals("Split")) {
      throw unsupported(where, "Split", value);
    }
    if (!(split.get("behavior") instanceof JsonString(String behavior))
        || !behavior.equals("Isolated")) {
      throw unsupported(where + ".behavior", "Isolated", split.get("behavior"));
    }
    if (booleanOf(split.get("invert"), where + ".invert")) {
      throw new JsonFormatException(where + ".invert: expected false, found true");
    }
    if (!(split.get("pattern") instanceof JsonObject pattern
        && pattern.get("Regex") instanceof JsonString(String regex))) {
      throw unsupported(where + ".pattern", "a Regex", split.get("pattern"));
    }
    return regex;
  }

  static List<AddedToken> addedTokens(JsonValue value) throws JsonFormatException {
    List<AddedToken> tokens = new ArrayList<>();
    if (value instanceof JsonArray(List<JsonValue> elements)) {
      for (int i = 0; i < elements.size(); i++) {
        tokens.add(addedToken(elements.get(i), null, "added_tokens[" + i + "]"));
      }
    } else if (!(value instanceof JsonNull)) {
      throw unsupported("added_tokens", "an array", value);
    }
    return tokens;
  }

  /** Reads {@code added_tokens_decoder}: an object with the id as key. */
  static List<AddedToken> addedTokensById(@Nullable JsonValue value) throws JsonFormatException {
    List<AddedToken> tokens = new ArrayList<>();
    if (value instanceof JsonObject(Map<String, JsonValue> members)) {
      for (Map.Entry<String, JsonValue> member : members.entrySet()) {
        String where = "added_tokens_decoder." + JsonStream.excerpt(member.getKey());
        if (!member.getKey().matches("[0-9]{1,9}")) {
          throw unsupported(where, "an id", new JsonString(member.getKey()));
        }
        JsonValue id = new JsonNumber(new BigDecimal(member.getKey()));
        tokens.add(addedToken(member.getValue(), id, where));
      }
    } else if (!(value == null || value instanceof JsonNull)) {
      throw unsupported("added_tokens_decoder", "an object", value);
    }
    return tokens;
  }

  private static AddedToken addedToken(JsonValue value, @Nullable JsonValue givenId, String where)
      throws JsonFormatException {
    if (!(value instanceof JsonObject token)) {
      throw unsupported(where, "an object", value);
    }
    if (!(token.get("content") instanceof JsonString(String name))
        || name.isEmpty()
        || name.length() > AddedTokens.MAX_NAME_LENGTH) {
      throw unsupported(
          where + ".content",
          "a string of 1 to " + AddedTokens.MAX_NAME_LENGTH + " characters",
          token.get("content"));
    }
    boolean special = flag(token, "special", where);
    return new AddedToken(
        idOf(givenId == null ? token.get("id") : givenId, where + ".id"),
        name,
        special,
        flag(token, "normalized", where),
        flag(token, "single_word", where),
        flag(token, "lstrip", where),
        flag(token, "rstrip", where));
  }

  private static boolean flag(JsonObject token, String key, String where)
      throws JsonFormatException {
    JsonValue value = token.get(key);
    return value != null && booleanOf(value, where + "." + key);
  }

  private static int idOf(@Nullable JsonValue value, String where) throws JsonFormatException {
    if (value instanceof JsonNumber(BigDecimal number)
        && number.scale() == 0
        && number.signum() >= 0
        && number.compareTo(BigDecimal.valueOf(TokenTable.MAX_ID)) <= 0) {
      return number.intValueExact();
    }
    throw unsupported(where, "an integer from 0 to " + TokenTable.MAX_ID, value);
  }

  /** Returns the token that {@code TemplateProcessing} puts before a single text, if it does. */
  static OptionalInt templateBos(JsonValue value, TokenTable tokens) throws JsonFormatException {
    OptionalInt bos = OptionalInt.empty();
    List<JsonValue> processors = parts(value, "processors");
    for (JsonValue processor : processors) {
      if (processor instanceof JsonObject template
          && typeOf(processor).equals("TemplateProcessing")) {
        bos = leadingToken(template, tokens);
      } else if (!(processor instanceof JsonNull || typeOf(processor).equals("ByteLevel"))) {
        throw unsupported(
            "post_processor", "ByteLevel, TemplateProcessing or a Sequence of them", processor);
      }
    }
    return bos;
  }

  private static OptionalInt leadingToken(JsonObject template, TokenTable tokens)
      throws JsonFormatException {
    String where = "post_processor.single";
    if (!(template.get("single") instanceof JsonArray(List<JsonValue> items))) {
      throw unsupported(where, "an array", template.get("single"));
    }
    OptionalInt bos = OptionalInt.empty();
    for (JsonValue item : items) {
      if (item instanceof JsonObject sequence && sequence.get("Sequence") != null) {
        return bos;
      }
      if (!(item instanceof JsonObject special
          && special.get("SpecialToken") instanceof JsonObject reference
          && reference.get("id") instanceof JsonString(String name))) {
        throw unsupported(where, "SpecialToken or Sequence", item);
      }
      if (bos.isPresent()) {
        throw new JsonFormatException(where + ": expected one token before the text, found more");
      }
      bos = OptionalInt.of(templateId(template, name, tokens));
    }
    throw new JsonFormatException(where + ": expected a Sequence, found none");
  }

  private static int templateId(JsonObject template, String name, TokenTable tokens)
      throws JsonFormatException {
    String where = "post_processor.special_tokens";
    if (template.get("special_tokens") instanceof JsonObject specials
        && specials.get(name) instanceof JsonObject special
        && special.get("ids") instanceof JsonArray(List<JsonValue> ids)
        && ids.size() == 1) {
      int id = idOf(ids.getFirst(), where);
      if (tokens.contains(id)) {
        return id;
      }
    }
    throw new JsonFormatException(
        where + ": expected the id of a token for " + JsonStream.excerpt(name) + ", found none");
  }

  /** Returns the type of a component, or the empty string. */
  static String typeOf(@Nullable JsonValue value) {
    return value instanceof JsonObject object
            && object.get("type") instanceof JsonString(String type)
        ? type
        : "";
  }

  /** Returns an exception that names what was found as well as its kind allows. */
  static JsonFormatException unsupported(String where, String expected, @Nullable JsonValue found) {
    String type = typeOf(found);
    String what =
        switch (found) {
          case null -> "nothing";
          case JsonNull _ -> "null";
          case JsonBoolean(boolean on) -> String.valueOf(on);
          case JsonNumber(BigDecimal number) -> JsonStream.excerpt(number.toString());
          case JsonString(String text) -> JsonStream.excerpt(text);
          case JsonArray _ -> "an array";
          case JsonObject _ when type.equals("Sequence") -> "another Sequence";
          case JsonObject _ -> type.isEmpty() ? "an object" : JsonStream.excerpt(type);
        };
    return new JsonFormatException(
        where + ": expected " + expected + ", found " + what + "; this tokenizer is not supported");
  }
}
