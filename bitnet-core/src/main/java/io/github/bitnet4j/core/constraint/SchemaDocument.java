package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.Schema.Place;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A document of schemas: knows the place of each, follows references, and puts schemas together
 * that must hold at the same time. Not thread-safe.
 */
final class SchemaDocument {
  /** The longest chain of references and allOf from one schema. */
  private static final int MAX_CHAIN = 200;

  /** The place of schemas that are made on the way and are not in the document. */
  static final String MADE = "#/...";

  /** Keywords whose members are no keywords. */
  private static final Set<String> MAPS =
      Set.of("properties", "patternProperties", "$defs", "definitions", "dependentSchemas");

  private final JsonValue document;
  private final ReadingWork work;
  private final @Nullable Consumer<String> ignored;

  /** What was left out and reported. */
  private final Set<String> reported = new LinkedHashSet<>();

  /** The places of the objects of the document, by identity. */
  private final IdentityHashMap<JsonValue, String> pointers = new IdentityHashMap<>();

  /** The objects that an identifier or an anchor names. */
  private final Map<String, JsonObject> named = new HashMap<>();

  /** Names of more than one object, which depend on identifiers around a reference. */
  private final Set<String> ambiguous = new HashSet<>();

  /** Schemas without references and allOf, by the identity of the objects. */
  private final IdentityHashMap<JsonValue, Schema> flat = new IdentityHashMap<>();

  /**
   * Reads a document.
   *
   * @param ignored is told what is left out because it is not supported; null to refuse it
   * @throws OutputConstraintException if it is not valid JSON
   */
  SchemaDocument(String text, @Nullable Consumer<String> ignored, ReadingWork work) {
    if (text.length() > Cursor.MAX_LENGTH) {
      throw new OutputConstraintException(
          "schema: expected at most %d characters, found %d"
              .formatted(Cursor.MAX_LENGTH, text.length()));
    }
    this.work = work;
    this.ignored = ignored;
    try {
      document = JsonReader.read(text);
    } catch (JsonFormatException e) {
      throw new OutputConstraintException("schema: " + e.getMessage());
    }
    locate("#", document, true);
  }

  private void locate(String pointer, JsonValue value, boolean isSchema) {
    switch (value) {
      case JsonObject object -> {
        pointers.put(object, pointer);
        for (String keyword : List.of("$id", "id", "$anchor")) {
          if (isSchema && object.get(keyword) instanceof JsonString(String name)) {
            boolean isAnchor = keyword.equals("$anchor") || name.startsWith("#");
            String key = isAnchor ? "#" + name.replace("#", "") : withoutEnd(name);
            if (named.put(key, object) != null) {
              ambiguous.add(key);
            }
          }
        }
        object
            .members()
            .forEach(
                (key, inner) ->
                    locate(Schema.child(pointer, key), inner, !isSchema || !MAPS.contains(key)));
      }
      case JsonArray(List<JsonValue> elements) -> {
        for (int i = 0; i < elements.size(); i++) {
          locate(Schema.child(pointer, String.valueOf(i)), elements.get(i), isSchema);
        }
      }
      default -> {}
    }
  }

  private static String withoutEnd(String uri) {
    return uri.endsWith("#") ? uri.substring(0, uri.length() - 1) : uri;
  }

  JsonValue root() {
    return document;
  }

  ReadingWork work() {
    return work;
  }

  /** Returns whether a value is an object of the document itself. */
  boolean isOriginal(JsonValue value) {
    return pointers.containsKey(value);
  }

  private Place place(JsonValue value) {
    boolean isRoot = !(value instanceof JsonObject) && value.equals(document);
    return new Place(isRoot ? "#" : pointers.getOrDefault(value, MADE), value);
  }

  /**
   * Refuses a keyword that is not supported, or reports that it is left out.
   *
   * @throws OutputConstraintException if it is to be refused
   */
  void unsupported(Schema schema, String keyword, String message) {
    unsupported(schema.fault(keyword, message));
  }

  void unsupported(OutputConstraintException fault) {
    if (ignored == null) {
      throw fault;
    }
    String message = String.valueOf(fault.getMessage());
    if (reported.add(message)) {
      ignored.accept(message);
    }
  }

  /** Returns a schema in normal form, which may be a reference. */
  Schema schema(JsonValue value) {
    if (value instanceof JsonObject(Map<String, JsonValue> keywords)) {
      String keyword = SchemaNormalizer.unsupportedKeyword(keywords);
      if (keyword != null) {
        unsupported(
            new Schema(place(value).pointer(), keywords), keyword, "the keyword is not supported");
      }
    }
    return SchemaNormalizer.normalize(place(value));
  }

  /** Returns a schema without {@code $ref} and {@code allOf} that says the same. */
  Schema flatten(JsonValue value) {
    return flatten(value, 0);
  }

  private Schema flatten(JsonValue value, int chain) {
    if (chain > MAX_CHAIN) {
      throw new OutputConstraintException(
          "schema: %s: expected at most %d references in a chain, found more"
              .formatted(place(value).pointer(), MAX_CHAIN));
    }
    Schema known = flat.get(value);
    if (known == null) {
      Schema schema = schema(value);
      work.spend(1 + schema.size());
      known = schema.without("$ref", "allOf");
      List<JsonValue> parts = new ArrayList<>();
      if (schema.has("$ref")) {
        parts.add(target(schema));
      }
      parts.addAll(schema.list("allOf"));
      for (JsonValue part : parts) {
        known = SchemaMerge.both(known, flatten(part, chain + 1));
        work.spend(1 + known.size());
      }
      flat.put(value, known);
    }
    return known;
  }

  /** Returns the schema that a reference names. */
  JsonValue target(Schema schema) {
    String reference = schema.string("$ref");
    if (reference == null) {
      throw new AssertionError(schema);
    }
    int hash = reference.indexOf('#');
    String uri = hash < 0 ? reference : reference.substring(0, hash);
    String fragment = hash < 0 ? "" : reference.substring(hash + 1);
    JsonValue base = uri.isEmpty() ? document : named(uri);
    JsonValue target =
        base == null
            ? null
            : fragment.isEmpty() || fragment.startsWith("/")
                ? find(schema, base, fragment)
                : named("#" + fragment);
    if (target == null) {
      unsupported(
          schema,
          "$ref",
          base == null
              ? "expected a reference within the document such as #/$defs/name, found another"
              : "expected the place of a schema, found nothing at "
                  + Schema.describe(new JsonString(reference)));
      return JsonValues.TRUE;
    }
    return target;
  }

  private @Nullable JsonValue named(String name) {
    return ambiguous.contains(name) ? null : named.get(name);
  }

  private static @Nullable JsonValue find(Schema schema, JsonValue base, String fragment) {
    JsonValue value = base;
    String[] keys = fragment.split("/", -1);
    for (int i = 1; i < keys.length && value != null; i++) {
      String key = unescape(schema, keys[i]);
      value =
          switch (value) {
            case JsonObject object -> object.get(key);
            case JsonArray(List<JsonValue> elements)
                when key.matches("\\d{1,6}") && Integer.parseInt(key) < elements.size() ->
                elements.get(Integer.parseInt(key));
            default -> null;
          };
    }
    return value;
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
}
