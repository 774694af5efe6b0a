package io.github.bitnet4j.tokenizer.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {
  @TempDir Path folder;

  @Test
  void readsEveryKindOfValue() throws JsonFormatException {
    var object =
        (JsonObject)
            JsonReader.read(
                """
                {"a": [1, -2.50, 1e3], "b": true, "c": null, "": "\\u0141\\n\\ud83d"}
                """);

    assertThat(object.members().keySet()).containsExactly("a", "b", "c", "");
    assertThat(object.get("a"))
        .isEqualTo(
            new JsonArray(
                List.of(
                    new JsonNumber(new BigDecimal("1")),
                    new JsonNumber(new BigDecimal("-2.50")),
                    new JsonNumber(new BigDecimal("1e3")))));
    assertThat(object.get("b")).isEqualTo(new JsonBoolean(true));
    assertThat(object.get("c")).isEqualTo(new JsonNull());
    assertThat(object.get("")).as("with its lone surrogate").isEqualTo(new JsonString("Ł\n\ud83d"));
    assertThat(object.get("d")).isNull();
  }

  @Test
  void readsAFileWithAByteOrderMark() throws IOException {
    Path file = Files.writeString(folder.resolve("a.json"), "\uFEFF[\"é\"]");

    assertThat(JsonReader.read(file)).isEqualTo(new JsonArray(List.of(new JsonString("é"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{\"a\"",
        "{\"a\":1,}",
        "[1 2]",
        "[1]]",
        "1 2",
        "{} x",
        "{\"a\":1,\"a\":2}",
        "[{\"a\":{\"b\":1,\"b\":1}}]",
        "\"abc",
        "\"\\x\"",
        "\"\\ud8\"",
        "\"\t\"",
        "nul",
        "NaN",
        "01",
        "+1",
        "1.",
        ".5",
        "'a'",
        "{a:1}",
        "// c\n1",
        "\uFEFF\uFEFF1"
      })
  void refusesWhatIsNoJson(String text) {
    assertThatThrownBy(() -> JsonReader.read(text)).isInstanceOf(JsonFormatException.class);
  }

  @Test
  void namesLineAndColumn() {
    assertThatThrownBy(() -> JsonReader.read("{\n  \"a\": 1,\n  \"a\": 2\n}"))
        .isInstanceOf(JsonFormatException.class)
        .hasMessage("line 3, column 3: expected each key once, found \"a\" again");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e999999999",
        "1e-999999999",
        "1e99999999999999",
        "0e500",
        "-1E401",
        "1e-2147483648"
      })
  void refusesNumbersThatWouldTakeForeverLater(String number) {
    assertThatThrownBy(() -> JsonReader.read("[" + number + "]"))
        .isInstanceOf(JsonFormatException.class)
        .hasMessageContaining("exponent");
  }

  @Test
  void refusesNumbersOfTooManyDigits() {
    assertThatThrownBy(() -> JsonReader.read("1".repeat(500)))
        .isInstanceOf(JsonFormatException.class);
  }

  @Test
  void refusesDeepNestingButNotModerate() throws JsonFormatException {
    assertThat(JsonReader.read("[".repeat(64) + "]".repeat(64))).isInstanceOf(JsonArray.class);
    for (String open : List.of("[", "{\"a\":")) {
      for (int depth : new int[] {65, 1_000_000}) {
        assertThatThrownBy(() -> JsonReader.read(open.repeat(depth)))
            .isInstanceOf(JsonFormatException.class);
      }
    }
  }

  @Test
  void refusesMoreValuesThanATreeMayHold() {
    assertThatThrownBy(() -> JsonReader.read("[" + "[],".repeat(1_000_000) + "[]]"))
        .isInstanceOf(JsonFormatException.class)
        .hasMessageContaining("1000000 values");
  }

  @Test
  void refusesWhatIsNotUtf8() {
    byte[][] malformed = {
      {'"', (byte) 0xFF, '"'},
      {'"', (byte) 0xC0, (byte) 0x80, '"'},
      {'"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"'},
      {'"', (byte) 0xE6, (byte) 0x97, '"'},
      {'"', 'a', '"', (byte) 0xC3},
      "\"a\"".getBytes(StandardCharsets.UTF_16)
    };
    for (byte[] bytes : malformed) {
      assertThatThrownBy(() -> JsonReader.read(bytes)).isInstanceOf(JsonFormatException.class);
    }
  }

  @Test
  void refusesFilesAboveTheLimit() throws IOException {
    Path file = folder.resolve("big.json");
    try (var big = new RandomAccessFile(file.toFile(), "rw")) {
      big.setLength(JsonReader.MAX_BYTES + 1L);
    }

    assertThatThrownBy(() -> JsonReader.read(file))
        .isInstanceOf(JsonFormatException.class)
        .hasMessage("expected at most 67108864 bytes, found 67108865");
  }
}
