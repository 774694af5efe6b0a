package io.github.bitnet4j.tokenizer.json;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON value as read from a file. Objects keep the order of their keys and have no duplicates.
 */
public sealed interface JsonValue {
  /** The members of an object, in file order. */
  record JsonObject(Map<String, JsonValue> members) implements JsonValue {
    /** Returns the value of a key, or null if the object does not have it. */
    public @Nullable JsonValue get(String key) {
      return members.get(key);
    }
  }

  /** The elements of an array. */
  record JsonArray(List<JsonValue> elements) implements JsonValue {}

  /** A string; lone surrogates written as escapes are kept. */
  record JsonString(String value) implements JsonValue {}

  /** A number, with the digits of the file; at most 400 digits, and a scale within 400. */
  record JsonNumber(BigDecimal value) implements JsonValue {}

  /** {@code true} or {@code false}. */
  record JsonBoolean(boolean value) implements JsonValue {}

  /** {@code null}. */
  record JsonNull() implements JsonValue {}
}
