package io.github.bitnet4j.core.constraint;

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

/** Values as JSON Schema compares them, and the making of schemas. */
final class JsonValues {
  static final JsonValue TRUE = new JsonBoolean(true);
  static final JsonValue FALSE = new JsonBoolean(false);

  private JsonValues() {}

  /** Returns a value that equals those of all values that are the same: 1 and 1.0 are. */
  static JsonValue canonical(JsonValue value) {
    return switch (value) {
      case JsonNumber(BigDecimal number) -> new JsonNumber(number.stripTrailingZeros());
      case JsonArray(List<JsonValue> elements) ->
          new JsonArray(elements.stream().map(JsonValues::canonical).toList());
      case JsonObject(Map<String, JsonValue> members) -> {
        Map<String, JsonValue> all = new LinkedHashMap<>();
        members.forEach((name, member) -> all.put(name, canonical(member)));
        yield new JsonObject(all);
      }
      case JsonString _, JsonBoolean _, JsonNull _ -> value;
    };
  }

  static boolean isOfType(JsonValue value, String type) {
    return switch (value) {
      case JsonObject _ -> type.equals("object");
      case JsonArray _ -> type.equals("array");
      case JsonString _ -> type.equals("string");
      case JsonNumber(BigDecimal number) ->
          type.equals("number")
              || type.equals("integer") && number.stripTrailingZeros().scale() <= 0;
      case JsonBoolean _ -> type.equals("boolean");
      case JsonNull _ -> type.equals("null");
    };
  }

  static JsonValue string(String value) {
    return new JsonString(value);
  }

  static JsonValue number(BigDecimal value) {
    return new JsonNumber(value);
  }

  static JsonValue number(long value) {
    return new JsonNumber(BigDecimal.valueOf(value));
  }

  static JsonArray array(List<? extends JsonValue> elements) {
    return new JsonArray(List.copyOf(elements));
  }

  static JsonArray array(JsonValue... elements) {
    return new JsonArray(List.of(elements));
  }

  /** Returns an object of names and values in turns. */
  static JsonObject object(Object... namesAndValues) {
    Map<String, JsonValue> members = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      members.put((String) namesAndValues[i], (JsonValue) namesAndValues[i + 1]);
    }
    return new JsonObject(members);
  }

  /** Returns the schema that accepts what all of some accept. */
  static JsonValue allOf(List<JsonValue> schemas) {
    List<JsonValue> parts = new ArrayList<>();
    for (JsonValue schema : schemas) {
      if (schema.equals(FALSE)) {
        return FALSE;
      }
      if (!schema.equals(TRUE) && !parts.contains(schema)) {
        parts.add(schema);
      }
    }
    return parts.isEmpty()
        ? TRUE
        : parts.size() == 1 ? parts.getFirst() : object("allOf", array(parts));
  }

  /** Returns the schema that accepts what another does not. */
  static JsonValue not(JsonValue schema) {
    return schema.equals(TRUE) ? FALSE : schema.equals(FALSE) ? TRUE : object("not", schema);
  }
}
