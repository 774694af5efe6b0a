package io.github.bitnet4j.tokenizer.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonStreamTest {
  private static final int DAMAGED_DOCUMENTS = 15_000;

  private static final JsonFactory JACKSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(JsonStream.MAX_DEPTH).build())
          .build();

  /** Pieces that change what a document means, or whether it means anything. */
  private static final List<String> PIECES =
      List.of(
          "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\r", "\t", "\u0000", "\u000b", "-",
          "0", "1", ".", "e", "E+", "true", "false", "null", "\\u00e9", "\\ud83d", "\\ude00", "\\/",
          "é", "日", "😀", "\uFEFF", "\"a\":", "[[", "]]", "//", "'");

  private static JsonStream stream(String json) {
    return new JsonStream(json.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          {"vocab": {"a": 0, "\\u00e9\\n\\"": [1, -2.5e+3, 0, 0.0, 1E5]}, "merges": ["a b", ["c", "d"]]}
          [true, false, null, "", [], {}, [[]], {"": {"": ""}}, "日本語 😀 \\ud83d\\ude00 \\ud83d \\/\\b\\f"]
            "one value"
          -12.50
          """)
  void readsAndRefusesWhatJacksonDoes(String json) {
    byte[] original = json.getBytes(StandardCharsets.UTF_8);
    assertThat(read(original)).isPresent().isEqualTo(readWithJackson(original));
    Random random = new Random(json.length());
    int read = 0;
    for (int i = 0; i < DAMAGED_DOCUMENTS; i++) {
      byte[] damaged = damaged(original, random);
      Optional<JsonValue> value = read(damaged);
      assertThat(value)
          .as(() -> new String(damaged, StandardCharsets.UTF_8) + " " + Arrays.toString(damaged))
          .isEqualTo(readWithJackson(damaged));
      read += value.isPresent() ? 1 : 0;
    }
    assertThat(read).as("damaged documents that are JSON").isBetween(100, DAMAGED_DOCUMENTS - 100);
  }

  private static byte[] damaged(byte[] original, Random random) {
    byte[] bytes = original;
    for (int damage = random.nextInt(3); damage >= 0; damage--) {
      int from = random.nextInt(bytes.length + 1);
      int to = from + Math.min(random.nextInt(4), bytes.length - from);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(bytes, 0, from);
      if (random.nextInt(4) > 0) {
        out.writeBytes(
            random.nextInt(4) == 0
                ? new byte[] {(byte) random.nextInt(256)}
                : PIECES.get(random.nextInt(PIECES.size())).getBytes(StandardCharsets.UTF_8));
      }
      out.write(bytes, to, bytes.length - to);
      bytes = out.toByteArray();
    }
    return bytes;
  }

  @Test
  void takesTheCharactersThatUtf8CanWriteAndNoOthers() {
    for (int lead = 0x80; lead < 0x100; lead++) {
      for (int second : new int[] {0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0}) {
        for (int rest = 0; rest < 4; rest++) {
          byte[] json = {
            '"', (byte) lead, (byte) second, (byte) 0x80, (byte) 0xBF, (byte) 0x80, (byte) 0x80
          };
          json = Arrays.copyOf(json, 3 + rest + 1);
          json[3 + rest] = '"';
          assertThat(read(json)).as(Arrays.toString(json)).isEqualTo(readWithJackson(json));
        }
      }
    }
  }

  private static Optional<JsonValue> read(byte[] json) {
    try {
      JsonValue value = JsonReader.read(json);
      new JsonStream(json).skip(); // takes what value() takes
      return Optional.of(value);
    } catch (JsonFormatException e) {
      assertThat(e.getMessage()).matches("(?s)line \\d+, column \\d+: expected .*, found .*");
      return Optional.empty();
    }
  }

  private static Optional<JsonValue> readWithJackson(byte[] json) {
    byte[] mark = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    int start = json.length >= 3 && Arrays.equals(Arrays.copyOf(json, 3), mark) ? 3 : 0;
    var in = new ByteArrayInputStream(json, start, json.length - start);
    // Its own decoder lets some malformed UTF-8 pass; the JDK's lets none.
    try (JsonParser parser =
        JACKSON.createParser(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()))) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        return Optional.empty();
      }
      JsonValue value = value(parser, first);
      return parser.nextToken() == null ? Optional.of(value) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static JsonValue value(JsonParser parser, JsonToken token) throws IOException {
    return switch (token) {
      case START_OBJECT -> {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
          members.put(key, value(parser, parser.nextToken()));
        }
        yield new JsonObject(members);
      }
      case START_ARRAY -> {
        List<JsonValue> elements = new ArrayList<>();
        for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
          elements.add(value(parser, t));
        }
        yield new JsonArray(elements);
      }
      case VALUE_STRING -> new JsonString(parser.getText());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
        BigDecimal value = new BigDecimal(parser.getText());
        if (Math.abs((long) value.scale()) > 400) {
          throw new IOException("exponent");
        }
        yield new JsonNumber(value);
      }
      case VALUE_TRUE -> new JsonBoolean(true);
      case VALUE_FALSE -> new JsonBoolean(false);
      case VALUE_NULL -> new JsonNull();
      default -> throw new IOException("unexpected " + token);
    };
  }

  @Test
  void readsADocumentPieceByPiece() throws JsonFormatException {
    JsonStream in =
        stream("\uFEFF{\"a\" : [1, \"x\", [\"l\", \"r\"]] , \"b\":{\"c\":null}, \"d\":7}");
    in.beginObject();
    assertThat(in.nextKey()).isEqualTo("a");
    in.beginArray();
    assertThat(in.hasNextElement()).isTrue();
    assertThat(in.nextIsString()).isFalse();
    assertThat(in.intUpTo(1)).isEqualTo(1);
    assertThat(in.hasNextElement()).isTrue();
    assertThat(in.nextIsString()).isTrue();
    in.readString();
    assertThat(new String(in.chars(), 0, in.charCount())).isEqualTo("x");
    assertThat(in.hasNextElement()).isTrue();
    assertThat(in.strings(2)).containsExactly("l", "r");
    assertThat(in.hasNextElement()).isFalse();
    assertThat(in.hasNextMember()).isTrue();
    assertThat(new String(in.chars(), 0, in.charCount())).isEqualTo("b");
    in.skip();
    assertThat(in.nextKey()).isEqualTo("d");
    assertThat(in.integerUpTo(Long.MAX_VALUE)).isEqualTo(7);
    assertThat(in.nextKey()).isNull();
    in.endOfDocument();
  }

  @Test
  void readsIntegersUpToALimit() throws JsonFormatException {
    assertThat(stream("9223372036854775807").integerUpTo(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
    assertThat(stream(" 0").intUpTo(0)).isZero();
    for (String number :
        List.of("9223372036854775808", "18446744073709551616", "-1", "-0", "1.0", "1e0")) {
      assertThatExceptionOfType(JsonFormatException.class)
          .isThrownBy(() -> stream(number).integerUpTo(Long.MAX_VALUE))
          .withMessage(
              "line 1, column 1: expected an integer from 0 to 9223372036854775807, found \"%s\"",
              number);
    }
    assertThatExceptionOfType(JsonFormatException.class)
        .isThrownBy(() -> stream("11").intUpTo(10))
        .withMessageContaining("from 0 to 10, found \"11\"");
  }

  @Test
  void findsKeysThatComeAgain() throws JsonFormatException {
    JsonStream in = stream("{\"a\":1,\"b\":1,\n \"a\":1}");
    Set<String> seen = new HashSet<>();
    in.beginObject();
    in.nextKey(seen);
    in.skip();
    in.nextKey(seen);
    in.skip();
    assertThatExceptionOfType(JsonFormatException.class)
        .isThrownBy(() -> in.nextKey(seen))
        .withMessage("line 2, column 2: expected each key once, found \"a\" again");
  }

  @Test
  void refusesMoreKeysThanAreToldApart() throws JsonFormatException {
    var json = new StringBuilder("{\"k\":0");
    for (int i = 0; i < JsonStream.MAX_KEYS; i++) {
      json.append(",\"").append(i).append("\":0");
    }
    JsonStream in = stream(json.append("}").toString());
    Set<String> seen = new HashSet<>();
    in.beginObject();
    assertThatExceptionOfType(JsonFormatException.class)
        .isThrownBy(
            () -> {
              while (in.nextKey(seen) != null) {
                in.skip();
              }
            })
        .withMessageContaining("expected at most 131072 keys, found more");
  }

  @Test
  void refusesStringsThatFillTheHeap() throws JsonFormatException {
    int most = 1 << 24;
    byte[] json = new byte[most + 3];
    Arrays.fill(json, (byte) 'x');
    json[0] = '"';
    json[most + 1] = '"';
    json[most + 2] = ' ';
    assertThat(new JsonStream(json).string()).hasSize(most);

    json[most] = '\\';
    json[most + 1] = 'n';
    json[most + 2] = '"';
    assertThat(new JsonStream(json).string()).as("with an escape at its end").hasSize(most);

    json[most] = 'x';
    assertThatExceptionOfType(JsonFormatException.class)
        .isThrownBy(() -> new JsonStream(json).string())
        .withMessageContaining("expected a string of at most 16777216 characters, found more");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          [1 2] ~ column 4: expected ',' or ']', found a number
          [1,] ~ column 4: expected a value, found the end of an array
          {"a" 1} ~ column 6: expected ':', found a number
          {1:2} ~ column 2: expected a key, found a number
          ["é", "日😀", x] ~ column 14: expected a value, found 'x'
          ["a ~ column 4: expected the rest of a string, found the end of the document
          ["a\\x"] ~ column 5: expected one of "\\/bfnrtu after \\, found 'x'
          ["\\u12g4"] ~ column 7: expected four hexadecimal digits after \\u, found 'g'
          [1.] ~ column 4: expected a digit, found the end of an array
          [-] ~ column 3: expected a digit, found the end of an array
          [tru] ~ column 2: expected true, false or null, found something else
          [] [] ~ column 4: expected the end of the document, found an array
          """)
  void saysWhatIsWrongAndWhere(String json, String message) {
    assertThatExceptionOfType(JsonFormatException.class)
        .isThrownBy(() -> JsonReader.read(json))
        .withMessage("line 1, " + message);
  }

  @Test
  void countsLines() {
    assertThatExceptionOfType(JsonFormatException.class)
        .isThrownBy(() -> JsonReader.read("\n[\n\n  \"tab\there\"]"))
        .withMessage("line 4, column 7: expected the rest of a string, found the byte 0x09");
  }
}
