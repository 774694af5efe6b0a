package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.constraint.Schema.Place;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides whether schemas visibly exclude each other, so that a value written for one of {@code
 * oneOf} is valid for no other.
 */
final class SchemaExclusion {
  /** How deep in properties a difference is looked for. */
  private static final int MAX_DEPTH = 3;

  /** Units of work to compare two alternatives. */
  private static final int UNITS_PER_PAIR = 50;

  private final SchemaDocument document;
  private final WorkBudget budget;

  SchemaExclusion(SchemaDocument document, WorkBudget budget) {
    this.document = document;
    this.budget = budget;
  }

  /** Refuses alternatives of {@code oneOf} unless each excludes all others. */
  void check(Schema schema, List<Schema> alternatives) {
    List<Schema> flat = new ArrayList<>();
    alternatives.forEach(alternative -> flat.add(document.flatten(alternative)));
    for (int i = 0; i < flat.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (!exclude(flat.get(i), flat.get(j), 0)) {
          throw schema.fault(
              "oneOf",
              "alternatives %d and %d may accept the same value, which is not supported; use anyOf"
                  .formatted(j, i));
        }
      }
    }
  }

  private boolean exclude(Schema a, Schema b, int depth) {
    budget.spend(UNITS_PER_PAIR);
    if (a.has("anyOf") || a.has("oneOf") || b.has("anyOf") || b.has("oneOf")) {
      return false;
    }
    boolean constantA = a.has("enum") || a.has("const");
    boolean constantB = b.has("enum") || b.has("const");
    if (constantA && constantB) {
      List<JsonValue> others = JsonSchemaReader.constantValues(b);
      budget.spend((long) others.size() * JsonSchemaReader.constantValues(a).size());
      return JsonSchemaReader.constantValues(a).stream()
          .noneMatch(value -> others.stream().anyMatch(o -> SchemaDocument.same(value, o)));
    }
    if (constantA && b.has("type") || constantB && a.has("type")) {
      Set<String> types = JsonSchemaReader.types(constantA ? b : a);
      return JsonSchemaReader.constantValues(constantA ? a : b).stream()
          .noneMatch(
              value -> types.stream().anyMatch(type -> JsonSchemaReader.isOfType(value, type)));
    }
    // What a schema accepts, not what is written for it: without type it accepts all types.
    if (a.has("type") && b.has("type") && differentTypes(a, b)) {
      return true;
    }
    return depth < MAX_DEPTH && !constantA && !constantB && differentObjects(a, b, depth);
  }

  private static boolean differentTypes(Schema a, Schema b) {
    Set<String> types = JsonSchemaReader.types(a);
    Set<String> others = JsonSchemaReader.types(b);
    return types.stream().noneMatch(others::contains)
        && !(types.contains("number") && others.contains("integer"))
        && !(types.contains("integer") && others.contains("number"));
  }

  /** Returns whether objects differ in a property, or neither has what the other requires. */
  private boolean differentObjects(Schema a, Schema b, int depth) {
    if (!onlyObjects(a) || !onlyObjects(b)) {
      return false;
    }
    Map<String, JsonValue> properties = a.object("properties");
    Map<String, JsonValue> others = b.object("properties");
    for (String name : a.strings("required")) {
      if (b.strings("required").contains(name)
          && properties.containsKey(name)
          && others.containsKey(name)
          && exclude(property(a, name), property(b, name), depth + 1)) {
        return true;
      }
    }
    return lacksRequired(a, b) && lacksRequired(b, a);
  }

  private static boolean onlyObjects(Schema schema) {
    return schema.has("type") && JsonSchemaReader.types(schema).equals(Set.of("object"));
  }

  private Schema property(Schema schema, String name) {
    String pointer = Schema.child(Schema.child(schema.pointer(), "properties"), name);
    JsonValue value = schema.object("properties").get(name);
    if (value == null) {
      throw new AssertionError(name);
    }
    return document.flatten(document.schema(new Place(pointer, value)));
  }

  /** Returns whether objects written for a schema never have a property that another requires. */
  private static boolean lacksRequired(Schema written, Schema other) {
    boolean closed =
        written.has("properties")
            && (!written.has("additionalProperties")
                || written.place("additionalProperties").value().equals(new JsonBoolean(false)));
    return closed
        && other.strings("required").stream()
            .anyMatch(
                name ->
                    !written.object("properties").containsKey(name)
                        && !written.strings("required").contains(name));
  }
}
