package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.Schema.Place;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings the keywords of one schema, of any draft from 4 on, into one form that schemas can be put
 * together in: keywords that may hold several times become lists, those that have meaning only
 * together become one, and annotations are left out.
 */
final class SchemaNormalizer {
  /** Groups of {@code properties}, {@code patternProperties} and {@code additionalProperties}. */
  static final String OBJECTS = "objects";

  /** Schemas of the names of members. */
  static final String NAMES = "propertyNames";

  /** Groups of {@code contains}, {@code minContains} and {@code maxContains}. */
  static final String CONTAINS = "contains";

  static final String PATTERNS = "pattern";
  static final String NOT_PATTERNS = "not/pattern";
  static final String FORMATS = "format";
  static final String MULTIPLES = "multipleOf";

  static final String NOT_MULTIPLES = "not/multipleOf";

  /** Constants that are refused. */
  static final String NOT_IN = "not/enum";

  /** Lists of schemas of which one at least, or exactly one, accepts a value. */
  static final String ANY = "anyOf";

  static final String ONE = "oneOf";

  /** Schemas that refuse a value. */
  static final String NOT = "not";

  /**
   * A keyword of schemas that are made on the way: their properties do not say that there are no
   * others.
   */
  static final String PARTIAL = "bitnet4j:partial";

  static final Set<String> TYPES =
      Set.of("object", "array", "string", "number", "integer", "boolean", "null");

  private static final List<String> OBJECT_KEYWORDS =
      List.of("properties", "patternProperties", "additionalProperties");

  private static final Set<String> APPLICATORS =
      Set.of("$ref", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "dependencies");

  private final Schema raw;
  private final Map<String, JsonValue> members = new LinkedHashMap<>();

  private SchemaNormalizer(Schema raw) {
    this.raw = raw;
  }

  /** Returns the schema at a place in normal form; {@code $ref} and {@code allOf} stay. */
  static Schema normalize(Place place) {
    return switch (place.value()) {
      case JsonBoolean(boolean allowed) ->
          new Schema(
              place.pointer(), allowed ? Map.of() : Map.of("enum", new JsonArray(List.of())));
      case JsonObject(Map<String, JsonValue> keywords) ->
          new SchemaNormalizer(new Schema(place.pointer(), keywords)).normalize();
      default ->
          throw new OutputConstraintException(
              "schema: %s: expected an object or a boolean, found %s"
                  .formatted(place.pointer(), Schema.describe(place.value())));
    };
  }

  private Schema normalize() {
    if (raw.has("$ref")) {
      members.put("$ref", JsonValues.string(String.valueOf(raw.string("$ref"))));
    }
    if (raw.has("allOf")) {
      members.put("allOf", JsonValues.array(raw.schemas("allOf")));
    }
    if (raw.has("type")) {
      members.put("type", JsonValues.array(types().stream().map(JsonValues::string).toList()));
    }
    if (raw.has("enum")) {
      members.put("enum", JsonValues.array(raw.array("enum")));
    }
    objects();
    arrays();
    strings();
    numbers();
    combinations();
    Schema schema = new Schema(raw.pointer(), members);
    if (raw.has("const")) {
      JsonValue value = raw.members().get("const");
      schema = SchemaMerge.both(schema, part("enum", JsonValues.array(List.of(value))));
    }
    return raw.has("not") ? SchemaMerge.both(schema, negated()) : schema;
  }

  /** Returns whether a schema has others for the same value, whose evaluations count. */
  private static boolean appliesOthers(Map<String, JsonValue> keywords) {
    return keywords.keySet().stream().anyMatch(APPLICATORS::contains);
  }

  /** Returns a keyword that is not supported and is no annotation; null if there is none. */
  static @Nullable String unsupportedKeyword(Map<String, JsonValue> keywords) {
    for (String keyword : List.of("$dynamicRef", "$recursiveRef")) {
      if (keywords.containsKey(keyword)) {
        return keyword;
      }
    }
    JsonValue items = keywords.get("unevaluatedItems");
    if (items != null && !items.equals(JsonValues.TRUE)) {
      return "unevaluatedItems";
    }
    JsonValue properties = keywords.get("unevaluatedProperties");
    boolean says = properties != null && !properties.equals(JsonValues.TRUE);
    return says && appliesOthers(keywords) ? "unevaluatedProperties" : null;
  }

