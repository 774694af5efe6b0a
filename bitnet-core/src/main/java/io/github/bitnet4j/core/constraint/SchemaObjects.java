package io.github.bitnet4j.core.constraint;

import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NAMES;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.OBJECTS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.PARTIAL;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The members of objects of a schema in normal form: those that it names, and others by the
 * patterns of their names.
 */
final class SchemaObjects {
  /** The most sets of other names that patterns tell apart. */
  private static final int MAX_KINDS = 64;

  private final SchemaDocument document;
  private final SchemaTexts texts;
  private final SchemaMatch match;

  /**
   * Members that are not named.
   *
   * @param names their names; null for all that are not declared
   */
  record Others(@Nullable TextLanguage names, JsonValue value) {}

  SchemaObjects(SchemaDocument document, SchemaTexts texts, SchemaMatch match) {
    this.document = document;
    this.texts = texts;
    this.match = match;
  }

  private static List<Schema> groups(Schema schema) {
    return schema.list(OBJECTS).stream()
        .map(group -> new Schema(schema.pointer(), ((JsonObject) group).members()))
        .toList();
  }

  /** Returns the names that a schema speaks of, in order. */
  static Set<String> names(Schema schema) {
    Set<String> names = new LinkedHashSet<>();
    groups(schema).forEach(group -> names.addAll(group.object("properties").keySet()));
    names.addAll(schema.strings("required"));
    return names;
  }

  /**
   * Returns whether objects that are written have members that no name or pattern speaks of: if
   * additionalProperties is there, or nothing says anything about members.
   */
  static boolean isOpen(Schema schema) {
    boolean says = false;
    for (Schema group : groups(schema)) {
      if (group.has("additionalProperties")) {
        return true;
      }
      says |= !group.has(PARTIAL);
    }
    return !says;
  }

  /** Returns the schema of a named member. */
  JsonValue member(Schema schema, String name) {
    List<JsonValue> parts = new ArrayList<>();
    for (JsonValue group : schema.list(OBJECTS)) {
      parts.add(match.member(schema, group, name));
    }
    return allows(schema, name) ? JsonValues.allOf(parts) : JsonValues.FALSE;
  }

  private boolean allows(Schema schema, String name) {
    JsonValue value = JsonValues.string(name);
    return schema.list(NAMES).stream().allMatch(names -> match.accepts(names, value));
  }

  /** Returns what members may have names that a schema does not speak of. */
  List<Others> others(Schema schema) {
    Map<String, Boolean> patterns = new LinkedHashMap<>();
    for (Schema group : groups(schema)) {
      group.object("patternProperties").keySet().forEach(p -> patterns.put(p, true));
    }
    if (patterns.isEmpty() && !schema.has(NAMES)) {
      JsonValue value = isOpen(schema) ? otherValue(schema, Set.of()) : JsonValues.FALSE;
      return value.equals(JsonValues.FALSE) ? List.of() : List.of(new Others(null, value));
    }
    TextLanguages languages = texts.languages();
    List<TextLanguage> parts = new ArrayList<>();
    parts.add(
        languages.complement(
            languages.union(names(schema).stream().map(languages::literal).toList())));
    for (JsonValue names : schema.list(NAMES)) {
      TextLanguage language = nameLanguage(schema, names);
      if (language != null) {
        parts.add(language);
      }
    }
    List<Others> found = new ArrayList<>();
    split(
        schema,
        languages.intersection(parts),
        List.copyOf(patterns.keySet()),
        0,
        new LinkedHashSet<>(),
        found);
    return found;
  }

  /** Goes through the patterns; names are found by each or not, if there are such names. */
  private void split(
      Schema schema,
      TextLanguage names,
      List<String> patterns,
      int index,
      Set<String> matched,
      List<Others> found) {
    Optional<TextAutomaton> automaton = texts.automaton(names);
    if (automaton.isPresent() && automaton.get().isEmpty()) {
      return;
    }
    if (index == patterns.size()) {
      JsonValue value =
          matched.isEmpty() && !isOpen(schema) ? JsonValues.FALSE : otherValue(schema, matched);
      if (!value.equals(JsonValues.FALSE)) {
        add(schema, new Others(names, value), found);
      }
      return;
    }
    String pattern = patterns.get(index);
    TextLanguage language = texts.containing(schema, "patternProperties", pattern);
    if (language == null) {
      split(schema, names, patterns, index + 1, matched, found);
      return;
    }
    TextLanguages languages = texts.languages();
    Set<String> with = new LinkedHashSet<>(matched);
    with.add(pattern);
    split(
        schema, languages.intersection(List.of(names, language)), patterns, index + 1, with, found);
    if (index + 1 < patterns.size() || !matched.isEmpty() || isOpen(schema)) {
      split(
          schema,
          languages.intersection(List.of(names, languages.complement(language))),
          patterns,
          index + 1,
          matched,
          found);
    }
  }

  private void add(Schema schema, Others others, List<Others> found) {
    for (int i = 0; i < found.size(); i++) {
      TextLanguage names = found.get(i).names();
      if (found.get(i).value().equals(others.value()) && names != null && others.names() != null) {
        TextLanguage both = texts.languages().union(List.of(names, others.names()));
        found.set(i, new Others(both, others.value()));
        return;
      }
    }
    if (found.size() == MAX_KINDS) {
      throw schema.fault(
          "patternProperties",
          "expected patterns that tell at most %d kinds of names apart, found more"
              .formatted(MAX_KINDS));
    }
    found.add(others);
  }

  /** Returns the schema of members whose names some patterns match. */
  private static JsonValue otherValue(Schema schema, Set<String> matched) {
    List<JsonValue> parts = new ArrayList<>();
    for (Schema group : groups(schema)) {
      List<JsonValue> found = new ArrayList<>();
      group
          .object("patternProperties")
          .forEach(
              (pattern, value) -> {
                if (matched.contains(pattern)) {
                  found.add(value);
                }
              });
      parts.addAll(
          found.isEmpty()
              ? List.of(group.members().getOrDefault("additionalProperties", JsonValues.TRUE))
              : found);
    }
    return JsonValues.allOf(parts);
  }

  /** Returns the strings that a schema of names accepts; null if it is left out. */
  private @Nullable TextLanguage nameLanguage(Schema schema, JsonValue names) {
    if (names.equals(JsonValues.FALSE)) {
      return texts.languages().none;
    }
    Schema flat = document.flatten(names);
    if (flat.has("enum")) {
      List<TextLanguage> allowed = new ArrayList<>();
      for (JsonValue value : flat.list("enum")) {
        if (value instanceof JsonValue.JsonString(String name) && match.accepts(flat, value)) {
          allowed.add(texts.languages().literal(name));
        }
      }
      return texts.languages().union(allowed);
    }
    if (flat.has("type") && !flat.strings("type").contains("string")) {
      return texts.languages().none;
    }
    if (flat.has(SchemaNormalizer.ANY)
        || flat.has(SchemaNormalizer.ONE)
        || flat.has(SchemaNormalizer.NOT)) {
      document.unsupported(
          schema, NAMES, "expected keywords for strings, found alternatives or not");
      return null;
    }
    return texts.language(flat);
  }
}
