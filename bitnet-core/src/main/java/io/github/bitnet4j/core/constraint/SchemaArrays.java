package io.github.bitnet4j.core.constraint;

import static io.github.bitnet4j.core.constraint.SchemaNormalizer.CONTAINS;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What must be known of arrays before they are written: contained and different elements. */
final class SchemaArrays {
  /** The most different elements that are written in any order; all subsets become rules. */
  static final int MAX_ANY_ORDER = 8;

  /** The most different elements. */
  private static final int MAX_DIFFERENT = 2000;

  /** How deep alternatives of elements are followed. */
  private static final int MAX_DEPTH = 8;

  private final SchemaDocument document;
  private final SchemaMatch match;

  SchemaArrays(SchemaDocument document, SchemaMatch match) {
    this.document = document;
    this.match = match;
  }

  /**
   * Returns a schema that says {@code contains} by its first elements: those come first that are
   * asked for.
   */
  Schema withoutContains(Schema schema) {
    Schema result = schema.without(CONTAINS);
    for (JsonValue group : schema.list(CONTAINS)) {
      Schema contains = new Schema(schema.pointer(), ((JsonObject) group).members());
      JsonValue wanted = contains.members().getOrDefault("contains", JsonValues.TRUE);
      int min = contains.count("minContains", 1);
      int max = contains.count("maxContains", Expr.UNBOUNDED);
      if (result.has("prefixItems") || schema.list(CONTAINS).size() > 1 || min > MAX_DIFFERENT) {
        document.unsupported(
            schema, CONTAINS, "not supported together with prefixItems or another contains");
        continue;
      }
      JsonValue items = result.members().getOrDefault("items", JsonValues.TRUE);
      JsonValue first = max < min ? JsonValues.FALSE : JsonValues.allOf(List.of(items, wanted));
      if (min > 0) {
        result = result.with("prefixItems", JsonValues.array(Collections.nCopies(min, first)));
        result =
            result.with("minItems", JsonValues.number(Math.max(min, schema.count("minItems", 0))));
      }
      boolean isBounded = max != Expr.UNBOUNDED; // then no more than the fewest are written
      result =
          result.with(
              "items",
              isBounded ? JsonValues.allOf(List.of(items, JsonValues.not(wanted))) : items);
    }
    return result;
  }

  /**
   * Returns the values of the elements if uniqueItems asks for different ones; null if it does not,
   * or if it is left out because it is not supported.
   */
  @Nullable List<JsonValue> different(Schema schema) {
    if (!schema.has("uniqueItems") || schema.count("maxItems", Expr.UNBOUNDED) <= 1) {
      return null;
    }
    Set<JsonValue> values =
        schema.has("prefixItems") || !schema.has("items")
            ? null
            : finite(schema.members().getOrDefault("items", JsonValues.TRUE), 0);
    if (values == null) {
      document.unsupported(
          schema,
          "uniqueItems",
          "expected elements of at most %d constants, as of enum or const, found others"
              .formatted(MAX_DIFFERENT));
      return null;
    }
    return List.copyOf(values);
  }

  /** Returns all values of a schema, each once; null if they are not few. */
  private @Nullable Set<JsonValue> finite(JsonValue schema, int depth) {
    if (schema instanceof JsonBoolean(boolean allowed)) {
      return allowed ? null : Set.of();
    }
    Schema flat = document.flatten(schema);
    Set<JsonValue> values = new LinkedHashSet<>();
    if (flat.has("enum")) {
      flat.list("enum").stream()
          .filter(value -> match.acceptsBesideEnum(flat, value))
          .forEach(value -> values.add(JsonValues.canonical(value)));
      return values.size() > MAX_DIFFERENT ? null : values;
    }
    for (String keyword : List.of(SchemaNormalizer.ANY, SchemaNormalizer.ONE)) {
      if (flat.has(keyword) && depth < MAX_DEPTH) {
        for (JsonValue branch : ((JsonArray) flat.list(keyword).getFirst()).elements()) {
          Set<JsonValue> some = finite(branch, depth + 1);
          if (some == null) {
            return null;
          }
          some.stream().filter(value -> match.accepts(flat, value)).forEach(values::add);
        }
        return values.size() > MAX_DIFFERENT ? null : values;
      }
    }
    if (!flat.has("type")) {
      return null;
    }
    for (String type : flat.strings("type")) {
      switch (type) {
        case "boolean" -> values.addAll(List.of(JsonValues.TRUE, JsonValues.FALSE));
        case "null" -> values.add(new JsonNull());
        default -> {
          return null;
        }
      }
    }
    values.removeIf(value -> !match.accepts(flat, value));
    return values;
  }
}