  private Schema part(String keyword, JsonValue value) {
    return new Schema(raw.pointer(), Map.of(keyword, value));
  }

  private List<String> types() {
    List<String> types = raw.strings("type");
    for (String type : types) {
      if (!TYPES.contains(type)) {
        throw raw.fault(
            "type",
            "expected one of %s, found %s"
                .formatted(
                    TYPES.stream().sorted().toList(), Schema.describe(new JsonString(type))));
      }
    }
    return types.stream()
        .distinct()
        .filter(type -> !type.equals("integer") || !types.contains("number"))
        .toList();
  }

  // ---- Objects

  private void objects() {
    Map<String, JsonValue> group = new LinkedHashMap<>();
    for (String keyword : OBJECT_KEYWORDS) {
      if (raw.has(keyword)) {
        if (!keyword.equals("additionalProperties")) {
          raw.object(keyword); // checks that it is one
        }
        group.put(keyword, raw.members().get(keyword));
      }
    }
    JsonValue unevaluated = raw.members().get("unevaluatedProperties");
    if (unevaluated != null && !raw.has("additionalProperties") && !appliesOthers(raw.members())) {
      group.put("additionalProperties", unevaluated);
    }
    if (!group.isEmpty()) {
      if (raw.has(PARTIAL)) {
        group.put(PARTIAL, JsonValues.TRUE);
      }
      members.put(OBJECTS, JsonValues.array(new JsonObject(group)));
    }
    List<JsonValue> required = new ArrayList<>();
    raw.strings("required").forEach(name -> required.add(new JsonString(name)));
    if (!required.isEmpty()) {
      members.put("required", JsonValues.array(required.stream().distinct().toList()));
    }
    count("minProperties", 0);
    count("maxProperties", Expr.UNBOUNDED);
    JsonValue names = raw.members().get("propertyNames");
    if (names != null) {
      members.put(NAMES, JsonValues.array(names));
    }
  }

  private void count(String keyword, int trivial) {
    int count = raw.count(keyword, trivial);
    if (count != trivial) {
      members.put(keyword, JsonValues.number(count));
    }
  }

  // ---- Arrays

  private void arrays() {
    JsonValue items = raw.members().get("items");
    JsonValue prefix = raw.members().get("prefixItems");
    if (items instanceof JsonArray) { // until draft 2019-09
      prefix = items;
      items = raw.members().get("additionalItems");
    }
    if (prefix != null) {
      String keyword = raw.has("prefixItems") ? "prefixItems" : "items";
      if (!raw.array(keyword).isEmpty()) {
        members.put("prefixItems", prefix);
      }
    }
    if (items != null) {
      members.put("items", items);
    }
    count("minItems", 0);
    count("maxItems", Expr.UNBOUNDED);
    if (JsonValues.TRUE.equals(raw.members().get("uniqueItems"))) {
      members.put("uniqueItems", JsonValues.TRUE);
    }
    JsonValue contains = raw.members().get("contains");
    if (contains != null && (raw.has("maxContains") || raw.count("minContains", 1) > 0)) {
      members.put(
          CONTAINS,
          JsonValues.array(
              JsonValues.object(
                  "contains",
                  contains,
                  "minContains",
                  JsonValues.number(raw.count("minContains", 1)),
                  "maxContains",
                  JsonValues.number(raw.count("maxContains", Expr.UNBOUNDED)))));
    }
  }

  // ---- Strings and numbers

  private void strings() {
    count("minLength", 0);
    count("maxLength", Expr.UNBOUNDED);
    String pattern = raw.string("pattern");
    if (pattern != null) {
      members.put(PATTERNS, JsonValues.array(new JsonString(pattern)));
    }
    if (raw.members().get("format") instanceof JsonString(String format)
        && Formats.isChecked(format)) {
      members.put(FORMATS, JsonValues.array(new JsonString(format)));
    }
  }

