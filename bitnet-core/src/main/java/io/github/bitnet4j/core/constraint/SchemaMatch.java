package io.github.bitnet4j.core.constraint;

import static io.github.bitnet4j.core.constraint.SchemaNormalizer.ANY;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.CONTAINS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.MULTIPLES;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NAMES;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT_IN;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT_MULTIPLES;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.OBJECTS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.ONE;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decides whether a schema accepts a constant. Not thread-safe. */
final class SchemaMatch {
  private final SchemaDocument document;
  private final SchemaTexts texts;

  SchemaMatch(SchemaDocument document, SchemaTexts texts) {
    this.document = document;
    this.texts = texts;
  }

  /** Returns whether a schema of the document accepts a value. */
  boolean accepts(JsonValue schema, JsonValue value) {
    return schema instanceof JsonBoolean(boolean allowed)
        ? allowed
        : accepts(document.flatten(schema), value);
  }

  /** Returns whether a schema in normal form accepts a value. */
  boolean accepts(Schema schema, JsonValue value) {
    if (schema.has("enum")) {
      JsonValue wanted = JsonValues.canonical(value);
      if (schema.list("enum").stream()
          .noneMatch(other -> JsonValues.canonical(other).equals(wanted))) {
        return false;
      }
    }
    return acceptsBesideEnum(schema, value);
  }

  /** Returns whether a schema in normal form without its enum accepts a value. */
  boolean acceptsBesideEnum(Schema schema, JsonValue value) {
    document.work().spend(1 + schema.members().size());
    if (schema.has("type")
        && schema.strings("type").stream().noneMatch(t -> JsonValues.isOfType(value, t))) {
      return false;
    }
    if (schema.has(NOT_IN)) {
      JsonValue canonical = JsonValues.canonical(value);
      for (JsonValue other : schema.list(NOT_IN)) {
        if (JsonValues.canonical(other).equals(canonical)) {
          return false;
        }
      }
    }
    for (JsonValue group : schema.list(ANY)) {
      if (accepting(group, value) == 0) {
        return false;
      }
    }
    for (JsonValue group : schema.list(ONE)) {
      if (accepting(group, value) != 1) {
        return false;
      }
    }
    for (JsonValue not : schema.list(NOT)) {
      if (accepts(not, value)) {
        return false;
      }
    }
    return switch (value) {
      case JsonNumber(BigDecimal number) -> acceptsNumber(schema, number);
      case JsonString(String text) -> acceptsString(schema, text);
      case JsonArray(List<JsonValue> elements) -> acceptsArray(schema, elements);
      case JsonObject(Map<String, JsonValue> members) -> acceptsObject(schema, members);
      case JsonBoolean _, JsonNull _ -> true;
    };
  }

  private long accepting(JsonValue group, JsonValue value) {
    return ((JsonArray) group).elements().stream().filter(s -> accepts(s, value)).count();
  }

  private static boolean acceptsNumber(Schema schema, BigDecimal number) {
    @Nullable BigDecimal low = schema.number("minimum");
    @Nullable BigDecimal above = schema.number("exclusiveMinimum");
    @Nullable BigDecimal high = schema.number("maximum");
    @Nullable BigDecimal below = schema.number("exclusiveMaximum");
    if (low != null && number.compareTo(low) < 0
        || above != null && number.compareTo(above) <= 0
        || high != null && number.compareTo(high) > 0
        || below != null && number.compareTo(below) >= 0) {
      return false;
    }
    return schema.list(MULTIPLES).stream().allMatch(step -> isMultiple(number, step))
        && schema.list(NOT_MULTIPLES).stream().noneMatch(step -> isMultiple(number, step));
  }

  private static boolean isMultiple(BigDecimal number, JsonValue step) {
    return step instanceof JsonNumber(BigDecimal of) && number.remainder(of).signum() == 0;
  }

  private boolean acceptsString(Schema schema, String text) {
    int length = text.codePointCount(0, text.length());
    if (length < schema.count("minLength", 0)
        || length > schema.count("maxLength", Expr.UNBOUNDED)) {
      return false;
    }
    return texts.allow(schema, text);
  }

  private boolean acceptsArray(Schema schema, List<JsonValue> elements) {
    if (elements.size() < schema.count("minItems", 0)
        || elements.size() > schema.count("maxItems", Expr.UNBOUNDED)) {
      return false;
    }
    if (schema.has("uniqueItems")) {
      Set<JsonValue> different = new HashSet<>();
      elements.forEach(element -> different.add(JsonValues.canonical(element)));
      if (different.size() < elements.size()) {
        return false;
      }
    }
    List<JsonValue> prefix = schema.list("prefixItems");
    JsonValue items = schema.members().getOrDefault("items", JsonValues.TRUE);
    for (int i = 0; i < elements.size(); i++) {
      if (!accepts(i < prefix.size() ? prefix.get(i) : items, elements.get(i))) {
        return false;
      }
    }
    for (JsonValue group : schema.list(CONTAINS)) {
      Schema contains = new Schema(schema.pointer(), ((JsonObject) group).members());
      JsonValue wanted = contains.members().getOrDefault("contains", JsonValues.TRUE);
      long count = elements.stream().filter(element -> accepts(wanted, element)).count();
      if (count < contains.count("minContains", 1)
          || count > contains.count("maxContains", Expr.UNBOUNDED)) {
        return false;
      }
    }
    return true;
  }

  private boolean acceptsObject(Schema schema, Map<String, JsonValue> members) {
    if (members.size() < schema.count("minProperties", 0)
        || members.size() > schema.count("maxProperties", Expr.UNBOUNDED)
        || !members.keySet().containsAll(schema.strings("required"))) {
      return false;
    }
    for (Map.Entry<String, JsonValue> member : members.entrySet()) {
      JsonValue name = new JsonString(member.getKey());
      if (!schema.list(NAMES).stream().allMatch(names -> accepts(names, name))) {
        return false;
      }
      for (JsonValue group : schema.list(OBJECTS)) {
        if (!accepts(member(schema, group, member.getKey()), member.getValue())) {
          return false;
        }
      }
    }
    return true;
  }

  /** Returns the schema that a group of keywords for objects has for a member. */
  JsonValue member(Schema schema, JsonValue group, String name) {
    Schema keywords = new Schema(schema.pointer(), ((JsonObject) group).members());
    List<JsonValue> parts = new ArrayList<>();
    JsonValue declared = keywords.object("properties").get(name);
    if (declared != null) {
      parts.add(declared);
    }
    keywords
        .object("patternProperties")
        .forEach(
            (pattern, value) -> {
              if (texts.isFound(schema, "patternProperties", pattern, name, false)) {
                parts.add(value);
              }
            });
    return parts.isEmpty()
        ? keywords.members().getOrDefault("additionalProperties", JsonValues.TRUE)
        : JsonValues.allOf(parts);
  }
}
