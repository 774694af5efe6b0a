package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The filters of lists, dictionaries and whatever else can be looped over. */
final class ListFilters {
  private static final int MAX_PARTS = 100_000;

  private ListFilters() {}

  static Map<String, Filters.Filter> all() {
    Map<String, Filters.Filter> filters = new HashMap<>();
    filters.put("join", ListFilters::join);
    filters.put("first", ListFilters::first);
    filters.put("last", ListFilters::last);
    filters.put("list", ListFilters::list);
    filters.put("dictsort", ListFilters::dictSort);
    filters.put("sort", ListFilters::sort);
    filters.put("reverse", ListFilters::reverse);
    filters.put("unique", ListFilters::unique);
    filters.put("min", (v, a) -> extreme(v, a, -1));
    filters.put("max", (v, a) -> extreme(v, a, 1));
    filters.put("sum", ListFilters::sum);
    filters.put("groupby", ListFilters::groupBy);
    filters.put("batch", ListFilters::batch);
    filters.put("slice", ListFilters::slice);
    filters.put("map", ListFilters::map);
    filters.put("select", (v, a) -> select(v, a, false, true));
    filters.put("reject", (v, a) -> select(v, a, false, false));
    filters.put("selectattr", (v, a) -> select(v, a, true, true));
    filters.put("rejectattr", (v, a) -> select(v, a, true, false));
    return filters;
  }

  private static List<? extends Value> iterate(Value input, Arguments arguments) {
    List<? extends Value> items = Functions.iterate(arguments.meter(), input);
    arguments.meter().chargeItems(items.size());
    return items;
  }

  private static Value join(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("d", "attribute");
    Meter meter = arguments.meter();
    Text separator = bound[0] == null ? Text.EMPTY : Printer.print(meter, bound[0]);
    List<Text> parts = new ArrayList<>();
    for (Value item : Functions.iterate(meter, input)) {
      Value part = bound[1] == null ? item : Lookup.path(meter, item, bound[1]);
      parts.add(Printer.print(meter, part));
    }
    return Strings.join(meter, separator, parts);
  }

  private static Value first(Value input, Arguments arguments) {
    arguments.none();
    Value.Undefined none = new Value.Undefined("the first of no elements");
    if (input instanceof Value.Generator generator) {
      Value first = generator.takeFirst();
      return first == null ? none : first;
    }
    List<? extends Value> items = iterate(input, arguments);
    return items.isEmpty() ? none : items.getFirst();
  }

  private static Value last(Value input, Arguments arguments) {
    arguments.none();
    if (input instanceof Value.Generator) {
      throw Filters.wrongInput(arguments, "a list or string", input);
    }
    List<? extends Value> items = iterate(input, arguments);
    return items.isEmpty() ? new Value.Undefined("the last of no elements") : items.getLast();
  }

  private static Value list(Value input, Arguments arguments) {
    arguments.none();
    return Value.list(List.copyOf(iterate(input, arguments)));
  }

  private static Value dictSort(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("case_sensitive", "by", "reverse");
    if (!(input instanceof Dict dict)) {
      throw Filters.wrongInput(arguments, "a dictionary", input);
    }
    Meter meter = arguments.meter();
    String by = bound[1] == null ? "key" : arguments.text(bound[1], "by").value();
    if (!by.equals("key") && !by.equals("value")) {
      throw meter.error("filter 'dictsort': expected 'key' or 'value', found another 'by'");
    }
    Comparator<Value> order = order(meter, Arguments.isTrue(bound[0]));
    Comparator<Dict.Entry> ofEntries =
        by.equals("key")
            ? (a, b) -> order.compare(a.key(), b.key())
            : (a, b) -> order.compare(a.value(), b.value());
    List<Dict.Entry> entries = new ArrayList<>(dict.entries());
    entries.sort(Arguments.isTrue(bound[2]) ? ofEntries.reversed() : ofEntries);
    List<Value> pairs = new ArrayList<>();
    meter.chargeItems((long) Meter.OBJECT * entries.size());
    entries.forEach(entry -> pairs.add(Value.tuple(List.of(entry.key(), entry.value()))));
    return Value.list(pairs);
  }

  /** Returns the order of values, of strings without regard to case unless told otherwise. */
  private static Comparator<Value> order(Meter meter, boolean caseSensitive) {
    return (a, b) -> {
      meter.charge(Meter.OBJECT);
      return Operators.compare(
          meter, caseSensitive ? a : folded(meter, a), caseSensitive ? b : folded(meter, b));
    };
  }

