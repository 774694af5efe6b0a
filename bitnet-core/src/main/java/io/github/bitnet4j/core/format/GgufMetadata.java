package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.core.format.GgufValue.BoolValue;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of a GGUF file, read key by key: a value of the wrong type or out of range is a
 * {@link ModelFormatException} that names file and key. Integers may have any integer type, floats
 * either width.
 */
final class GgufMetadata {
  private final Path path;
  private final Map<String, GgufValue> values;

  GgufMetadata(Path path, Map<String, GgufValue> values) {
    this.path = path;
    this.values = values;
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  int requiredInt(String key, int least, int most) throws ModelFormatException {
    OptionalInt value = optionalInt(key, least, most);
    if (value.isEmpty()) {
      throw problem(key, "a whole number", "nothing");
    }
    return value.getAsInt();
  }

  OptionalInt optionalInt(String key, int least, int most) throws ModelFormatException {
    return switch (values.get(key)) {
      case null -> OptionalInt.empty();
      case IntValue(long value) -> {
        if (value < least || value > most) {
          throw problem(
              key, "a whole number from " + least + " to " + most, Long.toUnsignedString(value));
        }
        yield OptionalInt.of((int) value);
      }
      case GgufValue other -> throw problem(key, "a whole number", describe(other));
    };
  }

  float positiveFloat(String key, float absent) throws ModelFormatException {
    return switch (values.get(key)) {
      case null -> absent;
      case FloatValue(double value) -> {
        if (!((float) value > 0 && (float) value < Float.POSITIVE_INFINITY)) {
          throw problem(key, "a positive finite number", value);
        }
        yield (float) value;
      }
      case GgufValue other -> throw problem(key, "a float", describe(other));
    };
  }

  Optional<Boolean> bool(String key) throws ModelFormatException {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case BoolValue(boolean value) -> Optional.of(value);
      case GgufValue other -> throw problem(key, "a bool", describe(other));
    };
  }

  Optional<String> string(String key) throws ModelFormatException {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case StringValue(String value) -> Optional.of(value);
      case GgufValue other -> throw problem(key, "a string", describe(other));
    };
  }

  /** Returns an array, or null. */
  @Nullable ArrayValue array(String key) throws ModelFormatException {
    return switch (values.get(key)) {
      case null -> null;
      case ArrayValue array -> array;
      case GgufValue other -> throw problem(key, "an array", describe(other));
    };
  }

  /** Returns an exception about a key, to be thrown. */
  ModelFormatException problem(String key, String expected, Object found) {
    return new ModelFormatException(
        path, "%s: expected %s, found %s".formatted(key, expected, found));
  }

  private static String describe(GgufValue value) {
    return switch (value) {
      case IntValue(long v) -> "the integer " + v;
      case FloatValue(double v) -> "the float " + v;
      case BoolValue(boolean v) -> "the bool " + v;
      case StringValue(String v) -> "a string of " + v.length() + " characters";
      case ArrayValue array -> "an array of " + array.count() + " elements";
    };
  }
}
