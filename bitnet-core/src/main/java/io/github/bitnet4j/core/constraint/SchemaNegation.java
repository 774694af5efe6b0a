package io.github.bitnet4j.core.constraint;

import static io.github.bitnet4j.core.constraint.SchemaNormalizer.ANY;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.CONTAINS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.FORMATS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.MULTIPLES;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NAMES;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT_IN;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT_MULTIPLES;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT_PATTERNS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.OBJECTS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.ONE;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.PARTIAL;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.PATTERNS;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The values that a schema does not accept, as alternatives: one for each keyword that a value can
 * contradict. None of them accepts what the schema accepts. Some contradictions cannot be said by a
 * schema that is written: they are left out.
 */
final class SchemaNegation {
  /** The most alternatives of oneOf of which two may hold at the same time. */
  private static final int MAX_PAIRED = 6;

  private final Schema schema;

  /** The names of members that the values may have in question. */
  private final Set<String> names;

  private final List<JsonValue> alternatives = new ArrayList<>();
  private boolean isComplete = true;

  /**
   * What contradicts a schema.
   *
   * @param isComplete whether these are all values that it does not accept
   */
  record Result(List<JsonValue> alternatives, boolean isComplete) {}

  private SchemaNegation(Schema schema, Set<String> names) {
    this.schema = schema;
    this.names = names;
  }

  /**
   * Returns what contradicts a schema in normal form.
   *
   * @param names the names of members that the values in question may have
   */
  static Result negate(Schema schema, Set<String> names) {
    var negation = new SchemaNegation(schema, names);
    schema.members().keySet().forEach(negation::contradict);
    return new Result(negation.alternatives, negation.isComplete);
  }

  private void contradict(String keyword) {
    switch (keyword) {
      case "type" -> types();
      case "enum" ->
          alternatives.add(
              JsonValues.not(JsonValues.object("enum", JsonValues.array(schema.list("enum")))));
      case NOT_IN ->
          alternatives.add(JsonValues.object("enum", JsonValues.array(schema.list(NOT_IN))));
      case NOT -> alternatives.addAll(schema.list(NOT));
      case ANY -> schema.list(ANY).forEach(group -> alternatives.add(none(group)));
      case ONE -> schema.list(ONE).forEach(this::notOne);
      case OBJECTS -> schema.list(OBJECTS).forEach(group -> members(((JsonObject) group)));
      case "required" ->
          schema
              .strings("required")
              .forEach(
                  name ->
                      alternatives.add(
                          JsonValues.allOf(
                              List.of(
                                  JsonValues.object("type", JsonValues.string("object")),
                                  SchemaNormalizer.absent(name)))));
      case "minProperties" -> below("object", "minProperties", "maxProperties");
      case "maxProperties" -> above("object", "maxProperties", "minProperties");
      case "minItems" -> below("array", "minItems", "maxItems");
      case "maxItems" -> above("array", "maxItems", "minItems");
      case "minLength" -> below("string", "minLength", "maxLength");
      case "maxLength" -> above("string", "maxLength", "minLength");
      case "prefixItems" -> prefix();
      case "items" -> items();
      case CONTAINS -> schema.list(CONTAINS).forEach(group -> contains((JsonObject) group));
      case PATTERNS ->
          schema
              .list(PATTERNS)
              .forEach(p -> alternatives.add(JsonValues.not(JsonValues.object("pattern", p))));
      case NOT_PATTERNS -> schema.list(NOT_PATTERNS).forEach(p -> add("string", "pattern", p));
      case "minimum" -> bound("minimum", "exclusiveMaximum");
      case "exclusiveMinimum" -> bound("exclusiveMinimum", "maximum");
      case "maximum" -> bound("maximum", "exclusiveMinimum");
      case "exclusiveMaximum" -> bound("exclusiveMaximum", "minimum");
      case MULTIPLES -> schema.list(MULTIPLES).forEach(m -> alternatives.add(notMultiple(m)));
      case NOT_MULTIPLES -> schema.list(NOT_MULTIPLES).forEach(m -> add("number", "multipleOf", m));
      case FORMATS, NAMES, "uniqueItems" -> isComplete = false;
      default -> throw new AssertionError(keyword);
    }
  }

  private void add(String type, String keyword, JsonValue value) {
    alternatives.add(JsonValues.object("type", JsonValues.string(type), keyword, value));
  }

  private static JsonValue notMultiple(JsonValue step) {
    return JsonValues.not(JsonValues.object("multipleOf", step));
  }