  private static Value folded(Meter meter, Value value) {
    if (!(value instanceof Text text)) {
      return value;
    }
    meter.chargeText(text.length());
    return text.mapCase(PythonText::lower);
  }

  private static Value sort(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("reverse", "case_sensitive", "attribute");
    Meter meter = arguments.meter();
    boolean caseSensitive = Arguments.isTrue(bound[1]);
    Comparator<Keyed> order = keyOrder(meter, caseSensitive);
    List<Keyed> items = new ArrayList<>();
    for (Value item : iterate(input, arguments)) {
      items.add(new Keyed(sortKey(meter, item, bound[2]), item));
    }
    items.sort(Arguments.isTrue(bound[0]) ? order.reversed() : order);
    return Value.list(items.stream().map(Keyed::item).toList());
  }

  /** An element and what it is compared by. */
  private record Keyed(List<Value> keys, Value item) {}

  private static Comparator<Keyed> keyOrder(Meter meter, boolean caseSensitive) {
    Comparator<Value> order = order(meter, caseSensitive);
    return (a, b) -> {
      int result = 0;
      for (int i = 0; result == 0 && i < a.keys().size(); i++) {
        result = order.compare(a.keys().get(i), b.keys().get(i));
      }
      return result;
    };
  }

  /** Returns the element itself, or its attributes, of which there may be several with commas. */
  private static List<Value> sortKey(Meter meter, Value item, @Nullable Value attribute) {
    if (attribute == null) {
      return List.of(item);
    }
    if (!(attribute instanceof Text names) || names.value().indexOf(',') < 0) {
      return List.of(Lookup.path(meter, item, attribute));
    }
    List<Value> keys = new ArrayList<>();
    for (String name : names.value().split(",", -1)) {
      meter.charge(Meter.OBJECT);
      keys.add(Lookup.path(meter, item, Text.ofTemplate(name)));
    }
    return keys;
  }

  private static Value reverse(Value input, Arguments arguments) {
    arguments.none();
    if (input instanceof Value.Undefined) {
      throw Filters.wrongInput(arguments, "a list or string", input);
    }
    List<? extends Value> items = iterate(input, arguments);
    if (input instanceof Text) {
      Text.Builder reversed = new Text.Builder();
      items.reversed().forEach(c -> reversed.append((Text) c));
      return reversed.build();
    }
    return new Value.Generator(List.copyOf(items.reversed()));
  }

  private static Value unique(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("case_sensitive", "attribute");
    Meter meter = arguments.meter();
    Dict known = new Dict();
    List<Value> unique = new ArrayList<>();
    for (Value item : iterate(input, arguments)) {
      Value key = bound[1] == null ? item : Lookup.path(meter, item, bound[1]);
      Value folded = Arguments.isTrue(bound[0]) ? key : folded(meter, key);
      if (known.get(meter, folded) == null) {
        known.put(meter, folded, item);
        unique.add(item);
      }
    }
    return new Value.Generator(unique);
  }

  /** The filters {@code min} (sign -1) and {@code max} (sign 1). */
  private static Value extreme(Value input, Arguments arguments, int sign) {
    @Nullable Value[] bound = arguments.bind("case_sensitive", "attribute");
    Meter meter = arguments.meter();
    Comparator<Value> order = order(meter, Arguments.isTrue(bound[0]));
    Value best = null;
    Value bestKey = null;
    for (Value item : iterate(input, arguments)) {
      Value key = bound[1] == null ? item : Lookup.path(meter, item, bound[1]);
      if (bestKey == null || Integer.signum(order.compare(key, bestKey)) == sign) {
        best = item;
        bestKey = key;
      }
    }
    return best == null ? new Value.Undefined("the least or greatest of no elements") : best;
  }

  private static Value sum(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("attribute", "start");
    Meter meter = arguments.meter();
    Value sum = bound[1] == null ? new Value.Int(0) : bound[1];
    Value path = bound[0];
    for (Value item : iterate(input, arguments)) {
      Value part = path == null ? item : Lookup.path(meter, item, path);
      sum = Operators.arithmetic(meter, "+", sum, part);
    }
    return sum;
  }

