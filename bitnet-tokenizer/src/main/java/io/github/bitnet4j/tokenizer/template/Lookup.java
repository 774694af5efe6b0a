package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Attributes, elements and slices of values; what is missing is undefined. */
final class Lookup {
  private Lookup() {}

  /** {@code value.name}: an attribute or method if there is one, else the element. */
  static Value attribute(Meter meter, Value value, String name) {
    Value found = ownAttribute(meter, value, name);
    return found == null
        ? orUndefined(element(meter, value, Text.ofTemplate(name)), value, name)
        : found;
  }

  /** {@code value[key]}: an element if there is one, else the attribute or method. */
  static Value item(Meter meter, Value value, Value key) {
    if (value instanceof Value.Undefined u) {
      throw meter.error("an element of " + u.describe());
    }
    Value found = element(meter, value, key);
    if (found == null && key instanceof Text name) {
      found = ownAttribute(meter, value, name.value());
    }
    String name = key instanceof Text text ? text.value() : Printer.print(meter, key).value();
    return orUndefined(found, value, name);
  }

  /** Returns an attribute or method of a value that is no element of it; null if there is none. */
  static @Nullable Value ownAttribute(Meter meter, Value value, String name) {
    return switch (value) {
      case Value.Undefined u -> throw meter.error("'." + name + "' of " + u.describe());
      case Value.Namespace namespace -> namespace.attributes.get(name);
      case Value.Instance instance -> instance.attributes().apply(name);
      case Sequence(Sequence.Kind kind, List<Value> items)
          when kind == Sequence.Kind.GROUP && name.equals("grouper") ->
          items.get(0);
      case Sequence(Sequence.Kind kind, List<Value> items)
          when kind == Sequence.Kind.GROUP && name.equals("list") ->
          items.get(1);
      default -> Methods.bound(value, name);
    };
  }

  private static @Nullable Value element(Meter meter, Value value, Value key) {
    if (value instanceof Dict dict) {
      return Dict.isHashable(key) ? dict.get(meter, key) : null;
    }
    if (!(key instanceof Value.Int || key instanceof Value.Bool)) {
      return null;
    }
    long index = Operators.toLong(key);
    if (value instanceof Sequence s && s.kind().hasIndexes()) {
      long at = index < 0 ? index + s.items().size() : index;
      return at >= 0 && at < s.items().size() ? s.items().get((int) at) : null;
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
    return null;
  }

  /** Follows {@code a.b.0}, as filters such as {@code map} have it. */
  static Value path(Meter meter, Value value, Value path) {
    return path(meter, value, path, null);
  }

  /** As {@link #path(Meter, Value, Value)}, with the value of each part that is undefined. */
  static Value path(Meter meter, Value value, Value path, @Nullable Value otherwise) {
    List<Value> keys = new ArrayList<>();
    if (path instanceof Text text) {
      for (String part : text.value().split("\\.", -1)) {
        boolean isIndex = !part.isEmpty() && part.length() < 10 && part.matches("[0-9]+");
        keys.add(isIndex ? new Value.Int(Integer.parseInt(part)) : Text.ofTemplate(part));
      }
    } else if (!(path instanceof Value.None)) {
      keys.add(path);
    }
    Value result = value;
    for (Value key : keys) {
      meter.charge(Meter.OBJECT);
      result = item(meter, result, key);
      if (result instanceof Value.Undefined && otherwise != null) {
        result = otherwise;
      }
    }
    return result;
  }

  private static Value orUndefined(@Nullable Value found, Value owner, String name) {
    if (found != null) {
      return found;
    }
    String shown = name.length() > 40 ? name.substring(0, 40) + "…" : name;
    return new Value.Undefined("'" + shown + "' of a " + owner.describe());
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
      return new Sequence(s.kind() == Sequence.Kind.GROUP ? Sequence.Kind.TUPLE : s.kind(), items);
    }
    if (value instanceof Value.Undefined u) {
      throw meter.error("a slice of " + u.describe());
    }
    return new Value.Undefined("a slice of a " + value.describe());
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
