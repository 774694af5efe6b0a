package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A validator of JSON Schema that shares no code with the grammar: what values a schema accepts.
 */
final class SchemaCheck {
  private final JsonValue root;

  SchemaCheck(JsonValue root) {
    this.root = root;
  }

  boolean accepts(JsonValue value) {
    return accepts(root, value);
  }

  private boolean accepts(JsonValue schema, JsonValue value) {
    if (schema instanceof JsonBoolean(boolean allowed)) {
      return allowed;
    }
    JsonObject object = (JsonObject) schema;
    return object.members().entrySet().stream()
        .allMatch(keyword -> accepts(object, keyword.getKey(), keyword.getValue(), value));
  }

  private boolean accepts(JsonObject schema, String keyword, JsonValue wanted, JsonValue value) {
    return switch (keyword) {
      case "$defs" -> true;
      case "$ref" -> accepts(target(((JsonString) wanted).value()), value);
      case "type" ->
          wanted instanceof JsonString(String one)
              ? isOfType(value, one)
              : elements(wanted).stream().anyMatch(t -> isOfType(value, ((JsonString) t).value()));
      case "enum" -> elements(wanted).stream().anyMatch(w -> same(w, value));
      case "const" -> same(wanted, value);
      case "anyOf" -> elements(wanted).stream().anyMatch(s -> accepts(s, value));
      case "oneOf" -> elements(wanted).stream().filter(s -> accepts(s, value)).count() == 1;
      case "allOf" -> elements(wanted).stream().allMatch(s -> accepts(s, value));
      default ->
          switch (value) {
            case JsonNumber(BigDecimal number) -> acceptsNumber(keyword, wanted, number);
            case JsonString(String text) -> acceptsString(keyword, wanted, text);
            case JsonArray(List<JsonValue> elements) ->
                acceptsArray(schema, keyword, wanted, elements);
            case JsonObject(Map<String, JsonValue> members) ->
                acceptsObject(schema, keyword, wanted, members);
            case JsonBoolean _, JsonNull _ -> true;
          };
    };
  }

  private static boolean acceptsNumber(String keyword, JsonValue wanted, BigDecimal number) {
    return switch (keyword) {
      case "minimum" -> number.compareTo(number(wanted)) >= 0;
      case "maximum" -> number.compareTo(number(wanted)) <= 0;
      case "exclusiveMinimum" -> number.compareTo(number(wanted)) > 0;
      case "exclusiveMaximum" -> number.compareTo(number(wanted)) < 0;
      default -> true;
    };
  }

  private static boolean acceptsString(String keyword, JsonValue wanted, String text) {
    int length = text.codePointCount(0, text.length());
    return switch (keyword) {
      case "minLength" -> length >= number(wanted).intValue();
      case "maxLength" -> length <= number(wanted).intValue();
      case "pattern" -> Pattern.compile(((JsonString) wanted).value()).matcher(text).find();
      default -> true;
    };
  }

  private boolean acceptsArray(
      JsonObject schema, String keyword, JsonValue wanted, List<JsonValue> elements) {
    int prefix = schema.get("prefixItems") == null ? 0 : elements(schema.get("prefixItems")).size();
    return switch (keyword) {
      case "minItems" -> elements.size() >= number(wanted).intValue();
      case "maxItems" -> elements.size() <= number(wanted).intValue();
      case "items" -> elements.stream().skip(prefix).allMatch(e -> accepts(wanted, e));
      case "prefixItems" -> {
        for (int i = 0; i < Math.min(prefix, elements.size()); i++) {
          if (!accepts(elements(wanted).get(i), elements.get(i))) {
            yield false;
          }
        }
        yield true;
      }
      default -> true;
    };
  }

  private boolean acceptsObject(
      JsonObject schema, String keyword, JsonValue wanted, Map<String, JsonValue> members) {
    return switch (keyword) {
      case "required" ->
          elements(wanted).stream().allMatch(n -> members.containsKey(((JsonString) n).value()));
      case "properties" ->
          ((JsonObject) wanted)
              .members().entrySet().stream()
                  .allMatch(
                      p ->
                          !members.containsKey(p.getKey())
                              || accepts(p.getValue(), members.get(p.getKey())));
      case "additionalProperties" ->
          members.entrySet().stream()
              .allMatch(
                  m ->
                      schema.get("properties") instanceof JsonObject known
                              && known.get(m.getKey()) != null
                          || accepts(wanted, m.getValue()));
      default -> true;
    };
  }

  private JsonValue target(String reference) {
    JsonValue target = root;
    for (String key : reference.split("/")) {
      target = key.equals("#") ? target : ((JsonObject) target).get(key);
    }
    return target;
  }

  private static boolean isOfType(JsonValue value, String type) {
    return switch (value) {
      case JsonObject _ -> type.equals("object");
      case JsonArray _ -> type.equals("array");
      case JsonString _ -> type.equals("string");
      case JsonNumber(BigDecimal n) ->
          type.equals("number")
              || type.equals("integer") && n.remainder(BigDecimal.ONE).signum() == 0;
      case JsonBoolean _ -> type.equals("boolean");
      case JsonNull _ -> type.equals("null");
    };
  }

  /** Compares numbers by value; enough for the values of the tests. */
  private static boolean same(JsonValue a, JsonValue b) {
    return a instanceof JsonNumber(BigDecimal x) && b instanceof JsonNumber(BigDecimal y)
        ? x.compareTo(y) == 0
        : a.equals(b);
  }

  private static List<JsonValue> elements(JsonValue value) {
    return ((JsonArray) value).elements();
  }

  private static BigDecimal number(JsonValue value) {
    return ((JsonNumber) value).value();
  }
}
