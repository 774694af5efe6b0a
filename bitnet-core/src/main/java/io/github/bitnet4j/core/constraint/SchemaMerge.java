package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Puts schemas in normal form together that must hold at the same time. */
final class SchemaMerge {
  /** The longest name of the place of schemas put together. */
  private static final int MAX_POINTER = 200;

  private SchemaMerge() {}

  /** Returns the schema that accepts what two accept. */
  static Schema both(Schema a, Schema b) {
    if (b.members().isEmpty() || a.members().equals(b.members())) {
      return a;
    }
    if (a.members().isEmpty()) {
      return b;
    }
    Map<String, JsonValue> merged = new LinkedHashMap<>(a.members());
    b.members()
        .forEach(
            (keyword, value) ->
                merged.merge(keyword, value, (x, y) -> x.equals(y) ? x : both(a, b, keyword)));
    if (a.has("prefixItems") || b.has("prefixItems")) {
      mergeArrays(a, b, merged);
    }
    return new Schema(pointer(a.pointer(), b.pointer()), merged);
  }

  private static String pointer(String a, String b) {
    if (b.equals(SchemaDocument.MADE) || a.equals(SchemaDocument.MADE)) {
      return b.equals(SchemaDocument.MADE) ? a : b;
    }
    if (b.startsWith(a) || a.length() + b.length() > MAX_POINTER) {
      return b.startsWith(a) ? b : a;
    }
    return a.startsWith(b) ? a : a + " and " + b;
  }

  /** Returns the value of a keyword that two schemas have differently. */
  private static JsonValue both(Schema a, Schema b, String keyword) {
    return switch (keyword) {
      case "type" -> types(a, b);
      case "enum" -> {
        Set<JsonValue> others = new HashSet<>();
        b.list(keyword).forEach(value -> others.add(JsonValues.canonical(value)));
        yield JsonValues.array(
            a.list(keyword).stream()
                .filter(value -> others.contains(JsonValues.canonical(value)))
                .toList());
      }
      case "items" -> JsonValues.allOf(List.of(value(a, keyword), value(b, keyword)));
      case "prefixItems" -> value(a, keyword); // see mergeArrays
      case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties" ->
          extreme(a, b, keyword, 1);
      case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties" ->
          extreme(a, b, keyword, -1);
      default -> {
        Set<JsonValue> all = new LinkedHashSet<>(a.list(keyword));
        all.addAll(b.list(keyword));
        yield JsonValues.array(List.copyOf(all));
      }
    };
  }

  private static JsonValue value(Schema schema, String keyword) {
    return schema.members().getOrDefault(keyword, JsonValues.TRUE);
  }

  private static JsonValue types(Schema a, Schema b) {
    List<String> others = b.strings("type");
    List<JsonValue> types = new ArrayList<>();
    for (String type : a.strings("type")) {
      if (others.contains(type) || type.equals("integer") && others.contains("number")) {
        types.add(new JsonString(type));
      } else if (type.equals("number") && others.contains("integer")) {
        types.add(new JsonString("integer"));
      }
    }
    return JsonValues.array(types);
  }

  private static JsonValue extreme(Schema a, Schema b, String keyword, int sign) {
    BigDecimal x = a.number(keyword);
    BigDecimal y = b.number(keyword);
    if (x == null || y == null) {
      throw new AssertionError(keyword);
    }
    return JsonValues.number(Integer.signum(x.compareTo(y)) == sign ? x : y);
  }

  /** Puts the first elements together one by one; items speak of those behind. */
  private static void mergeArrays(Schema a, Schema b, Map<String, JsonValue> merged) {
    List<JsonValue> first = a.list("prefixItems");
    List<JsonValue> second = b.list("prefixItems");
    List<JsonValue> prefix = new ArrayList<>();
    for (int i = 0; i < Math.max(first.size(), second.size()); i++) {
      prefix.add(
          JsonValues.allOf(
              List.of(
                  i < first.size() ? first.get(i) : value(a, "items"),
                  i < second.size() ? second.get(i) : value(b, "items"))));
    }
    merged.put("prefixItems", JsonValues.array(prefix));
  }
}