  private void types() {
    List<String> types = schema.strings("type");
    List<JsonValue> others = new ArrayList<>();
    for (String type : List.of("object", "array", "string", "number", "boolean", "null")) {
      if (!types.contains(type)) {
        if (type.equals("number") && types.contains("integer")) {
          alternatives.add(notMultiple(JsonValues.number(1)));
        } else {
          others.add(new JsonString(type));
        }
      }
    }
    if (!others.isEmpty()) {
      alternatives.add(JsonValues.object("type", JsonValues.array(others)));
    }
  }

  /** Returns the schema that none of some alternatives accepts. */
  private static JsonValue none(JsonValue group) {
    return JsonValues.allOf(((JsonArray) group).elements().stream().map(JsonValues::not).toList());
  }

  private void notOne(JsonValue group) {
    alternatives.add(none(group));
    List<JsonValue> schemas = ((JsonArray) group).elements();
    if (schemas.size() > MAX_PAIRED) {
      isComplete = false;
      return;
    }
    for (int i = 0; i < schemas.size(); i++) {
      for (int j = 0; j < i; j++) {
        alternatives.add(JsonValues.allOf(List.of(schemas.get(i), schemas.get(j))));
      }
    }
  }

  // ---- Objects

  private void members(JsonObject group) {
    Schema keywords = new Schema(schema.pointer(), group.members());
    Map<String, JsonValue> properties = keywords.object("properties");
    properties.forEach(this::violate);
    if (keywords.has("patternProperties")) {
      isComplete = false;
      return;
    }
    JsonValue additional = keywords.members().getOrDefault("additionalProperties", JsonValues.TRUE);
    if (!additional.equals(JsonValues.TRUE)) {
      isComplete = false;
      for (String name : names) {
        if (!properties.containsKey(name)) {
          violate(name, additional);
        }
      }
    }
  }

  /** Adds that a member is there and its value is not accepted. */
  private void violate(String name, JsonValue value) {
    JsonValue not = JsonValues.not(value);
    if (!not.equals(JsonValues.FALSE)) {
      alternatives.add(
          JsonValues.object(
              "type",
              JsonValues.string("object"),
              "required",
              JsonValues.array(new JsonString(name)),
              "properties",
              JsonValues.object(name, not),
              PARTIAL,
              JsonValues.TRUE));
    }
  }

  // ---- Counts and arrays

  private void below(String type, String keyword, String opposite) {
    add(type, opposite, JsonValues.number(schema.count(keyword, 0) - 1L));
  }

  private void above(String type, String keyword, String opposite) {
    add(type, opposite, JsonValues.number(schema.count(keyword, 0) + 1L));
  }

  private void bound(String keyword, String opposite) {
    BigDecimal bound = schema.number(keyword);
    if (bound != null) {
      add("number", opposite, JsonValues.number(bound));
    }
  }

  private void prefix() {
    List<JsonValue> prefix = schema.list("prefixItems");
    for (int i = 0; i < prefix.size(); i++) {
      JsonValue not = JsonValues.not(prefix.get(i));
      if (not.equals(JsonValues.FALSE)) {
        continue;
      }
      List<JsonValue> wanted = new ArrayList<>();
      for (int j = 0; j < i; j++) {
        wanted.add(JsonValues.TRUE);
      }
      wanted.add(not);
      alternatives.add(
          JsonValues.object(
              "type",
              JsonValues.string("array"),
              "prefixItems",
              JsonValues.array(wanted),
              "items",
              JsonValues.TRUE,
              "minItems",
              JsonValues.number(i + 1L)));
    }
  }

  private void items() {
    JsonValue items = schema.members().getOrDefault("items", JsonValues.TRUE);
    if (schema.has("prefixItems")) {
      if (items.equals(JsonValues.FALSE)) {
        add("array", "minItems", JsonValues.number(schema.list("prefixItems").size() + 1L));
      } else {
        isComplete = false;
      }
    } else if (items.equals(JsonValues.FALSE)) {
      add("array", "minItems", JsonValues.number(1));
    } else if (!items.equals(JsonValues.TRUE)) {
      add("array", "contains", JsonValues.not(items));
    }
  }

  private void contains(JsonObject group) {
    Schema keywords = new Schema(schema.pointer(), group.members());
    JsonValue wanted = keywords.members().getOrDefault("contains", JsonValues.TRUE);
    if (keywords.count("minContains", 1) == 1) {
      add("array", "items", JsonValues.not(wanted));
    } else {
      isComplete = false;
    }
    int max = keywords.count("maxContains", Expr.UNBOUNDED);
    if (max != Expr.UNBOUNDED) {
      alternatives.add(
          JsonValues.object(
              "type",
              JsonValues.string("array"),
              "contains",
              wanted,
              "minContains",
              JsonValues.number(max + 1L)));
    }
  }
}
