package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Schemas as frameworks, tools and people write them; one file a kind. */
class SchemaKindsTest {
  static Stream<Path> kinds() throws IOException, URISyntaxException {
    URL folder = SchemaKindsTest.class.getResource("/schemas");
    assertThat(folder).isNotNull();
    try (Stream<Path> files = Files.list(Path.of(folder.toURI()))) {
      return files.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void acceptsItsValuesOnly(Path file) throws IOException, JsonFormatException {
    String text = Files.readString(file);
    JsonObject kind = (JsonObject) JsonReader.read(text);
    String source = text.substring(text.indexOf('{', 1), text.lastIndexOf("\"valid\""));
    Texts texts = Texts.schema(source.substring(0, source.lastIndexOf('}') + 1));
    for (String valid : strings(kind, "valid")) {
      assertThat(texts.accepts(valid)).as("%s accepts %s", file.getFileName(), valid).isTrue();
    }
    for (String invalid : strings(kind, "invalid")) {
      assertThat(texts.accepts(invalid)).as("%s refuses %s", file.getFileName(), invalid).isFalse();
    }
  }

  private static List<String> strings(JsonObject kind, String key) {
    return ((JsonArray) kind.members().get(key))
        .elements().stream().map(value -> ((JsonString) value).value()).toList();
  }

  @Test
  void reportsWhatIsLeftOutIfAsked() {
    String schema =
        """
        {"type": "object", "properties": {
          "a": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
          "b": {"type": "string", "pattern": "\\\\bword"},
          "c": {"$ref": "https://example.org/other.json"}},
         "required": ["a", "b", "c"]}
        """;
    List<String> ignored = new ArrayList<>();
    Texts texts = new Texts(OutputConstraint.jsonSchema(schema, ignored::add));
    assertThat(texts.accepts("{\"a\":[\"x\",\"x\"],\"b\":\"y\",\"c\":1}")).isTrue();
    assertThat(ignored).hasSize(3);
    assertThat(ignored)
        .anyMatch(message -> message.startsWith("schema: #/properties/a/uniqueItems: "));
    assertThat(ignored).anyMatch(message -> message.startsWith("schema: #/properties/b/pattern: "));
    assertThat(ignored).anyMatch(message -> message.startsWith("schema: #/properties/c/$ref: "));
  }

  /** Each is read in time of its length, or refused by a bound on work. */
  @Test
  void hostileSchemasEnd() {
    StringBuilder twice = new StringBuilder("{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
    for (int i = 0; i < 40; i++) {
      String next = "{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}";
      twice.append("\"d%d\":{\"allOf\":[%s,%s]},".formatted(i, next, next));
    }
    Texts integers = Texts.schema(twice + "\"d40\":{\"type\":\"integer\"}}}");
    assertThat(integers.accepts("12")).isTrue();
    assertThat(integers.accepts("1.5")).isFalse();
    String constants = list(2000, "{\"const\":\"c%d\"}");
    assertThat(Texts.schema("{\"oneOf\":[" + constants + "]}").accepts("\"c1999\"")).isTrue();
    String overlapping = list(2000, "{\"enum\":[\"c%1$d\",\"c0\"]}");
    assertThat(Texts.schema("{\"oneOf\":[" + overlapping + "]}").accepts("\"c0\"")).isFalse();
    assertThat(Texts.schema("{\"enum\":[" + list(50_000, "\"e%d\"") + "]}").accepts("\"e49999\""))
        .isTrue();
    for (String schema :
        List.of(
            "{\"oneOf\":[" + list(300, "{\"properties\":{\"p%d\":{\"type\":\"string\"}}}") + "]}",
            "{\"pattern\":\"(?!x)(a{1,1000}){1,1000}b\"}",
            "{\"minProperties\":1000000000,\"properties\":{\"a\":{}}}",
            "{\"patternProperties\":{" + list(40, "\"a%d\":{\"const\":%1$d}") + "}}",
            "{\"type\":\"object\",\"dependentRequired\":{"
                + list(60, "\"a%1$d\":[\"b%1$d\"]")
                + "}}")) {
      try {
        Texts.schema(schema);
      } catch (OutputConstraintException e) {
        assertThat(e).hasMessageContaining("expected").hasMessageContaining("found");
      }
    }
  }

  private static String list(int count, String format) {
    return IntStream.range(0, count).mapToObj(format::formatted).collect(Collectors.joining(","));
  }
}
