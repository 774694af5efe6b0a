package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The types of the values that are written for a schema. */
final class SchemaTypes {
  private static final Map<String, List<String>> KEYWORDS = new LinkedHashMap<>();

  static {
    KEYWORDS.put(
        "object",
        List.of(
            SchemaNormalizer.OBJECTS,
            "required",
            "minProperties",
            "maxProperties",
            SchemaNormalizer.NAMES));
    KEYWORDS.put(
        "array",
        List.of(
            "items",
            "prefixItems",
            "minItems",
            "maxItems",
            "uniqueItems",
            SchemaNormalizer.CONTAINS));
    KEYWORDS.put(
        "string",
        List.of(
            "minLength", "maxLength", SchemaNormalizer.PATTERNS, SchemaNormalizer.NOT_PATTERNS));
    KEYWORDS.put(
        "number",
        List.of(
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            SchemaNormalizer.MULTIPLES,
            SchemaNormalizer.NOT_MULTIPLES));
    KEYWORDS.put("boolean", List.of());
    KEYWORDS.put("null", List.of());
  }

  private SchemaTypes() {}

  /** Returns the types that a schema in normal form names, or those of its keywords, or all. */
  static Set<String> of(Schema schema) {
    if (schema.has("type")) {
      return new LinkedHashSet<>(schema.strings("type"));
    }
    Set<String> types = ofKeywords(schema);
    return types.isEmpty() ? KEYWORDS.keySet() : types;
  }

  /** Returns the types that keywords of a schema speak of. */
  static Set<String> ofKeywords(Schema schema) {
    Set<String> types = new LinkedHashSet<>();
    KEYWORDS.forEach(
        (type, keywords) -> {
          if (keywords.stream().anyMatch(schema::has)) {
            types.add(type);
          }
        });
    for (JsonValue format : schema.list(SchemaNormalizer.FORMATS)) {
      boolean isText = Formats.text(((JsonString) format).value()) != null;
      types.add(isText ? "string" : "number");
    }
    return types;
  }
}
