package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.JsonParts.Property;
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
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a grammar of a JSON Schema; {@link io.github.bitnet4j.OutputConstraint#jsonSchema(String)}
 * says what it covers. Every schema becomes a rule.
 */
final class JsonSchemaReader {
  private final SchemaDocument document;
  private final SchemaTexts texts;
  private final SchemaMatch match;
  private final SchemaObjects objects;
  private final SchemaArrays arrays;
  private final SchemaAlternatives alternatives;
  private final Grammar.Builder rules;
  private final JsonParts json;

  /** Rules of the schemas of the document, by their identity. */
  private final IdentityHashMap<JsonValue, Expr.Rule> byValue = new IdentityHashMap<>();

  /** Rules of schemas put together, by their keywords. */
  private final Map<Map<String, JsonValue>, Expr.Rule> byKeywords = new HashMap<>();

  /** Schemas whose rules have no content yet. */
  private final Deque<Pending> pending = new ArrayDeque<>();

  /**
   * A rule without content.
   *
   * @param schema in normal form; null if it is to be made of the value
   */
  private record Pending(Expr.Rule rule, JsonValue value, @Nullable Schema schema) {}

  private JsonSchemaReader(String schema, @Nullable Consumer<String> ignored, WorkBudget budget) {
    rules = new Grammar.Builder(budget);
    CharacterCache characters = new CharacterCache(JsonText::character, budget);
    document = new SchemaDocument(schema, ignored, new ReadingWork(budget));
    texts = new SchemaTexts(document, characters);
    match = new SchemaMatch(document, texts);
    objects = new SchemaObjects(document, texts, match);
    arrays = new SchemaArrays(document, match);
    alternatives = new SchemaAlternatives(document, match, objects);
    Expr.Rule root = rules.declare("schema #"); // comes first
    byValue.put(document.root(), root);
    pending.add(new Pending(root, document.root(), null));
    json = new JsonParts(rules, characters);
    while (!pending.isEmpty()) {
      Pending next = pending.remove();
      rules.define(next.rule, next.schema == null ? content(next.value) : content(next.schema));
    }
  }

  /**
   * Reads a schema.
   *
   * @param ignored is told what is left out because it is not supported; null to refuse it
   * @throws OutputConstraintException if it is not a schema, asks for what is not supported, or
   *     takes more work than the budget has
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  static Grammar read(String schema, @Nullable Consumer<String> ignored, WorkBudget budget) {
    return new JsonSchemaReader(schema, ignored, budget).rules.build();
  }

  /** Returns a reference to the values of a schema. */
  private Expr value(JsonValue schema) {
    if (schema instanceof JsonBoolean(boolean allowed)) {
      return allowed ? json.any() : Expr.NEVER;
    }
    if (!document.isOriginal(schema)) {
      return rule(document.flatten(schema));
    }
    Expr.Rule known = byValue.get(schema);
    if (known == null) {
      known = rules.declare("schema " + document.schema(schema).pointer());
      byValue.put(schema, known);
      pending.add(new Pending(known, schema, null));
    }
    return known;
  }

  private Expr.Rule rule(Schema schema) {
    document.work().spend(1 + schema.size());
    Expr.Rule known = byKeywords.get(schema.members());
    if (known == null) {
      known = rules.declare("schema " + schema.pointer());
      byKeywords.put(schema.members(), known);
      pending.add(new Pending(known, JsonValues.TRUE, schema));
    }
    return known;
  }

  private Expr content(JsonValue value) {
    Schema schema = document.schema(value);
    if (schema.has("$ref") && schema.members().size() == 1) {
      return value(document.target(schema));
    }
    return content(document.flatten(value));
  }

  private Expr content(Schema schema) {
    if (schema.has("enum")) {
      return constants(schema);
    }
    Optional<List<Schema>> branches = alternatives.split(schema);
    if (branches.isPresent()) {
      return new Expr.Choice(branches.get().stream().map(b -> (Expr) rule(b)).toList());
    }
    if (schema.members().isEmpty()) {
      return json.any();
    }
    List<Expr> options = new ArrayList<>();
    for (String type : SchemaTypes.of(schema)) {
      options.add(
          switch (type) {
            case "object" -> object(schema);
            case "array" -> array(schema);
            case "string" -> texts.strings(schema, json);
            case "number" -> SchemaNumbers.write(schema, false, document, texts, json);
            case "integer" -> SchemaNumbers.write(schema, true, document, texts, json);
            case "boolean" ->
                new Expr.Choice(
                    List.of(JsonValues.TRUE, JsonValues.FALSE).stream()
                        .filter(value -> match.accepts(schema, value))
                        .map(value -> constant(schema, value))
                        .toList());
            case "null" ->
                match.accepts(schema, new JsonNull()) ? Expr.literal("null") : Expr.NEVER;
            default -> throw new AssertionError(type);
          });
    }
    return new Expr.Choice(options);
  }

  // ---- Constants

  private Expr constants(Schema schema) {
    return new Expr.Choice(
        schema.list("enum").stream()
            .filter(value -> match.acceptsBesideEnum(schema, value))
            .map(value -> constant(schema, value))
            .toList());
  }

  private Expr constant(Schema schema, JsonValue value) {
    return switch (value) {
      case JsonObject(Map<String, JsonValue> members) -> {
        List<Property> properties = new ArrayList<>();
        members.forEach(
            (name, member) ->
                properties.add(
                    new Property(checked(schema, name), constant(schema, member), true)));
        yield json.object(properties, null, 0, Expr.UNBOUNDED);
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

  // ---- Objects and arrays

  private Expr object(Schema schema) {
    if (schema.list(SchemaNormalizer.NOT_IN).stream().anyMatch(JsonObject.class::isInstance)) {
      document.unsupported(schema, "not", "expected constants that are not objects, found one");
    }
    Set<String> names = SchemaObjects.names(schema);
    List<String> required = schema.strings("required");
    List<Property> properties = new ArrayList<>();
    Set<String> requiredNames = Set.copyOf(required);
    for (String name : names) {
      JsonValue member = objects.member(schema, name);
      boolean isRequired = requiredNames.contains(name);
      if (isRequired || !member.equals(JsonValues.FALSE)) {
        properties.add(new Property(checked(schema, name), value(member), isRequired));
      }
    }
    List<Expr> others = new ArrayList<>();
    for (SchemaObjects.Others some : objects.others(schema)) {
      TextLanguage language = some.names();
      Expr name = language == null ? json.otherName(names) : texts.names(schema, language, json);
      if (name != null) {
        others.add(json.member(name, value(some.value())));
      }
    }
    int min = schema.count("minProperties", 0);
    if (!others.isEmpty() && min > properties.size() + 1) {
      document.unsupported(
          schema,
          "minProperties",
          "expected at most %d, one more than properties are declared, found %d: other names may repeat"
              .formatted(properties.size() + 1, min));
      min = properties.size() + 1;
    }
    return json.object(
        properties,
        others.isEmpty() ? null : new Expr.Choice(others),
        min,
        schema.count("maxProperties", Expr.UNBOUNDED));
  }

  private Expr array(Schema original) {
    if (original.list(SchemaNormalizer.NOT_IN).stream().anyMatch(JsonArray.class::isInstance)) {
      document.unsupported(original, "not", "expected constants that are not arrays, found one");
    }
    Schema schema = arrays.withoutContains(original);
    int min = schema.count("minItems", 0);
    int max = schema.count("maxItems", Expr.UNBOUNDED);
    List<JsonValue> different = arrays.different(schema);
    if (different != null) {
      List<Expr> values = different.stream().map(value -> constant(schema, value)).toList();
      return values.size() > SchemaArrays.MAX_ANY_ORDER
          ? json.someOf(values, min, max)
          : json.someOfInAnyOrder(values, min, max);
    }
    @Nullable Expr items = null;
    if (schema.has("items")) {
      JsonValue some = schema.members().getOrDefault("items", JsonValues.TRUE);
      items = some.equals(JsonValues.FALSE) ? null : value(some);
    } else if (!schema.has("prefixItems")) {
      items = json.any();
    }
    List<Expr> prefix = schema.list("prefixItems").stream().map(this::value).toList();
    return json.array(prefix, items, min, max);
  }
}
