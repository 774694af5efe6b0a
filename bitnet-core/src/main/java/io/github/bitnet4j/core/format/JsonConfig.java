package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.tokenizer.file.Printable;
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
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An object of a JSON configuration file, read key by key: a value of the wrong type or out of
 * range is a {@link ModelFormatException} that names file and key. A key that is {@code null}
 * counts as absent.
 */
final class JsonConfig {
  /** Far above any configuration, and little enough to fit a small heap. */
  private static final int MAX_BYTES = 1 << 24;

  /** Characters of a key or a value that a message shows. */
  private static final int MAX_SHOWN_CHARS = 200;

  private final Path path;
  private final String prefix;
  private final JsonObject object;

  private JsonConfig(Path path, String prefix, JsonObject object) {
    this.path = path;
    this.prefix = prefix;
    this.object = object;
  }

  static JsonConfig read(Path path) throws IOException {
    long bytes = RegularFile.attributes(path).size();
    if (bytes > MAX_BYTES) {
      throw new ModelFormatException(
          path, "expected at most %d bytes of JSON, found %d".formatted(MAX_BYTES, bytes));
    }
    JsonValue value;
    try {
      value = JsonReader.read(path);
    } catch (JsonFormatException e) {
      throw new ModelFormatException(path, "expected JSON, found a fault: " + e.getMessage(), e);
    }
    if (value instanceof JsonObject object) {
      return new JsonConfig(path, "", object);
    }
    throw new ModelFormatException(path, "expected a JSON object, found " + describe(value));
  }

  Map<String, JsonValue> members() {
    return object.members();
  }

  boolean has(String key) {
    return find(key) != null;
  }

  /** Returns the object under a key, or null. */
  @Nullable JsonConfig object(String key) throws ModelFormatException {
    return switch (find(key)) {
      case null -> null;
      case JsonObject o -> new JsonConfig(path, prefix + key + ".", o);
      case JsonValue other -> throw wrongType(key, "an object", other);
    };
  }

  int requiredInt(String key, int least, int most) throws ModelFormatException {
    if (!has(key)) {
      throw problem(key, "a whole number", "nothing");
    }
    return optionalInt(key, least, most, least);
  }

  int optionalInt(String key, int least, int most, int absent) throws ModelFormatException {
    return switch (find(key)) {
      case null -> absent;
      case JsonNumber(BigDecimal number) -> toInt(key, number, least, most);
      case JsonValue other -> throw wrongType(key, "a whole number", other);
    };
  }

  /** Returns the numbers of an array, a single number as a list of one, or nothing. */
  List<Integer> intOrInts(String key, int least, int most) throws ModelFormatException {
    return switch (find(key)) {
      case null -> List.of();
      case JsonNumber(BigDecimal number) -> List.of(toInt(key, number, least, most));
      case JsonArray(List<JsonValue> elements) -> {
        List<Integer> numbers = new ArrayList<>();
        for (JsonValue element : elements) {
          if (!(element instanceof JsonNumber(BigDecimal number))) {
            throw wrongType(key, "whole numbers", element);
          }
          numbers.add(toInt(key, number, least, most));
        }
        yield numbers;
      }
      case JsonValue other -> throw wrongType(key, "a whole number or a list of them", other);
    };
  }

  /** Returns a number as a positive finite float. */
  float positiveFloat(String key, float absent) throws ModelFormatException {
    return switch (find(key)) {
      case null -> absent;
      case JsonNumber(BigDecimal number) -> {
        float value = number.floatValue();
        if (!(value > 0 && value < Float.POSITIVE_INFINITY)) {
          throw problem(key, "a positive finite number", number);
        }
        yield value;
      }
      case JsonValue other -> throw wrongType(key, "a number", other);
    };
  }

  boolean bool(String key, boolean absent) throws ModelFormatException {
    return switch (find(key)) {
      case null -> absent;
      case JsonBoolean(boolean value) -> value;
      case JsonValue other -> throw wrongType(key, "true or false", other);
    };
  }

  String string(String key, String absent) throws ModelFormatException {
    return switch (find(key)) {
      case null -> absent;
      case JsonString(String value) -> value;
      case JsonValue other -> throw wrongType(key, "a string", other);
    };
  }

  /** Returns the strings of an array, or nothing. */
  List<String> strings(String key) throws ModelFormatException {
    return switch (find(key)) {
      case null -> List.of();
      case JsonArray(List<JsonValue> elements) -> {
        List<String> strings = new ArrayList<>();
        for (JsonValue element : elements) {
          if (!(element instanceof JsonString(String value))) {
            throw wrongType(key, "strings", element);
          }
          strings.add(value);
        }
        yield strings;
      }
      case JsonValue other -> throw wrongType(key, "a list of strings", other);
    };
  }

  /** Returns an exception about a key, to be thrown. */
  ModelFormatException problem(String key, String expected, Object found) {
    return problem(key, expected, found, "");
  }

  /**
   * Returns an exception about a key, to be thrown.
   *
   * @param hint what to do, appended to the message
   */
  ModelFormatException problem(String key, String expected, Object found, String hint) {
    String shown = Printable.shorten(String.valueOf(found), MAX_SHOWN_CHARS);
    String name = Printable.shorten(prefix + key, MAX_SHOWN_CHARS);
    return new ModelFormatException(
        path, "%s: expected %s, found %s%s".formatted(name, expected, shown, hint));
  }

  /** Returns whether a key is there and false. */
  boolean isFalse(String key) {
    return find(key) instanceof JsonBoolean(boolean value) && !value;
  }

  /** Returns a value as the rules of {@link KeyRule} see it; the key is there. */
  Object plainValue(String key) {
    return plain(Objects.requireNonNull(find(key), key));
  }

  private static Object plain(JsonValue value) {
    return switch (value) {
      case JsonNumber(BigDecimal number) -> number.doubleValue();
      case JsonBoolean(boolean on) -> on;
      case JsonString(String text) -> text;
      case JsonArray(List<JsonValue> elements) -> elements.stream().map(JsonConfig::plain).toList();
      case JsonNull _, JsonObject _ -> KeyRule.OTHER;
    };
  }

  /** Returns a value for messages: numbers and texts in full. */
  String describe(String key) {
    JsonValue value = find(key);
    return switch (value) {
      case JsonNumber(BigDecimal number) -> number.toString();
      case JsonString(String text) -> text;
      case JsonArray(List<JsonValue> elements)
          when elements.size() == 1 && elements.getFirst() instanceof JsonString(String text) ->
          "[" + text + "]";
      case null -> "nothing";
      default -> describe(value);
    };
  }

  private @Nullable JsonValue find(String key) {
    JsonValue value = object.members().get(key);
    return value instanceof JsonNull ? null : value;
  }

  private int toInt(String key, BigDecimal number, int least, int most)
      throws ModelFormatException {
    boolean small =
        number.compareTo(BigDecimal.valueOf(least)) >= 0
            && number.compareTo(BigDecimal.valueOf(most)) <= 0;
    if (!small || number.remainder(BigDecimal.ONE).signum() != 0) {
      throw problem(key, "a whole number from " + least + " to " + most, number);
    }
    return number.intValue();
  }

  private ModelFormatException wrongType(String key, String expected, JsonValue found) {
    return problem(key, expected, describe(found));
  }

  private static String describe(JsonValue value) {
    return switch (value) {
      case JsonObject o -> "an object";
      case JsonArray a -> "an array";
      case JsonString s -> "a string";
      case JsonNumber(BigDecimal number) -> "the number " + number;
      case JsonBoolean(boolean b) -> String.valueOf(b);
      case JsonNull n -> "null";
    };
  }
}
