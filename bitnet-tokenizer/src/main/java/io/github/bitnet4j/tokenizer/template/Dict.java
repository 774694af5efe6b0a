package io.github.bitnet4j.tokenizer.template;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A dictionary that keeps the order of its entries. Keys are equal where Python's are: 1, 1.0 and
 * true are one key. Filled by whoever creates it, and never changed afterwards.
 */
final class Dict implements Value {
  /** A key as the template wrote it, and its value. */
  record Entry(Value key, Value value) {}

  /** Deepest nesting of tuples in a key. */
  private static final int MAX_KEY_NESTING = 20;

  private static final Value UNDEFINED = new Undefined("");

  private final Map<Value, Entry> entries = new LinkedHashMap<>();

  /** Sets an entry; a key that is there keeps its place and its spelling. */
  void put(Meter meter, Value key, Value value) {
    put(hashable(meter, key), key, value);
  }

  void put(Text key, Value value) {
    put(key, key, value);
  }

  private void put(Value hashable, Value key, Value value) {
    Entry earlier = entries.get(hashable);
    entries.put(hashable, new Entry(earlier == null ? key : earlier.key(), value));
  }

  void putAll(Dict other) {
    other.entries.forEach((hashable, entry) -> put(hashable, entry.key(), entry.value()));
  }

  /** Returns the value of a key, null if there is none. */
  @Nullable Value get(Meter meter, Value key) {
    return valueOf(entries.get(hashable(meter, key)));
  }

  @Nullable Value get(Text key) {
    return valueOf(entries.get(key));
  }

  private static @Nullable Value valueOf(@Nullable Entry entry) {
    return entry == null ? null : entry.value();
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  List<Value> keys() {
    return entries.values().stream().map(Entry::key).toList();
  }

  int size() {
    return entries.size();
  }

  /** Returns whether a value can be a key at all. */
  static boolean isHashable(Value key) {
    return switch (key) {
      case Sequence s -> s.kind().isTuple();
      case Dict d -> false;
      case Generator g -> false;
      default -> true;
    };
  }

  private static Value hashable(Meter meter, Value key) {
    return hashable(meter, key, 0);
  }

  /** Returns the one value that stands for all that are equal to this key. */
  private static Value hashable(Meter meter, Value key, int depth) {
    if (depth > MAX_KEY_NESTING) {
      throw meter.error("a key of a dictionary is nested too deeply");
    }
    meter.charge(1);
    if (!isHashable(key)) {
      throw meter.wrongType("key of a dictionary", "a string, number or tuple", key);
    }
    return switch (key) {
      case Bool(boolean on) -> new Int(on ? 1 : 0);
      case Real(double real) when real == Math.rint(real) && Math.abs(real) < 0x1p63 ->
          new Int((long) real);
      case Undefined u -> UNDEFINED;
      case Sequence s -> {
        List<Value> items = new ArrayList<>(s.items().size());
        for (Value item : s.items()) {
          items.add(hashable(meter, item, depth + 1));
        }
        yield Value.tuple(items);
      }
      default -> key;
    };
  }
}
