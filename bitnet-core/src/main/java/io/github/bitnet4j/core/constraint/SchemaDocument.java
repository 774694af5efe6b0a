package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.Schema.Place;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A document of schemas: refuses keywords that are not supported, follows references, and puts
 * schemas together that must hold at the same time.
 */
final class SchemaDocument {
  /** Keywords that say nothing about what is valid. */
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "title",
          "description",
          "default",
          "examples",
          "deprecated",
          "readOnly",
          "writeOnly",
          "$comment",
          "$schema",
          "$defs",
          "definitions",
          "contentEncoding",
          "contentMediaType",
          "contentSchema");

  private static final Set<String> SUPPORTED =
      Set.of(
          "type",
          "enum",
          "const",
          "properties",
          "required",
          "additionalProperties",
          "items",
          "prefixItems",
          "minItems",
          "maxItems",
          "minLength",
          "maxLength",
          "pattern",
          "format",
          "minimum",
          "maximum",
          "exclusiveMinimum",
          "exclusiveMaximum",
          "anyOf",
          "oneOf",
          "allOf",
          "$ref");

  /** The longest chain of references and allOf from one schema. */
  private static final int MAX_CHAIN = 50;

  private final JsonValue document;
  private final WorkBudget budget;

  /**
   * Reads a document.
   *
   * @throws OutputConstraintException if it is no JSON
   */
  SchemaDocument(String text, WorkBudget budget) {
    this.budget = budget;
    if (text.length() > Cursor.MAX_LENGTH) {
      throw new OutputConstraintException(
          "schema: expected at most %d characters, found %d"
              .formatted(Cursor.MAX_LENGTH, text.length()));
    }
    try {
      document = JsonReader.read(text);
    } catch (JsonFormatException e) {
      throw new OutputConstraintException("schema: " + e.getMessage());
    }
  }

  Place root() {
    return new Place("#", document);
  }

  /** Returns a schema without annotations; true and false become schemas that say the same. */
  Schema schema(Place place) {
    Map<String, JsonValue> members = new LinkedHashMap<>();
    switch (place.value()) {
      case JsonBoolean(boolean allowed) -> {
        if (!allowed) {
          members.put("enum", new JsonArray(List.of()));
        }
      }
      case JsonObject(Map<String, JsonValue> keywords) ->
          keywords.forEach((key, value) -> addKeyword(place, key, value, members));
      default ->
          throw new OutputConstraintException(
              "schema: %s: expected an object or a boolean, found %s"
                  .formatted(place.pointer(), Schema.describe(place.value())));
    }
    return new Schema(place.pointer(), members);
  }

  private static void addKeyword(
      Place place, String key, JsonValue value, Map<String, JsonValue> members) {
    boolean means = SUPPORTED.contains(key);
    boolean meansNothing =
        ANNOTATIONS.contains(key)
            || key.equals("$id") && place.pointer().equals("#")
            || key.equals("uniqueItems") && value.equals(new JsonBoolean(false));
    if (!means && !meansNothing) {
      throw new OutputConstraintException(
          "schema: %s: the keyword %s is not supported"
              .formatted(Schema.child(place.pointer(), key), key));
    }
    if (means) {
      members.put(key, value);
    }
  }

  /** Returns the place that a schema's reference names. */
  Place target(Schema schema) {
    String reference = schema.string("$ref");
    if (reference == null || !reference.equals("#") && !reference.startsWith("#/")) {
      throw schema.fault(
          "$ref", "expected a reference within the document such as #/$defs/name, found another");
    }
    JsonValue value = document;
    String pointer = "#";
    String[] keys = reference.split("/", -1);
    for (int i = 1; i < keys.length; i++) {
      String key = unescape(schema, keys[i]);
      JsonValue inner =
          switch (value) {
            case JsonObject object -> object.get(key);
            case JsonArray(List<JsonValue> elements)
                when key.matches("\\d{1,6}") && Integer.parseInt(key) < elements.size() ->
                elements.get(Integer.parseInt(key));
            default -> null;
          };
      if (inner == null) {
        throw schema.fault("$ref", "expected the place of a schema, found nothing at " + reference);
      }
      value = inner;
      pointer = Schema.child(pointer, key);
    }
    return new Place(pointer, value);
  }

  private static String unescape(Schema schema, String key) {
    try {
      return URLDecoder.decode(key.replace("+", "%2B"), StandardCharsets.UTF_8)
          .replace("~1", "/")
          .replace("~0", "~");
    } catch (IllegalArgumentException e) {
      throw schema.fault("$ref", "expected a URI fragment, found " + e.getMessage());
    }
  }

  /** Returns one schema without {@code $ref} and {@code allOf} that says the same. */
  Schema flatten(Schema schema) {
    return flatten(schema, 0);
  }

  private Schema flatten(Schema schema, int chain) {
    if (chain > MAX_CHAIN) {
      throw new OutputConstraintException(
          "schema: %s: expected at most %d references in a chain, found more"
              .formatted(schema.pointer(), MAX_CHAIN));
    }
    if (!schema.has("$ref") && !schema.has("allOf")) {
      return schema;
    }
    List<Place> parts = new ArrayList<>();
    if (schema.has("$ref")) {
      parts.add(target(schema));
    }
    parts.addAll(schema.schemas("allOf"));
    Schema all = schema.without("$ref", "allOf");
    for (Place part : parts) {
      all = both(all, flatten(schema(part), chain + 1));
      budget.spend(50 + 2L * all.pointer().length());
    }
    return all;
  }

  /** Returns the schema that accepts what two accept, which have no {@code $ref} and allOf. */
  static Schema both(Schema a, Schema b) {
    if (a.has("additionalProperties") != b.has("additionalProperties")
        || a.has("additionalProperties") && !sameNames(a, b)) {
      // It would not speak of the other schema's properties.
      refuseAdditional(a, b);
      refuseAdditional(b, a);
    }
    if (a.has("items") != b.has("items") && (a.has("prefixItems") || b.has("prefixItems"))) {
      throw b.fault("items", "not supported together with prefixItems of another schema");
    }
    Map<String, JsonValue> merged = new LinkedHashMap<>(a.members());
    b.members()
        .forEach(
            (keyword, value) ->
                merged.merge(keyword, value, (x, y) -> x.equals(y) ? x : both(a, b, keyword)));
    return new Schema("(" + a.pointer() + " and " + b.pointer() + ")", merged);
  }

  private static boolean sameNames(Schema a, Schema b) {
    return a.object("properties").keySet().equals(b.object("properties").keySet());
  }

  private static void refuseAdditional(Schema a, Schema b) {
    if (a.has("additionalProperties") && (b.has("properties") || b.has("required"))) {
      throw a.fault(
          "additionalProperties", "not supported together with properties of another schema");
    }
  }

  /** Returns the value of a keyword that two schemas have differently. */
  private static JsonValue both(Schema a, Schema b, String keyword) {
    return switch (keyword) {
      case "type" -> {
        List<JsonValue> types = new ArrayList<>();
        for (String type : a.strings(keyword)) {
          if (accepts(b, type)) {
            types.add(new JsonString(type));
          } else if (type.equals("number") && b.strings(keyword).contains("integer")) {
            types.add(new JsonString("integer"));
          }
        }
        yield new JsonArray(types);
      }
      case "properties" -> {
        Map<String, JsonValue> properties = new LinkedHashMap<>(a.object(keyword));
        b.object(keyword)
            .forEach((name, value) -> properties.merge(name, value, SchemaDocument::allOf));
        yield new JsonObject(properties);
      }
      case "items", "additionalProperties" ->
          allOf(a.place(keyword).value(), b.place(keyword).value());
      case "required" -> {
        Set<JsonValue> names = new LinkedHashSet<>(a.array(keyword));
        names.addAll(b.array(keyword));
        yield new JsonArray(List.copyOf(names));
      }
      case "enum" -> {
        List<JsonValue> values = new ArrayList<>(a.array(keyword));
        values.removeIf(value -> b.array(keyword).stream().noneMatch(o -> same(value, o)));
        yield new JsonArray(values);
      }
      case "minimum", "exclusiveMinimum", "minLength", "minItems" -> extreme(a, b, keyword, 1);
      case "maximum", "exclusiveMaximum", "maxLength", "maxItems" -> extreme(a, b, keyword, -1);
      default -> throw b.fault(keyword, "not supported together with the one at " + a.pointer());
    };
  }

  private static boolean accepts(Schema schema, String type) {
    List<String> types = schema.strings("type");
    return types.contains(type) || type.equals("integer") && types.contains("number");
  }

  private static JsonValue allOf(JsonValue a, JsonValue b) {
    return new JsonObject(Map.of("allOf", new JsonArray(List.of(a, b))));
  }

  private static JsonValue extreme(Schema a, Schema b, String keyword, int sign) {
    BigDecimal x = a.number(keyword);
    BigDecimal y = b.number(keyword);
    if (x == null || y == null) {
      throw new AssertionError(keyword);
    }
    return new JsonNumber(Integer.signum(x.compareTo(y)) == sign ? x : y);
  }

  /** Returns whether two values are the same for JSON Schema: 1 and 1.0 are. */
  static boolean same(JsonValue a, JsonValue b) {
    return switch (a) {
      case JsonNumber(BigDecimal x) -> b instanceof JsonNumber(BigDecimal y) && x.compareTo(y) == 0;
      case JsonArray(List<JsonValue> x) -> {
        if (!(b instanceof JsonArray(List<JsonValue> y)) || x.size() != y.size()) {
          yield false;
        }
        for (int i = 0; i < x.size(); i++) {
          if (!same(x.get(i), y.get(i))) {
            yield false;
          }
        }
        yield true;
      }
      case JsonObject(Map<String, JsonValue> x) ->
          b instanceof JsonObject y && x.size() == y.members().size() && hasAll(x, y);
      default -> a.equals(b);
    };
  }

  private static boolean hasAll(Map<String, JsonValue> members, JsonObject object) {
    for (Map.Entry<String, JsonValue> member : members.entrySet()) {
      JsonValue value = object.get(member.getKey());
      if (value == null || !same(member.getValue(), value)) {
        return false;
      }
    }
    return true;
  }
}
