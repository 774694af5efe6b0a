package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.JsonParts.Property;
import io.github.bitnet4j.core.constraint.Schema.Place;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes a grammar of a JSON Schema (draft 2020-12, "Core" and "Validation"); {@link
 * io.github.bitnet4j.OutputConstraint#jsonSchema} says what it covers. Every schema becomes a rule.
 */
final class JsonSchemaReader {
  private static final Map<String, List<String>> KEYWORDS_OF_TYPES = new LinkedHashMap<>();

  static {
    KEYWORDS_OF_TYPES.put("object", List.of("properties", "required", "additionalProperties"));
    KEYWORDS_OF_TYPES.put("array", List.of("items", "prefixItems", "minItems", "maxItems"));
    KEYWORDS_OF_TYPES.put("string", List.of("minLength", "maxLength", "pattern", "format"));
    KEYWORDS_OF_TYPES.put(
        "number", List.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"));
    KEYWORDS_OF_TYPES.put("integer", List.of());
    KEYWORDS_OF_TYPES.put("boolean", List.of());
    KEYWORDS_OF_TYPES.put("null", List.of());
  }

  private static final String DATE =
      "(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
          + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))"
          + "|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])"
          + "|(?:[02468][048]|[13579][26])00)-02-29)";
  private static final String TIME =
      "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";

  /** RFC 3339 and RFC 4122; without leap seconds. */
  private static final Map<String, String> FORMATS =
      Map.of(
          "date",
          DATE,
          "time",
          TIME,
          "date-time",
          DATE + "T" + TIME,
          "uuid",
          "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  /** The longest name of a place; those of schemas put together in a recursion grow. */
  private static final int MAX_POINTER = 10_000;

  private final SchemaDocument document;
  private final WorkBudget budget;
  private final Grammar.Builder rules;
  private final CharacterCache characters;
  private final Map<String, Expr.Rule> byPointer = new HashMap<>();

  /** Schemas whose rules have no content yet. */
  private final Deque<Pending> pending = new ArrayDeque<>();

  private final JsonParts json;

  private record Pending(Expr.Rule rule, Schema schema) {}

  private JsonSchemaReader(String schema, WorkBudget budget) {
    this.budget = budget;
    rules = new Grammar.Builder(budget);
    characters = new CharacterCache(JsonText::character, budget);
    document = new SchemaDocument(schema, budget);
    Expr.Rule root = rule(document.schema(document.root())); // comes first
    json = new JsonParts(rules, characters);
    while (!pending.isEmpty()) {
      Pending next = pending.remove();
      rules.define(next.rule, content(next.schema));
    }
    if (root.index() != 0) {
      throw new AssertionError(root);
    }
  }

  /**
   * Reads a schema.
   *
   * @throws OutputConstraintException if it is no schema, asks for what is not supported, or takes
   *     more work than the budget has
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  static Grammar read(String schema, WorkBudget budget) {
    return new JsonSchemaReader(schema, budget).rules.build();
  }

  private Expr.Rule rule(Place place) {
    return rule(document.schema(place));
  }

  private Expr.Rule rule(Schema schema) {
    Expr.Rule known = byPointer.get(schema.pointer());
    if (known == null) {
      if (schema.pointer().length() > MAX_POINTER) {
        throw new OutputConstraintException(
            "schema: expected allOf to end, found it going on at %s..."
                .formatted(schema.pointer().substring(0, 100)));
      }
      known = rules.declare("schema " + schema.pointer());
      byPointer.put(schema.pointer(), known);
      pending.add(new Pending(known, schema));
    }
    return known;
  }

  private Expr content(Schema schema) {
    if (schema.has("$ref") && schema.members().size() == 1) {
      return rule(document.target(schema));
    }
    Schema flat = document.flatten(schema);
    if (flat.has("anyOf") || flat.has("oneOf")) {
      return alternatives(flat);
    }
    if (flat.has("enum") || flat.has("const")) {
      return constants(flat);
    }
    if (flat.members().isEmpty()) {
      return json.any();
    }
    List<Expr> options = new ArrayList<>();
    for (String type : types(flat)) {
      options.add(
          switch (type) {
            case "object" -> object(flat);
            case "array" -> array(flat);
            case "string" -> string(flat);
            case "number" -> number(flat, false);
            case "integer" -> number(flat, true);
            case "boolean" -> Expr.choice(Expr.literal("true"), Expr.literal("false"));
            case "null" -> Expr.literal("null");
            default -> throw new AssertionError(type);
          });
    }
    return new Expr.Choice(options);
  }

  private Expr alternatives(Schema schema) {
    String keyword = schema.has("oneOf") ? "oneOf" : "anyOf";
    if (schema.has("oneOf") && schema.has("anyOf")) {
      throw schema.fault("oneOf", "not supported together with anyOf");
    }
    Schema common = schema.without(keyword);
    List<Schema> branches = new ArrayList<>();
    for (Place place : schema.schemas(keyword)) {
      branches.add(
          common.members().isEmpty()
              ? document.schema(place)
              : SchemaDocument.both(common, document.flatten(document.schema(place))));
    }
    if (keyword.equals("oneOf")) {
      new SchemaExclusion(document, budget).check(schema, branches);
    }
    return new Expr.Choice(branches.stream().map(branch -> (Expr) rule(branch)).toList());
  }

  /** Returns the types that a schema allows; number covers integer. */
  static Set<String> types(Schema schema) {
    Set<String> types = new LinkedHashSet<>();
    if (schema.has("type")) {
      for (String type : schema.strings("type")) {
        if (!KEYWORDS_OF_TYPES.containsKey(type)) {
          throw schema.fault(
              "type", "expected one of %s, found %s".formatted(KEYWORDS_OF_TYPES.keySet(), type));
        }
        types.add(type);
      }
    } else {
      KEYWORDS_OF_TYPES.forEach(
          (type, keywords) -> {
            if (keywords.stream().anyMatch(schema::has)) {
              types.add(type);
            }
          });
      if (types.isEmpty()) {
        types.addAll(KEYWORDS_OF_TYPES.keySet());
      }
    }
    if (types.contains("number")) {
      types.remove("integer");
    }
    return types;
  }

  // ---- Constants

  private Expr constants(Schema schema) {
    for (String keyword : schema.members().keySet()) {
      if (!Set.of("type", "enum", "const").contains(keyword)) {
        throw schema.fault(keyword, "not supported together with enum or const");
      }
    }
    return new Expr.Choice(
        constantValues(schema).stream().map(value -> constant(schema, value)).toList());
  }

  /** Returns the values that the schema's {@code enum}, {@code const} and {@code type} allow. */
  static List<JsonValue> constantValues(Schema schema) {
    List<JsonValue> values = new ArrayList<>();
    if (schema.has("enum")) {
      values.addAll(schema.array("enum"));
    } else {
      values.add(schema.place("const").value());
    }
    Set<String> types = types(schema);
    values.removeIf(
        value ->
            types.stream().noneMatch(type -> isOfType(value, type))
                || schema.has("const")
                    && !SchemaDocument.same(value, schema.place("const").value()));
    return values;
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

  private Expr constant(Schema schema, JsonValue value) {
    budget.spend(8);
    return switch (value) {
      case JsonObject(Map<String, JsonValue> members) -> {
        List<Property> properties = new ArrayList<>();
        members.forEach(
            (name, member) ->
                properties.add(
                    new Property(checked(schema, name), constant(schema, member), true)));
        yield json.object(properties, null);
      }
      case JsonArray(List<JsonValue> elements) ->
          json.array(
              elements.stream().map(element -> constant(schema, element)).toList(),
              null,
              elements.size(),
              elements.size());
      case JsonString(String text) -> JsonText.string(checked(schema, text));
      case JsonNumber(BigDecimal number) -> Expr.literal(number.toString());
      case JsonBoolean(boolean bool) -> Expr.literal(String.valueOf(bool));
      case JsonNull _ -> Expr.literal("null");
    };
  }

  private static String checked(Schema schema, String text) {
    if (text.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE)) {
      throw new OutputConstraintException(
          "schema: %s: expected strings of whole characters, found a lone surrogate"
              .formatted(schema.pointer()));
    }
    return text;
  }

  // ---- Types

  private Expr object(Schema schema) {
    Map<String, Place> values = new LinkedHashMap<>();
    String pointer = Schema.child(schema.pointer(), "properties");
    schema
        .object("properties")
        .forEach(
            (name, value) ->
                values.put(checked(schema, name), new Place(Schema.child(pointer, name), value)));
    Set<String> required = new LinkedHashSet<>(schema.strings("required"));
    boolean open = !schema.has("properties") || schema.has("additionalProperties");
    @Nullable Expr additional = null;
    if (schema.has("additionalProperties")) {
      Place place = schema.place("additionalProperties");
      additional = place.value().equals(new JsonBoolean(false)) ? null : rule(place);
    } else if (open) {
      additional = json.any();
    }
    List<Property> properties = new ArrayList<>();
    values.forEach(
        (name, place) -> properties.add(new Property(name, rule(place), required.contains(name))));
    for (String name : required) {
      if (!values.containsKey(name)) { // declared by nothing but its being required
        Expr value = schema.has("additionalProperties") ? additional : json.any();
        properties.add(
            new Property(checked(schema, name), value == null ? Expr.NEVER : value, true));
      }
    }
    return json.object(properties, additional);
  }

  private Expr array(Schema schema) {
    if (schema.members().get("items") instanceof JsonArray) {
      throw schema.fault("items", "expected a schema, found an array; use prefixItems");
    }
    @Nullable Expr items = null;
    if (schema.has("items")) {
      Place place = schema.place("items");
      items = place.value().equals(new JsonBoolean(false)) ? null : rule(place);
    } else if (!schema.has("prefixItems")) {
      items = json.any();
    }
    List<Expr> prefix = new ArrayList<>();
    for (Place place : schema.schemas("prefixItems")) {
      prefix.add(rule(place));
    }
    return json.array(
        prefix, items, schema.count("minItems", 0), schema.count("maxItems", Expr.UNBOUNDED));
  }

  private Expr string(Schema schema) {
    String pattern = schema.string("pattern");
    String format = schema.string("format");
    boolean lengths = schema.has("minLength") || schema.has("maxLength");
    if ((pattern == null ? 0 : 1) + (format == null ? 0 : 1) + (lengths ? 1 : 0) > 1) {
      throw schema.fault(
          pattern == null ? "format" : "pattern",
          "not supported together with another keyword for strings");
    }
    if (pattern != null) {
      String what = "schema: " + Schema.child(schema.pointer(), "pattern");
      Expr content = RegexParser.parseAnywhere(what, pattern, characters);
      return Expr.sequence(JsonText.QUOTE, content, JsonText.QUOTE);
    }
    if (format != null) {
      String regex = FORMATS.get(format);
      if (regex == null) {
        throw schema.fault(
            "format",
            "expected date, time, date-time or uuid, found %s, which is not supported"
                .formatted(format));
      }
      Expr content = RegexParser.parse("format", regex, characters);
      return Expr.sequence(JsonText.QUOTE, content, JsonText.QUOTE);
    }
    int min = schema.count("minLength", 0);
    int max = schema.count("maxLength", Expr.UNBOUNDED);
    return min > max ? Expr.NEVER : json.string(min, max);
  }

  private static Expr number(Schema schema, boolean integer) {
    BigDecimal low = schema.number("minimum");
    BigDecimal above = schema.number("exclusiveMinimum");
    BigDecimal high = schema.number("maximum");
    BigDecimal below = schema.number("exclusiveMaximum");
    boolean lowIncluded = above == null || low != null && low.compareTo(above) > 0;
    boolean highIncluded = below == null || high != null && high.compareTo(below) < 0;
    var range =
        new NumberRange(
            lowIncluded ? low : above, lowIncluded, highIncluded ? high : below, highIncluded);
    if (range.low() == null && range.high() == null) {
      return integer ? JsonParts.integer() : JsonParts.number();
    }
    return integer ? range.integers() : range.numbers();
  }
}