  private static Value groupBy(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("attribute", "default", "case_sensitive");
    Meter meter = arguments.meter();
    Value path = arguments.required(bound[0], "attribute");
    Comparator<Value> order = order(meter, Arguments.isTrue(bound[2]));
    List<Keyed> items = new ArrayList<>();
    for (Value item : iterate(input, arguments)) {
      items.add(new Keyed(List.of(Lookup.path(meter, item, path, bound[1])), item));
    }
    items.sort((a, b) -> order.compare(a.keys().getFirst(), b.keys().getFirst()));
    List<Value> groups = new ArrayList<>();
    for (int i = 0; i < items.size(); ) {
      Value key = items.get(i).keys().getFirst();
      List<Value> group = new ArrayList<>();
      while (i < items.size() && order.compare(key, items.get(i).keys().getFirst()) == 0) {
        group.add(items.get(i++).item());
      }
      meter.chargeItems(group.size());
      groups.add(new Sequence(Sequence.Kind.GROUP, List.of(key, Value.list(group))));
    }
    return Value.list(groups);
  }

  private static Value batch(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("linecount", "fill_with");
    long size = parts(arguments, bound[0], "linecount");
    List<? extends Value> items = iterate(input, arguments);
    List<Value> batches = new ArrayList<>();
    for (int from = 0; from < items.size(); from += (int) size) {
      List<Value> batch =
          new ArrayList<>(items.subList(from, (int) Math.min(items.size(), from + size)));
      if (bound[1] != null && !(bound[1] instanceof Value.None)) {
        arguments.meter().chargeItems(size);
        while (batch.size() < size) {
          batch.add(bound[1]);
        }
      }
      arguments.meter().chargeItems(batch.size());
      batches.add(Value.list(batch));
    }
    return new Value.Generator(batches);
  }

  private static Value slice(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("slices", "fill_with");
    long count = parts(arguments, bound[0], "slices");
    List<? extends Value> items = iterate(input, arguments);
    int least = (int) (items.size() / count);
    int longer = (int) (items.size() % count);
    List<Value> slices = new ArrayList<>();
    for (int i = 0, from = 0; i < count; i++) {
      int to = from + least + (i < longer ? 1 : 0);
      List<Value> slice = new ArrayList<>(items.subList(from, to));
      if (bound[1] != null && !(bound[1] instanceof Value.None) && i >= longer) {
        slice.add(bound[1]);
      }
      arguments.meter().chargeItems(slice.size());
      slices.add(Value.list(slice));
      from = to;
    }
    return new Value.Generator(slices);
  }

  private static long parts(Arguments arguments, @Nullable Value given, String parameter) {
    long parts = arguments.integer(given, parameter);
    if (parts < 1 || parts > MAX_PARTS) {
      throw arguments
          .meter()
          .error(arguments.callee() + ": expected 1 to " + MAX_PARTS + ", found " + parts);
    }
    return parts;
  }

  private static Value map(Value input, Arguments arguments) {
    Meter meter = arguments.meter();
    List<Value> results = new ArrayList<>();
    if (!Operators.isTrue(input)) {
      return new Value.Generator(List.of());
    }
    if (arguments.positional().isEmpty()) {
      @Nullable Value[] bound = arguments.bind("attribute", "default");
      Value path = arguments.required(bound[0], "attribute");
      Value otherwise = bound[1] instanceof Value.None ? null : bound[1];
      for (Value item : iterate(input, arguments)) {
        results.add(Lookup.path(meter, item, path, otherwise));
      }
      return new Value.Generator(results);
    }
    String name = arguments.text(arguments.positional().getFirst(), "filter").value();
    Arguments rest = arguments.from(1, "filter '" + name + "'");
    meter.enter();
    for (Value item : iterate(input, arguments)) {
      results.add(Filters.apply(name, item, rest));
    }
    meter.leave();
    return new Value.Generator(results);
  }

  /** Keeps the elements that pass (or fail) a test, themselves or by an attribute. */
  private static Value select(
      Value input, Arguments arguments, boolean byAttribute, boolean passing) {
    Meter meter = arguments.meter();
    List<Value> positional = arguments.positional();
    if (byAttribute && positional.isEmpty()) {
      throw meter.error(arguments.callee() + ": argument 'attribute' is missing");
    }
    if (!Operators.isTrue(input)) {
      return new Value.Generator(List.of());
    }
    int testAt = byAttribute ? 1 : 0;
    String name =
        positional.size() > testAt ? arguments.text(positional.get(testAt), "test").value() : "";
    Arguments rest = arguments.from(testAt + 1, "test '" + name + "'");
    List<Value> selected = new ArrayList<>();
    for (Value item : iterate(input, arguments)) {
      Value tested = byAttribute ? Lookup.path(meter, item, positional.getFirst()) : item;
      boolean passes = name.isEmpty() ? Operators.isTrue(tested) : Tests.passes(name, tested, rest);
      if (passes == passing) {
        selected.add(item);
      }
    }
    return new Value.Generator(selected);
  }
}
