package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufValue.ArrayValue;
import io.github.bitnet4j.core.format.GgufValue.BoolValue;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import io.github.bitnet4j.tokenizer.file.Printable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of a GGUF file, read key by key: a value of the wrong type or out of range is a
 * {@link ModelFormatException} that names file and key. Integers may have any integer type, floats
 * either width.
 */
public final class GgufMetadata {
  /** Far above any vocabulary, and few enough to fit a small heap. */
  private static final int MAX_LIST = 2_000_000;

  /** Characters of a key or a value that a message shows. */
  private static final int MAX_SHOWN_CHARS = 200;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int MAX_SETTINGS = 100_000;

  private static final int TYPE_U32 = 4;
  private static final int TYPE_I32 = 5;
  private static final int TYPE_F32 = 6;
  private static final int TYPE_BOOL = 7;

  private final Path path;
  private final Map<String, GgufValue> values;

  /**
   * Creates a view of the metadata of a file.
   *
   * @param path for messages
   */
  public GgufMetadata(Path path, Map<String, GgufValue> values) {
    this.path = path;
    this.values = values;
  }

  /** Returns all keys, in file order. */
  Set<String> keys() {
    return values.keySet();
  }

  /** Returns a value as the rules of {@link KeyRule} see it; the key is there. */
  Object plainValue(String key) {
    return switch (values.get(key)) {
      case IntValue(long value) -> (double) value;
      case FloatValue(double value) -> value;
      case BoolValue(boolean value) -> value;
      case StringValue(String value) -> value;
      case ArrayValue array -> plainElements(array);
      case null -> throw new IllegalArgumentException(key);
    };
  }

  /** Arrays of settings have an element for each layer or head at most. */
  private static Object plainElements(ArrayValue array) {
    if (array.elementType() == GgufFile.TYPE_STRING) {
      return "";
    }
    if (array.count() > MAX_SETTINGS) {
      return KeyRule.OTHER;
    }
    MemorySegment data = array.data();
    List<Object> elements = new ArrayList<>();
    for (int i = 0; i < array.count(); i++) {
      switch (array.elementType()) {
        case TYPE_BOOL -> elements.add(data.get(ValueLayout.JAVA_BYTE, i) != 0);
        case TYPE_U32, TYPE_I32 -> elements.add((double) data.get(INT, 4L * i));
        case TYPE_F32 -> elements.add((double) Float.intBitsToFloat(data.get(INT, 4L * i)));
        default -> {
          return KeyRule.OTHER;
        }
      }
    }
    return elements;
  }

  /** Returns a value for messages: numbers and short texts in full. */
  String describe(String key) {
    return switch (values.get(key)) {
      case IntValue(long value) -> Long.toString(value);
      case FloatValue(double value) ->
          value == (float) value ? Float.toString((float) value) : Double.toString(value);
      case BoolValue(boolean value) -> Boolean.toString(value);
      case StringValue(String value) -> value;
      case ArrayValue array -> describe(array);
      case null -> "nothing";
    };
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

  /** Returns a whole number, if the key is there. */
  public OptionalInt optionalInt(String key, int least, int most) throws ModelFormatException {
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

  /** Returns true or false, if the key is there. */
  public Optional<Boolean> bool(String key) throws ModelFormatException {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case BoolValue(boolean value) -> Optional.of(value);
      case GgufValue other -> throw problem(key, "a bool", describe(other));
    };
  }

  /** Returns a text, if the key is there. */
  public Optional<String> string(String key) throws ModelFormatException {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case StringValue(String value) -> Optional.of(value);
      case GgufValue other -> throw problem(key, "a string", describe(other));
    };
  }

  /** Returns an array, or null. */
  public @Nullable ArrayValue array(String key) throws ModelFormatException {
    return switch (values.get(key)) {
      case null -> null;
      case ArrayValue array -> array;
      case GgufValue other -> throw problem(key, "an array", describe(other));
    };
  }

  /** Returns an array of texts; nothing if the key is absent. */
  public List<String> strings(String key) throws ModelFormatException {
    ArrayValue array = array(key);
    if (array == null) {
      return List.of();
    }
    requireList(key, array, array.elementType() == GgufFile.TYPE_STRING, "texts");
    List<String> texts = new ArrayList<>(array.count());
    long at = 0;
    for (int i = 0; i < array.count(); i++) {
      long bytes = array.data().get(LONG, at);
      byte[] utf8 = array.data().asSlice(at + 8, bytes).toArray(ValueLayout.JAVA_BYTE);
      texts.add(new String(utf8, StandardCharsets.UTF_8));
      at += 8 + bytes;
    }
    return texts;
  }

  /** Returns an array of 32-bit numbers; nothing if the key is absent. */
  public int[] ints(String key) throws ModelFormatException {
    ArrayValue array = array(key);
    if (array == null) {
      return new int[0];
    }
    boolean ints = array.elementType() == TYPE_U32 || array.elementType() == TYPE_I32;
    requireList(key, array, ints, "32-bit numbers");
    return array.data().toArray(INT);
  }

  private void requireList(String key, ArrayValue array, boolean rightType, String elements)
      throws ModelFormatException {
    if (!rightType || array.count() > MAX_LIST) {
      throw problem(
          key,
          "at most " + MAX_LIST + " " + elements,
          array.count() + " elements of type " + array.elementType());
    }
  }

  /** Returns an exception about a key, to be thrown. */
  ModelFormatException problem(String key, String expected, Object found) {
    String shown = Printable.shorten(String.valueOf(found), MAX_SHOWN_CHARS);
    return new ModelFormatException(
        path,
        "%s: expected %s, found %s"
            .formatted(Printable.shorten(key, MAX_SHOWN_CHARS), expected, shown));
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
