package io.github.bitnet4j.core.constraint;

import static io.github.bitnet4j.core.constraint.SchemaNormalizer.ANY;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.OBJECTS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.ONE;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Decides whether a value that is written for one schema is visibly not valid for another. */
final class SchemaExclusion {
  /** How deep in properties a difference is looked for. */
  private static final int MAX_DEPTH = 3;

  private final SchemaDocument document;
  private final SchemaMatch match;
  private final SchemaObjects objects;

  SchemaExclusion(SchemaDocument document, SchemaMatch match, SchemaObjects objects) {
    this.document = document;
    this.match = match;
    this.objects = objects;
  }

  /** Returns whether {@code accepting} accepts nothing that is written for {@code written}. */
  boolean excludes(Schema written, Schema accepting) {
    return excludes(written, accepting, 0);
  }

  private boolean excludes(Schema written, Schema accepting, int depth) {
    document.work().spend(10);
    if (written.has("enum")) {
      return written.list("enum").stream()
          .noneMatch(
              value -> match.accepts(accepting, value) && match.acceptsBesideEnum(written, value));
    }
    if (accepting.has("enum")) {
      return accepting.list("enum").stream()
          .noneMatch(
              value -> match.acceptsBesideEnum(accepting, value) && match.accepts(written, value));
    }
    Set<String> common = new HashSet<>(SchemaTypes.of(written));
    if (accepting.has("type")) {
      List<String> others = accepting.strings("type");
      common.removeIf(type -> others.stream().noneMatch(other -> overlap(type, other)));
    }
    if (common.isEmpty()) {
      return true;
    }
    if (depth == MAX_DEPTH) {
      return false;
    }
    return excludesAlternatives(written, accepting, depth)
        || common.equals(Set.of("object")) && differInMembers(written, accepting, depth);
  }

  private static boolean overlap(String type, String other) {
    return type.equals(other)
        || type.equals("number") && other.equals("integer")
        || type.equals("integer") && other.equals("number");
  }

  private boolean excludesAlternatives(Schema written, Schema accepting, int depth) {
    for (String keyword : List.of(ANY, ONE)) {
      for (JsonValue group : accepting.list(keyword)) {
        if (((JsonArray) group)
            .elements().stream()
                .allMatch(branch -> excludes(written, document.flatten(branch), depth + 1))) {
          return true;
        }
      }
      for (JsonValue group : written.list(keyword)) {
        if (((JsonArray) group)
            .elements().stream().allMatch(branch -> isWrittenApart(branch, accepting, depth))) {
          return true;
        }
      }
    }
    return false;
  }

  /** As {@link #excludes}, for what is written for one of several alternatives. */
  private boolean isWrittenApart(JsonValue branch, Schema accepting, int depth) {
    Schema flat = document.flatten(branch);
    // Without a type it takes one of the schema around it.
    return (flat.has("type") || flat.has("enum")) && excludes(flat, accepting, depth + 1);
  }

  private boolean differInMembers(Schema written, Schema accepting, int depth) {
    List<String> required = written.strings("required");
    for (String name : accepting.strings("required")) {
      if (isNeverWritten(written, name)) {
        return true;
      }
    }
    for (String name : required) {
      JsonValue own = objects.member(written, name);
      JsonValue other = objects.member(accepting, name);
      if (own.equals(JsonValues.FALSE)
          || other.equals(JsonValues.FALSE)
          || !own.equals(JsonValues.TRUE)
              && !other.equals(JsonValues.TRUE)
              && excludes(document.flatten(own), document.flatten(other), depth + 1)) {
        return true;
      }
    }
    return false;
  }

  private boolean isNeverWritten(Schema written, String name) {
    if (objects.member(written, name).equals(JsonValues.FALSE)) {
      return true;
    }
    boolean hasPatterns =
        written.list(OBJECTS).stream()
            .anyMatch(group -> ((JsonObject) group).get("patternProperties") != null);
    return !hasPatterns
        && !SchemaObjects.isOpen(written)
        && !written.has(ANY)
        && !written.has(ONE)
        && !written.has(SchemaNormalizer.NOT)
        && !SchemaObjects.names(written).contains(name);
  }
}
