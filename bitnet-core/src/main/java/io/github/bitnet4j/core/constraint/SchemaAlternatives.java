package io.github.bitnet4j.core.constraint;

import static io.github.bitnet4j.core.constraint.SchemaNormalizer.ANY;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.ONE;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Turns {@code anyOf}, {@code oneOf} and {@code not} into alternatives that are written. */
final class SchemaAlternatives {
  /** How deep schemas are looked into for a contradiction. */
  private static final int MAX_DEPTH = 4;

  private final SchemaDocument document;
  private final SchemaMatch match;
  private final SchemaObjects objects;
  private final SchemaExclusion exclusion;

  SchemaAlternatives(SchemaDocument document, SchemaMatch match, SchemaObjects objects) {
    this.document = document;
    this.match = match;
    this.objects = objects;
    exclusion = new SchemaExclusion(document, match, objects);
  }

  /** Returns a list of schemas without its first one, or the schema without the empty list. */
  private static Schema rest(Schema schema, String keyword) {
    List<JsonValue> groups = schema.list(keyword);
    return groups.size() == 1
        ? schema.without(keyword)
        : schema.with(keyword, JsonValues.array(groups.subList(1, groups.size())));
  }

  private static List<JsonValue> first(Schema schema, String keyword) {
    return ((JsonArray) schema.list(keyword).getFirst()).elements();
  }

  /**
   * Returns alternatives that have one keyword fewer of {@code anyOf}, {@code oneOf} and {@code
   * not}.
   *
   * @return empty if the schema has none of these keywords
   */
  Optional<List<Schema>> split(Schema schema) {
    if (schema.has(ANY)) {
      Schema common = rest(schema, ANY);
      return Optional.of(
          first(schema, ANY).stream()
              .map(branch -> SchemaMerge.both(common, document.flatten(branch)))
              .filter(branch -> !isEmpty(branch, true, 0))
              .toList());
    }
    if (schema.has(ONE)) {
      return Optional.of(one(schema));
    }
    return schema.has(NOT) ? Optional.of(not(schema)) : Optional.empty();
  }

  // ---- oneOf

  private List<Schema> one(Schema schema) {
    Schema common = rest(schema, ONE);
    List<JsonValue> values = new ArrayList<>(); // of alternatives that are not constants
    List<Schema> others = new ArrayList<>();
    List<Schema> constants = new ArrayList<>();
    for (JsonValue value : first(schema, ONE)) {
      Schema flat = document.flatten(value);
      (flat.has("enum") ? constants : others).add(flat);
      if (!flat.has("enum")) {
        values.add(value);
      }
    }
    List<JsonValue> allowed = new ArrayList<>();
    allowed.addAll(occurrences(constants).keySet());
    List<Schema> branches = new ArrayList<>();
    if (constants.isEmpty() && tagged(others)) {
      others.forEach(branch -> branches.add(SchemaMerge.both(common, branch)));
    } else {
      for (int i = 0; i < others.size(); i++) {
        Schema branch = without(SchemaMerge.both(common, others.get(i)), others.get(i), allowed);
        branches.add(apart(branch, i, values, others));
      }
    }
    if (!constants.isEmpty()) {
      branches.add(onlyOnce(common, constants, others));
    }
    return branches.stream().filter(branch -> !isEmpty(branch, true, 0)).toList();
  }

  /** Returns in how many of some schemas with constants each of them is. */
  private Map<JsonValue, Integer> occurrences(List<Schema> constants) {
    Map<JsonValue, Integer> counts = new LinkedHashMap<>();
    for (Schema branch : constants) {
      Set<JsonValue> own = new LinkedHashSet<>();
      for (JsonValue value : branch.list("enum")) {
        if (match.acceptsBesideEnum(branch, value)) {
          own.add(JsonValues.canonical(value));
        }
      }
      own.forEach(value -> counts.merge(value, 1, Integer::sum));
    }
    return counts;
  }

  /** Returns the constants that exactly one alternative has, as a schema. */
  private Schema onlyOnce(Schema common, List<Schema> constants, List<Schema> others) {
    Map<JsonValue, Integer> counts = occurrences(constants);
    List<JsonValue> once = new ArrayList<>();
    for (Schema branch : constants) {
      for (JsonValue value : branch.list("enum")) {
        Integer count = counts.get(JsonValues.canonical(value));
        if (count != null
            && count == 1
            && match.acceptsBesideEnum(branch, value)
            && others.stream().noneMatch(other -> match.accepts(other, value))) {
          once.add(value);
        }
      }
    }
    return SchemaMerge.both(
        common, new Schema(common.pointer(), Map.of("enum", JsonValues.array(once))));
  }

  /** Returns an alternative without those constants of others that it accepts. */
  private Schema without(Schema branch, Schema accepting, List<JsonValue> constants) {
    List<JsonValue> shared =
        constants.stream().filter(value -> match.accepts(accepting, value)).toList();
    return shared.isEmpty()
        ? branch
        : SchemaMerge.both(
            branch,
            new Schema(
                branch.pointer(), Map.of(SchemaNormalizer.NOT_IN, JsonValues.array(shared))));
  }

