package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes, elements and slices of values; what is missing is undefined. */
final class Lookup {
  /** Attributes of a dictionary that Python finds before its entries. */
  private static final Set<String> DICT_METHODS =
      Set.of(
          "clear",
          "copy",
          "fromkeys",
          "get",
          "items",
          "keys",
          "pop",
          "popitem",
          "setdefault",
          "update",
          "values");

  private Lookup() {}

  static Value attribute(Meter meter, Value value, String name) {
    return switch (value) {
      case Value.Dict dict -> {
        if (DICT_METHODS.contains(name)) {
          throw meter.error(
              "'." + name + "' is a method of dictionaries; for the entry write ['" + name + "']");
        }
        yield orUndefined(dict.entries().get(Text.ofTemplate(name)), name);
      }
      case Value.Namespace namespace -> orUndefined(namespace.attributes.get(name), name);
      case Value.Undefined u -> throw meter.error("'." + name + "' of " + u.typeName());
      default -> orUndefined(null, name);
    };
  }

  static Value item(Meter meter, Value value, Value key) {
    if (value instanceof Value.Undefined u) {
      throw meter.error("an element of " + u.typeName());
    }
    if (value instanceof Value.Dict dict && key instanceof Text name) {
      return orUndefined(dict.entries().get(name), name.value());
    }
    if (value instanceof Value.Namespace namespace && key instanceof Text name) {
      return orUndefined(namespace.attributes.get(name.value()), name.value());
    }
    if (!(key instanceof Value.Int(long index))) {
      return orUndefined(null, "of type " + key.typeName());
    }
    if (value instanceof Sequence s && s.kind().hasIndexes()) {
      long at = index < 0 ? index + s.items().size() : index;
      return at >= 0 && at < s.items().size()
          ? s.items().get((int) at)
          : orUndefined(null, "at " + index);
    }
    if (value instanceof Text text) {
      meter.chargeText(text.length());
      int length = text.codePoints();
      long at = index < 0 ? index + length : index;
      if (at >= 0 && at < length) {
        int from = text.value().offsetByCodePoints(0, (int) at);
        return text.substring(from, text.value().offsetByCodePoints(from, 1));
      }
    }
    return orUndefined(null, "at " + index);
  }

  /** Follows {@code a.b.0}, as filters such as {@code map} take it. */
  static Value path(Meter meter, Value value, Value path) {
    if (path instanceof Value.Int) {
      return item(meter, value, path);
    }
    if (!(path instanceof Text text)) {
      throw meter.wrongType("attribute", "a string", path);
    }
    Value result = value;
    for (String part : text.value().split("\\.", -1)) {
      meter.charge(Meter.OBJECT);
      boolean isIndex = !part.isEmpty() && part.length() < 10 && part.matches("[0-9]+");
      result =
          item(
              meter,
              result,
              isIndex ? new Value.Int(Integer.parseInt(part)) : Text.ofTemplate(part));
    }
    return result;
  }

  private static Value orUndefined(@Nullable Value value, String name) {
    return value == null ? new Value.Undefined("element '" + name + "'") : value;
  }

  static Value slice(
      Meter meter, Value value, @Nullable Value start, @Nullable Value stop, @Nullable Value step) {
    if (value instanceof Text text) {
      return sliceText(meter, text, start, stop, step);
    }
    if (value instanceof Sequence s && s.kind().hasIndexes()) {
      meter.chargeItems(s.items().size());
      List<Value> items = new ArrayList<>();
      Span span = span(meter, s.items().size(), start, stop, step);
      for (long i = span.from(); span.contains(i); i += span.step()) {
        items.add(s.items().get((int) i));
      }
      return new Sequence(s.kind(), items);
    }
    if (value instanceof Value.Undefined u) {
      throw meter.error("a slice of " + u.typeName());
    }
    return new Value.Undefined("a slice of " + value.typeName());
  }

  private static Text sliceText(
      Meter meter, Text text, @Nullable Value start, @Nullable Value stop, @Nullable Value step) {
    meter.chargeText(text.length());
    Span span = span(meter, text.codePoints(), start, stop, step);
    if (span.step() == 1) {
      int from = text.value().offsetByCodePoints(0, (int) span.from());
      int count = (int) Math.max(0, span.to() - span.from());
      return text.substring(from, text.value().offsetByCodePoints(from, count));
    }
    List<Text> characters = characters(meter, text);
    Text.Builder result = new Text.Builder();
    for (long i = span.from(); span.contains(i); i += span.step()) {
      result.append(characters.get((int) i));
    }
    return result.build();
  }

  /** Returns the characters of a text, each as a text of one code point. */
  static List<Text> characters(Meter meter, Text text) {
    meter.charge((long) Meter.OBJECT * text.length());
    List<Text> characters = new ArrayList<>(text.length());
    for (int from = 0; from < text.length(); ) {
      int to = from + Character.charCount(text.value().codePointAt(from));
      characters.add(text.substring(from, to));
      from = to;
    }
    return characters;
  }

  /** The indexes from, from + step, … before {@code to}. */
  private record Span(long from, long to, long step) {
    boolean contains(long index) {
      return step > 0 ? index < to : index > to;
    }
  }

  /** Python's {@code slice.indices}. */
  private static Span span(
      Meter meter, int length, @Nullable Value start, @Nullable Value stop, @Nullable Value step) {
    long stride = bound(meter, step, 1);
    if (stride == 0) {
      throw meter.error("the step of a slice is 0");
    }
    boolean forward = stride > 0;
    long lowest = forward ? 0 : -1;
    long highest = forward ? length : length - 1;
    long from = clamp(bound(meter, start, forward ? 0 : Long.MAX_VALUE), length, lowest, highest);
    long to =
        stop == null || stop instanceof Value.None
            ? (forward ? length : -1)
            : clamp(bound(meter, stop, 0), length, lowest, highest);
    // A larger step than the length gives the same indexes and cannot overflow.
    return new Span(from, to, Math.clamp(stride, -(long) length - 1, (long) length + 1));
  }

  private static long clamp(long index, int length, long lowest, long highest) {
    return Math.clamp(index < 0 ? index + length : index, lowest, highest);
  }

  private static long bound(Meter meter, @Nullable Value value, long otherwise) {
    if (value == null || value instanceof Value.None) {
      return otherwise;
    }
    if (value instanceof Value.Int(long number)) {
      return number;
    }
    throw meter.wrongType("slice", "an integer", value);
  }
}
