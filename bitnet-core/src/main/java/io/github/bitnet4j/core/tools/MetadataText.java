package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufValue;
import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.core.format.GgufValue.BoolValue;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Metadata as text for people: long texts and arrays are abbreviated. */
final class MetadataText {
  private static final int MAX_CHARS = 200;
  private static final int MAX_ELEMENTS = 6;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private MetadataText() {}

  static Map<String, String> of(Map<String, GgufValue> metadata) {
    Map<String, String> texts = new LinkedHashMap<>();
    metadata.forEach(
        (key, value) ->
            texts.put(
                key,
                switch (value) {
                  case IntValue(long number) -> Long.toString(number);
                  case FloatValue(double number) -> Float.toString((float) number);
                  case BoolValue(boolean on) -> Boolean.toString(on);
                  case StringValue(String text) -> abbreviate(text);
                  case ArrayValue array -> text(array);
                }));
    return texts;
  }

  static Map<String, String> ofTexts(Map<String, String> metadata) {
    Map<String, String> texts = new LinkedHashMap<>();
    metadata.forEach((key, text) -> texts.put(key, abbreviate(text)));
    return texts;
  }

  /** Returns the members of a JSON object, those of inner objects with a dot; none if no file. */
  static Map<String, String> ofJson(Path file) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    if (RegularFile.isPresent(file)) {
      try {
        put(texts, "", JsonReader.read(file));
      } catch (JsonFormatException e) {
        throw new ModelFormatException(file, "expected JSON, found a fault: " + e.getMessage(), e);
      }
    }
    return texts;
  }

  private static void put(Map<String, String> texts, String key, JsonValue value) {
    if (value instanceof JsonObject(Map<String, JsonValue> members)) {
      members.forEach(
          (name, member) -> put(texts, key.isEmpty() ? name : key + "." + name, member));
    } else {
      texts.put(key, text(value));
    }
  }

  private static String text(JsonValue value) {
    return switch (value) {
      case JsonNull _ -> "null";
      case JsonBoolean(boolean on) -> Boolean.toString(on);
      case JsonNumber(BigDecimal number) -> number.toString();
      case JsonString(String text) -> abbreviate(text);
      case JsonObject _ -> "{...}";
      case JsonArray(List<JsonValue> elements) ->
          list(
              elements.stream().limit(MAX_ELEMENTS).map(MetadataText::text).toList(),
              elements.size());
    };
  }

  private static String text(ArrayValue array) {
    List<String> first = new ArrayList<>();
    MemorySegment data = array.data();
    long at = 0;
    for (int i = 0; i < Math.min(MAX_ELEMENTS, array.count()); i++) {
      switch (array.elementType()) {
        case 0 -> first.add(String.valueOf(data.get(ValueLayout.JAVA_BYTE, i) & 0xFF));
        case 1, 7 -> first.add(String.valueOf(data.get(ValueLayout.JAVA_BYTE, i)));
        case 2 -> first.add(String.valueOf(data.get(SHORT, 2L * i) & 0xFFFF));
        case 3 -> first.add(String.valueOf(data.get(SHORT, 2L * i)));
        case 4 -> first.add(Integer.toUnsignedString(data.get(INT, 4L * i)));
        case 5 -> first.add(String.valueOf(data.get(INT, 4L * i)));
        case 6 -> first.add(String.valueOf(Float.intBitsToFloat(data.get(INT, 4L * i))));
        case 10 -> first.add(Long.toUnsignedString(data.get(LONG, 8L * i)));
        case 11 -> first.add(String.valueOf(data.get(LONG, 8L * i)));
        case 12 -> first.add(String.valueOf(Double.longBitsToDouble(data.get(LONG, 8L * i))));
        case GgufFile.TYPE_STRING -> {
          long bytes = data.get(LONG, at);
          long shown = Math.min(bytes, MAX_CHARS);
          byte[] utf8 = data.asSlice(at + 8, shown).toArray(ValueLayout.JAVA_BYTE);
          first.add('"' + new String(utf8, StandardCharsets.UTF_8) + '"');
          at += 8 + bytes;
        }
        default -> first.add("[...]");
      }
    }
    return list(first, array.count());
  }

  private static String list(List<String> first, int count) {
    String shown = String.join(", ", first);
    return count <= first.size()
        ? "[" + shown + "]"
        : abbreviate("[" + shown) + ", ...] (" + count + " elements)";
  }

  private static String abbreviate(String text) {
    if (text.length() <= MAX_CHARS) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(MAX_CHARS - 1)) ? MAX_CHARS - 1 : MAX_CHARS;
    return text.substring(0, end) + "... (" + text.length() + " characters)";
  }
}
