package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Normalizers and pre-tokenizers of published families on the vocabulary of the demo model. The
 * expected ids in {@code text-rules.json} are those of Hugging Face tokenizers 0.21 (through DJL
 * 0.38.0) for random mixes of hostile pieces.
 */
class TextRulesTest {
  @TempDir Path folder;

  /** Returns the demo tokenizer with the normalizer and the pre-tokenizer of a family. */
  private Tokenizer tokenizer(String rules) throws IOException {
    JsonObject all = (JsonObject) JsonReader.read(TestData.resource("demo/text-rules.json"));
    JsonObject parts = (JsonObject) ((JsonObject) all.get("rules")).get(rules);
    String demo = Files.readString(TestData.resource("demo/tokenizer.json"));
    int from = demo.indexOf("\"normalizer\"");
    int to = demo.indexOf("\"post_processor\"");
    String added = json(parts.get("added_tokens"));
    String changed =
        demo.substring(0, from).replaceFirst("]", added.length() > 2 ? ", " + quote(added) : "]")
            + "\"normalizer\": "
            + json(parts.get("normalizer"))
            + ", \"pre_tokenizer\": "
            + json(parts.get("pre_tokenizer"))
            + ", "
            + demo.substring(to);
    Path file = folder.resolve(rules + ".json");
    Files.writeString(file, changed);
    return Tokenizer.load(file);
  }

  /** Returns the elements of an array and its end, for a replacement. */
  private static String quote(String array) {
    return Matcher.quoteReplacement(array.substring(1));
  }

  private static String json(JsonValue value) {
    return switch (value) {
      case JsonNull _ -> "null";
      case JsonBoolean(boolean on) -> String.valueOf(on);
      case JsonNumber(var number) -> number.toString();
      case JsonString(String text) -> string(text);
      case JsonArray(List<JsonValue> elements) ->
          elements.stream().map(TextRulesTest::json).collect(Collectors.joining(",", "[", "]"));
      case JsonObject(Map<String, JsonValue> members) ->
          members.entrySet().stream()
              .map(member -> string(member.getKey()) + ":" + json(member.getValue()))
              .collect(Collectors.joining(",", "{", "}"));
    };
  }

  private static String string(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "falcon", "falcon3", "neox"})
  void encodesAsTheReference(String rules) throws IOException {
    Tokenizer tokenizer = tokenizer(rules);
    JsonObject all = (JsonObject) JsonReader.read(TestData.resource("demo/text-rules.json"));
    int compared = 0;
    for (JsonValue element : ((JsonArray) all.get("cases")).elements()) {
      JsonObject golden = (JsonObject) element;
      if (!new JsonString(rules).equals(golden.get("rules"))) {
        continue;
      }
      String text = ((JsonString) golden.get("text")).value();
      int[] expected =
          ((JsonArray) golden.get("ids"))
              .elements().stream()
                  .mapToInt(id -> ((JsonNumber) id).value().intValueExact())
                  .toArray();
      EncodeOptions options = new EncodeOptions(false, true);
      assertThat(tokenizer.encode(text, options)).as(text).isEqualTo(expected);
      TokenSpans spans = tokenizer.encodeWithSpans(text, options);
      assertThat(spans.ids()).as(text).isEqualTo(expected);
      assertThat(spans.starts()).as(text).isSorted();
      for (int i = 0; i < expected.length; i++) {
        assertThat(spans.ends()[i]).as(text).isBetween(spans.starts()[i], text.length());
      }
      compared++;
    }
    assertThat(compared).isEqualTo(48);
  }

  @Test
  void locatesComposedCharactersInTheOriginalText() throws IOException {
    Tokenizer tokenizer = tokenizer("qwen2");
    // The byte tokens of one composed character have its letter and its accent.
    TokenSpans spans = tokenizer.encodeWithSpans("e\u0301x", EncodeOptions.LITERAL);
    assertThat(spans.ids()).containsExactly(127, 102, 87);
    assertThat(spans.starts()).containsExactly(0, 0, 2);
    assertThat(spans.ends()).containsExactly(2, 2, 3);
    assertThat(tokenizer.decode(spans.ids())).isEqualTo("\u00e9x");
  }

  @Test
  void normalizesAMegabyteOfMarksInTime() throws IOException {
    Tokenizer tokenizer = tokenizer("qwen2");
    for (String unit :
        List.of("\u0301\u0323", "e\u0301", "\u0344\u0328", "\u1161", "\u0c46\u0c56")) {
      String text = "a" + unit.repeat((1 << 20) / unit.length());
      int[] ids =
          Assertions.assertTimeoutPreemptively(
              Duration.ofSeconds(120), () -> tokenizer.encode(text));
      assertThat(ids.length).isGreaterThan(100_000);
    }
  }

  @Test
  void ordersLongRunsOfMarksAsTheJdkOrdersShortOnes() {
    long seed = 7;
    Random random = new Random(seed);
    String marks = "\u0301\u0323\u0345\u0334\u0328\u0344\u3099\u0591\u0338\u0f72\u0f71\u093c\u094d";
    for (int round = 0; round < 200; round++) {
      StringBuilder text = new StringBuilder("x");
      int length = 60 + random.nextInt(60);
      for (int i = 0; i < length; i++) {
        text.append(marks.charAt(random.nextInt(marks.length())));
      }
      assertThat(Nfc.normalize(text.toString()))
          .as("seed " + seed + ", round " + round)
          .isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC));
    }
  }

  @Test
  void keepsSpecialTokensOutOfContentsThatNormalizationChanges() throws IOException {
    Tokenizer tokenizer = tokenizer("neox");
    int special = 2050; // "\u212bng" is normalized, and so found as "\u00c5ng"
    ChatTemplate template =
        ChatTemplate.parse("{{ messages[0].content }}|\u212bng|e\u0301{{ messages[0].content }}");
    for (String content : List.of("A\u030ang", "\u00c5ng", "\u212bng", "A", "\u0301", "ng")) {
      int[] ids =
          template.encode(tokenizer, List.of(Map.of("role", "user", "content", content)), true);
      assertThat(ids).as(content).containsOnlyOnce(special);
    }
    assertThat(template.dryRun(tokenizer)).isEmpty();
    assertThat(
            ChatTemplate.parse("{% if messages|length > 1 %}{{ nosuch() }}{% endif %}")
                .dryRun(tokenizer))
        .hasValueSatisfying(
            e -> assertThat(e).hasMessageContaining("'nosuch', which is undefined"));
  }
}
