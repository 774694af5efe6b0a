package io.github.bitnet4j.core.constraint;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Writes schemas of all supported keywords. */
final class RandomSchemas {
  private static final String[] NAMES = {"name", "age", "tags", "next", "\\u00e9\\\"", "a"};

  private final Random random;

  RandomSchemas(Random random) {
    this.random = random;
  }

  /** Returns a document, with definitions that the schemas refer to. */
  String document() {
    return """
    {"$defs": {
       "leaf": {"type": ["integer", "null"], "minimum": -3},
       "tree": {"type": "object", "properties": {"value": {"$ref": "#/$defs/leaf"},
         "next": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}}, "required": ["value"]}},
     "allOf": [%s]}\
    """
        .formatted(schema(3));
  }

  private String schema(int depth) {
    return switch (random.nextInt(depth > 0 ? 16 : 10)) {
      case 0 -> "{\"type\": \"%s\"}".formatted(oneOf("boolean", "null", "number", "string"));
      case 1 -> integer();
      case 2 -> number();
      case 3 -> "{\"type\": \"string\", \"minLength\": %d}".formatted(random.nextInt(3));
      case 4 -> "{\"type\": \"string\", \"maxLength\": %d}".formatted(random.nextInt(30));
      case 5 ->
          "{\"type\": \"string\", \"pattern\": \"%s\"}"
              .formatted(oneOf("^[a-c]+$", "a{2}|^\\\\d", "^(a|\u00E9\\n)*\\\"$", "[^x\\\\s]$"));
      case 6 -> "{\"enum\": [1, \"a\\nb\", null, [1.50, {\"k\": []}], true]}";
      case 7 -> "{\"const\": {\"a\": [\"\u4F60\uD83D\uDE00\", -1e3]}}";
      case 8 -> "{\"$ref\": \"#/$defs/%s\"}".formatted(oneOf("leaf", "tree"));
      case 9 -> oneOf("{}", "true", "{\"type\": [\"string\", \"integer\"], \"maximum\": 9}");
      case 10, 11 -> object(depth);
      case 12 ->
          "{\"type\": \"array\", \"items\": %s, \"minItems\": %d, \"maxItems\": %d}"
              .formatted(schema(depth - 1), random.nextInt(2), 1 + random.nextInt(3));
      case 13 ->
          "{\"prefixItems\": [%s, %s], \"items\": %s, \"minItems\": %d}"
              .formatted(
                  schema(depth - 1),
                  schema(depth - 1),
                  oneOf("false", "true", schema(depth - 1)),
                  random.nextInt(2));
      case 14 -> "{\"anyOf\": [%s, %s]}".formatted(schema(depth - 1), schema(depth - 1));
      default ->
          """
          {"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}, "x": %s},
             "required": ["kind"]}, {"type": "object", "properties": {"kind": {"enum": ["b", 1]}},
             "required": ["kind", "name"]}, {"type": "array", "maxItems": 2}, {"const": "no"}]}\
          """
              .formatted(schema(depth - 1));
    };
  }

  private String integer() {
    int low = random.nextInt(300) - 200;
    return "{\"type\": \"integer\", \"%s\": %d, \"%s\": %d}"
        .formatted(
            oneOf("minimum", "exclusiveMinimum"),
            low,
            oneOf("maximum", "exclusiveMaximum"),
            low + 2 + random.nextInt(500));
  }

  private String number() {
    double low = random.nextInt(100) / 8.0 - 6;
    return "{\"type\": \"number\", \"%s\": %s, \"%s\": %s}"
        .formatted(
            oneOf("minimum", "exclusiveMinimum"),
            low,
            oneOf("maximum", "exclusiveMaximum"),
            low + random.nextInt(1, 40) / 16.0);
  }

  private String object(int depth) {
    List<String> properties = new ArrayList<>();
    List<String> required = new ArrayList<>();
    for (String name : NAMES) {
      if (random.nextInt(3) == 0) {
        properties.add("\"%s\": %s".formatted(name, schema(depth - 1)));
      }
      if (random.nextInt(5) == 0) {
        required.add("\"" + name + "\"");
      }
    }
    String additional =
        oneOf(
            "",
            ", \"additionalProperties\": {\"type\": \"integer\"}",
            ", \"additionalProperties\": true");
    return "{\"type\": \"object\", \"properties\": {%s}, \"required\": [%s]%s}"
        .formatted(String.join(", ", properties), String.join(", ", required), additional);
  }

  private String oneOf(String... options) {
    return options[random.nextInt(options.length)];
  }
}