  private void numbers() {
    bound("minimum", "exclusiveMinimum");
    bound("maximum", "exclusiveMaximum");
    BigDecimal step = raw.number("multipleOf");
    if (step != null) {
      if (step.signum() <= 0) {
        throw raw.fault("multipleOf", "expected a number greater than 0, found " + step);
      }
      members.put(MULTIPLES, JsonValues.array(JsonValues.number(step)));
    }
  }

  private void bound(String keyword, String exclusive) {
    BigDecimal bound = raw.number(keyword);
    if (raw.members().get(exclusive) instanceof JsonBoolean(boolean isExclusive)) { // draft 4
      if (bound != null) {
        members.put(isExclusive ? exclusive : keyword, JsonValues.number(bound));
      }
      return;
    }
    if (bound != null) {
      members.put(keyword, JsonValues.number(bound));
    }
    BigDecimal other = raw.number(exclusive);
    if (other != null) {
      members.put(exclusive, JsonValues.number(other));
    }
  }

  // ---- Schemas of schemas

  private void combinations() {
    List<JsonValue> any = new ArrayList<>();
    if (raw.has("anyOf")) {
      any.add(JsonValues.array(raw.schemas("anyOf")));
    }
    List<JsonValue> one = new ArrayList<>();
    if (raw.has("oneOf")) {
      (raw.schemas("oneOf").size() == 1 ? any : one).add(JsonValues.array(raw.schemas("oneOf")));
    }
    JsonValue condition = raw.members().get("if");
    if (condition != null && (raw.has("then") || raw.has("else"))) {
      JsonValue then = raw.members().getOrDefault("then", JsonValues.TRUE);
      JsonValue otherwise = raw.members().getOrDefault("else", JsonValues.TRUE);
      any.add(
          JsonValues.array(
              JsonValues.allOf(List.of(condition, then)),
              JsonValues.allOf(List.of(JsonValues.not(condition), otherwise))));
    }
    for (String keyword : List.of("dependencies", "dependentRequired", "dependentSchemas")) {
      raw.object(keyword).forEach((name, value) -> any.add(dependency(name, value)));
    }
    if (!any.isEmpty()) {
      members.put(ANY, JsonValues.array(any));
    }
    if (!one.isEmpty()) {
      members.put(ONE, JsonValues.array(one));
    }
  }

  /** Returns the alternatives that a member is absent, or that something else holds as well. */
  private static JsonValue dependency(String name, JsonValue value) {
    JsonValue present = JsonValues.object("required", JsonValues.array(new JsonString(name)));
    JsonValue demand = value instanceof JsonArray ? JsonValues.object("required", value) : value;
    return JsonValues.array(absent(name), JsonValues.allOf(List.of(present, demand)));
  }

  /** Returns the schema of objects without a member. */
  static JsonValue absent(String name) {
    return JsonValues.object(
        "properties", JsonValues.object(name, JsonValues.FALSE), PARTIAL, JsonValues.TRUE);
  }

  /**
   * Returns what {@code not} says: a complement of strings or constants, or the schema as it is.
   */
  private Schema negated() {
    JsonValue schema = raw.members().get("not");
    if (schema instanceof JsonObject(Map<String, JsonValue> keywords) && keywords.size() == 1) {
      Map.Entry<String, JsonValue> only = keywords.entrySet().iterator().next();
      if (only.getKey().equals("pattern") && only.getValue() instanceof JsonString) {
        return new Schema(
            raw.pointer(),
            Map.of(
                "type",
                JsonValues.array(new JsonString("string")),
                NOT_PATTERNS,
                JsonValues.array(only.getValue())));
      }
      if (only.getKey().equals("multipleOf") && only.getValue() instanceof JsonNumber step) {
        return new Schema(
            raw.pointer(),
            Map.of(
                "type",
                JsonValues.array(new JsonString("number")),
                NOT_MULTIPLES,
                JsonValues.array(step)));
      }
      if (only.getKey().equals("const")) {
        return part(NOT_IN, JsonValues.array(List.of(only.getValue())));
      }
      if (only.getKey().equals("enum") && only.getValue() instanceof JsonArray values) {
        return part(NOT_IN, values);
      }
    }
    return part(NOT, JsonValues.array(List.of(schema == null ? JsonValues.TRUE : schema)));
  }
}
