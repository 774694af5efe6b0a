package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A schema with its place, and its keywords as the types that they must have.
 *
 * @param pointer its JSON pointer as a URI fragment; of schemas put together, all of them
 * @param members its keywords
 */
record Schema(String pointer, Map<String, JsonValue> members) {
  boolean has(String keyword) {
    return members.containsKey(keyword);
  }

  /** Returns about how much work it is to compare or to copy this. */
  int size() {
    int size = 1;
    for (JsonValue value : members.values()) {
      size += value instanceof JsonArray(List<JsonValue> elements) ? 1 + elements.size() : 1;
    }
    return size;
  }

  /** Returns this without some keywords. */
  Schema without(String... keywords) {
    Map<String, JsonValue> rest = new LinkedHashMap<>(members);
    for (String keyword : keywords) {
      rest.remove(keyword);
    }
    return new Schema(pointer, rest);
  }

  /** Returns this with another value of a keyword. */
  Schema with(String keyword, JsonValue value) {
    Map<String, JsonValue> all = new LinkedHashMap<>(members);
    all.put(keyword, value);
    return new Schema(pointer, all);
  }

  OutputConstraintException fault(String keyword, String message) {
    return new OutputConstraintException(
        "schema: %s: %s".formatted(child(pointer, keyword), message));
  }

  private OutputConstraintException wrong(String keyword, String expected, JsonValue found) {
    return fault(keyword, "expected %s, found %s".formatted(expected, describe(found)));
  }

  static String child(String pointer, String key) {
    return pointer + "/" + key.replace("~", "~0").replace("/", "~1");
  }

  static String describe(JsonValue value) {
    return switch (value) {
      case JsonObject _ -> "an object";
      case JsonArray _ -> "an array";
      case JsonString(String text) -> JsonStream.excerpt(text);
      case JsonNumber(BigDecimal number) -> JsonStream.excerpt(number.toString());
      case JsonBoolean(boolean bool) -> String.valueOf(bool);
      case JsonNull _ -> "null";
    };
  }

  @Nullable String string(String keyword) {
    JsonValue value = members.get(keyword);
    if (value == null || value instanceof JsonString) {
      return value == null ? null : ((JsonString) value).value();
    }
    throw wrong(keyword, "a string", value);
  }

  @Nullable BigDecimal number(String keyword) {
    JsonValue value = members.get(keyword);
    if (value == null) {
      return null;
    }
    if (!(value instanceof JsonNumber(BigDecimal number))) {
      throw wrong(keyword, "a number", value);
    }
    if (number.precision() > 100 || Math.abs(number.scale()) > 100) {
      throw wrong(keyword, "a number of at most 100 digits", value);
    }
    return number;
  }

  /** Returns a number of characters or elements. */
  int count(String keyword, int otherwise) {
    JsonValue value = members.get(keyword);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof JsonNumber(BigDecimal number)
        && number.signum() >= 0
        && number.stripTrailingZeros().scale() <= 0) {
      return number.min(BigDecimal.valueOf(Integer.MAX_VALUE - 1)).intValueExact();
    }
    throw wrong(keyword, "an integer, 0 or more", value);
  }

  List<JsonValue> array(String keyword) {
    JsonValue value = members.get(keyword);
    if (value instanceof JsonArray(List<JsonValue> elements)) {
      return elements;
    }
    if (value == null) {
      return List.of();
    }
    throw wrong(keyword, "an array", value);
  }

  Map<String, JsonValue> object(String keyword) {
    JsonValue value = members.get(keyword);
    if (value instanceof JsonObject(Map<String, JsonValue> inner)) {
      return inner;
    }
    if (value == null) {
      return Map.of();
    }
    throw wrong(keyword, "an object", value);
  }

  /** Returns the strings of an array, or the only one. */
  List<String> strings(String keyword) {
    JsonValue value = members.get(keyword);
    if (value instanceof JsonString(String text) && keyword.equals("type")) {
      return List.of(text);
    }
    List<String> strings = new ArrayList<>();
    for (JsonValue element : array(keyword)) {
      if (!(element instanceof JsonString(String text))) {
        throw wrong(keyword, "strings", element);
      }
      strings.add(text);
    }
    return strings;
  }

  /** Returns the elements of a keyword that {@link SchemaNormalizer} has made a list of. */
  List<JsonValue> list(String keyword) {
    return members.get(keyword) instanceof JsonArray(List<JsonValue> elements)
        ? elements
        : List.of();
  }

  /** Returns the schemas of an array that has one at least. */
  List<JsonValue> schemas(String keyword) {
    List<JsonValue> schemas = array(keyword);
    if (schemas.isEmpty() && has(keyword)) {
      throw fault(keyword, "expected at least one schema, found none");
    }
    return schemas;
  }

  /** A value where a schema should be. */
  record Place(String pointer, JsonValue value) {}
}