  /** Returns an alternative without the values that another one accepts as well. */
  private Schema apart(Schema branch, int index, List<JsonValue> values, List<Schema> flat) {
    List<JsonValue> refused = new ArrayList<>(branch.list(NOT));
    for (int i = 0; i < flat.size(); i++) {
      if (i != index && !exclusion.excludes(branch, flat.get(i))) {
        refused.add(values.get(i));
      }
    }
    return refused.isEmpty() ? branch : branch.with(NOT, JsonValues.array(refused));
  }

  /** Returns whether a member that all require has constants of which no two have the same. */
  private boolean tagged(List<Schema> flat) {
    Map<String, Set<JsonValue>> byName = new HashMap<>();
    for (String name : flat.getFirst().strings("required")) {
      byName.put(name, new HashSet<>());
    }
    for (Schema branch : flat) {
      if (!branch.has("type") || !branch.strings("type").equals(List.of("object"))) {
        return false;
      }
      byName.keySet().retainAll(branch.strings("required"));
      byName
          .entrySet()
          .removeIf(
              entry -> {
                JsonValue member = objects.member(branch, entry.getKey());
                Schema tag = document.flatten(member);
                return !tag.has("enum")
                    || tag.list("enum").stream()
                        .anyMatch(value -> !entry.getValue().add(JsonValues.canonical(value)));
              });
    }
    return !byName.isEmpty();
  }

  // ---- not

  private List<Schema> not(Schema schema) {
    Schema current = schema;
    while (current.has(NOT)) {
      Schema common = typed(rest(current, NOT));
      JsonValue refused = current.list(NOT).getFirst();
      document.work().spend(10 + current.size());
      List<Schema> alternatives = alternatives(common, refused);
      if (alternatives.isEmpty() && !isRefused(common, refused, true, 0)) {
        document.unsupported(
            schema,
            "not",
            "expected a difference that can be written, found none: what this or another"
                + " alternative of oneOf refuses may overlap; use anyOf, or constants that tell"
                + " alternatives apart");
        alternatives = List.of(common);
      }
      if (alternatives.size() != 1) {
        return alternatives;
      }
      current = alternatives.getFirst();
    }
    return List.of(current);
  }

  /** Returns a schema with the types that it is written for; without keywords for types all are. */
  private static Schema typed(Schema schema) {
    if (schema.has("type") || schema.has("enum")) {
      return schema;
    }
    Set<String> types = SchemaTypes.ofKeywords(schema);
    return types.isEmpty()
        ? schema
        : schema.with(
            "type", JsonValues.array(types.stream().map(type -> new JsonString(type)).toList()));
  }

  private SchemaNegation.Result negation(Schema common, JsonValue refused) {
    return SchemaNegation.negate(document.flatten(refused), SchemaObjects.names(common));
  }

  private List<Schema> alternatives(Schema common, JsonValue refused) {
    Schema flat = document.flatten(refused);
    if (exclusion.excludes(common, flat)) {
      return List.of(common);
    }
    List<Schema> alternatives = new ArrayList<>();
    for (JsonValue alternative : negation(common, refused).alternatives()) {
      Schema both = SchemaMerge.both(common, document.flatten(alternative));
      document.work().spend(10 + both.size());
      if (!isEmpty(both, false, 0)) {
        alternatives.add(both);
      }
    }
    return alternatives;
  }

  // ---- Contradictions

  /**
   * Returns whether a schema visibly accepts nothing.
   *
   * @param surely whether this must be so; otherwise nothing that can be written is enough
   */
  private boolean isEmpty(Schema schema, boolean surely, int depth) {
    document.work().spend(10);
    if (schema.has("enum")) {
      return schema.list("enum").stream()
          .noneMatch(value -> match.acceptsBesideEnum(schema, value));
    }
    if (schema.has("type") && schema.list("type").isEmpty()) {
      return true;
    }
    Set<String> types = SchemaTypes.of(schema);
    if (types.equals(Set.of("object"))) {
      for (String name : schema.strings("required")) {
        JsonValue member = objects.member(schema, name);
        if (member.equals(JsonValues.FALSE)
            || depth < MAX_DEPTH && isEmpty(document.flatten(member), surely, depth + 1)) {
          return true;
        }
      }
    }
    if (depth < MAX_DEPTH) {
      for (JsonValue refused : schema.list(NOT)) {
        Schema common = typed(rest(schema.with(NOT, JsonValues.array(refused)), NOT));
        if (common.has("type") && isRefused(common, refused, surely, depth)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Returns whether nothing that a schema accepts contradicts another, as far as is visible. */
  private boolean isRefused(Schema common, JsonValue refused, boolean surely, int depth) {
    SchemaNegation.Result negation = negation(common, refused);
    for (JsonValue alternative : negation.alternatives()) {
      if (!isEmpty(SchemaMerge.both(common, document.flatten(alternative)), surely, depth + 1)) {
        return false;
      }
    }
    return (!surely || negation.isComplete())
        && !exclusion.excludes(common, document.flatten(refused));
  }
}
