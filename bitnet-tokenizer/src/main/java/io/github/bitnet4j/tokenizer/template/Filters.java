package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Printer.JsonStyle;
import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The filters that templates may use after {@code |}. */
final class Filters {
  /** What a filter does. */
  @FunctionalInterface
  interface Function {
    Value apply(Value input, Arguments arguments);
  }

  static final Map<String, Function> BY_NAME =
      Map.ofEntries(
          Map.entry("trim", Filters::trim),
          Map.entry("capitalize", change(PythonText::capitalize)),
          Map.entry("lower", change(PythonText::lower)),
          Map.entry("upper", change(PythonText::upper)),
          Map.entry("title", change(PythonText::titleWords)),
          Map.entry("string", change(UnaryOperator.identity())),
          Map.entry("safe", change(UnaryOperator.identity())),
          Map.entry("length", Filters::length),
          Map.entry("count", Filters::length),
          Map.entry("tojson", Filters::toJson),
          Map.entry("join", Filters::join),
          Map.entry("default", Filters::defaultValue),
          Map.entry("d", Filters::defaultValue),
          Map.entry("replace", Filters::replace),
          Map.entry("first", Filters::first),
          Map.entry("last", Filters::last),
          Map.entry("list", Filters::list),
          Map.entry("items", Filters::items),
          Map.entry("dictsort", Filters::dictSort),
          Map.entry("sort", Filters::sort),
          Map.entry("reverse", Filters::reverse),
          Map.entry("unique", Filters::unique),
          Map.entry("map", Filters::map),
          Map.entry("select", (v, a) -> select(v, a, false, true)),
          Map.entry("reject", (v, a) -> select(v, a, false, false)),
          Map.entry("selectattr", (v, a) -> select(v, a, true, true)),
          Map.entry("rejectattr", (v, a) -> select(v, a, true, false)),
          Map.entry("int", Filters::toInt),
          Map.entry("float", Filters::toFloat),
          Map.entry("abs", Filters::abs));

  private Filters() {}

  private static Text print(Arguments arguments, Value value) {
    return Printer.print(arguments.meter(), value);
  }

  private static Function change(UnaryOperator<String> change) {
    return (input, arguments) -> {
      arguments.none();
      Text text = print(arguments, input);
      arguments.meter().chargeText(text.length());
      return text.map(change);
    };
  }

  private static Value trim(Value input, Arguments arguments) {
    Value set = arguments.bind("chars")[0];
    return Strings.strip(
        arguments.meter(),
        print(arguments, input),
        set == null || set instanceof Value.None ? null : arguments.text(set, "chars"),
        true,
        true);
  }

  private static Value length(Value input, Arguments arguments) {
    arguments.none();
    return new Value.Int(
        switch (input) {
          case Text t -> {
            arguments.meter().charge(t.length() / 16);
            yield t.codePoints();
          }
          case Sequence s when s.kind() != Sequence.Kind.GENERATOR -> s.items().size();
          case Value.Dict d -> d.entries().size();
          case Value.Undefined u -> 0;
          default -> throw wrongInput(arguments, "a string, list or dictionary", input);
        });
  }

  private static RuntimeException wrongInput(Arguments arguments, String expected, Value input) {
    return arguments.meter().wrongType(arguments.callee(), expected, input);
  }

  private static Value toJson(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("ensure_ascii", "indent", "separators", "sort_keys");
    String indent = null;
    if (bound[1] != null && !(bound[1] instanceof Value.None)) {
      long width = arguments.integer(bound[1], "indent");
      if (width > 100) {
        throw arguments.meter().error("filter 'tojson': expected an indent up to 100");
      }
      indent = " ".repeat((int) Math.max(0, width));
    }
    String itemSeparator = indent == null ? ", " : ",";
    String keySeparator = ": ";
    if (bound[2] != null && !(bound[2] instanceof Value.None)) {
      if (!(bound[2] instanceof Sequence s) || s.items().size() != 2) {
        throw wrongInput(arguments, "two separators", bound[2]);
      }
      itemSeparator = arguments.text(s.items().get(0), "separators").value();
      keySeparator = arguments.text(s.items().get(1), "separators").value();
    }
    JsonStyle style =
        new JsonStyle(
            indent,
            itemSeparator,
            keySeparator,
            bound[3] != null && Operators.isTrue(bound[3]),
            bound[0] != null && Operators.isTrue(bound[0]));
    return Printer.json(arguments.meter(), input, style);
  }

  private static Value join(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("d", "attribute");
    Text separator = bound[0] == null ? Text.EMPTY : print(arguments, bound[0]);
    List<Text> parts = new ArrayList<>();
    for (Value item : Functions.iterate(arguments.meter(), input)) {
      Value part = bound[1] == null ? item : Lookup.path(arguments.meter(), item, bound[1]);
      parts.add(print(arguments, part));
    }
    return Strings.join(arguments.meter(), separator, parts);
  }

  private static Value defaultValue(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("default_value", "boolean");
    boolean orFalse = bound[1] != null && Operators.isTrue(bound[1]);
    boolean missing = input instanceof Value.Undefined || (orFalse && !Operators.isTrue(input));
    Value otherwise = bound[0] == null ? Text.EMPTY : bound[0];
    return missing ? otherwise : input;
  }

  private static Value replace(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("old", "new", "count");
    return Strings.replace(
        arguments.meter(),
        print(arguments, input),
        print(arguments, arguments.required(bound[0], "old")),
        print(arguments, arguments.required(bound[1], "new")),
        arguments.integerOr(bound[2], "count", -1));
  }

  private static List<? extends Value> iterate(Value input, Arguments arguments) {
    List<? extends Value> items = Functions.iterate(arguments.meter(), input);
    arguments.meter().chargeItems(items.size());
    return items;
  }

  private static Value first(Value input, Arguments arguments) {
    arguments.none();
    List<? extends Value> items = iterate(input, arguments);
    return items.isEmpty() ? new Value.Undefined("the first of no elements") : items.getFirst();
  }

  private static Value last(Value input, Arguments arguments) {
    arguments.none();
    if (input instanceof Sequence s && s.kind() == Sequence.Kind.GENERATOR) {
      throw wrongInput(arguments, "a list or string", input);
    }
    List<? extends Value> items = iterate(input, arguments);
    return items.isEmpty() ? new Value.Undefined("the last of no elements") : items.getLast();
  }

  private static Value list(Value input, Arguments arguments) {
    arguments.none();
    return Value.list(List.copyOf(iterate(input, arguments)));
  }

  private static Value items(Value input, Arguments arguments) {
    arguments.none();
    return switch (input) {
      case Value.Dict dict -> Value.generator(Functions.pairs(arguments.meter(), dict));
      case Value.Undefined u -> Value.generator(List.of());
      default -> throw wrongInput(arguments, "a dictionary", input);
    };
  }

  private static Value dictSort(Value input, Arguments arguments) {
    arguments.none();
    if (!(input instanceof Value.Dict dict)) {
      throw wrongInput(arguments, "a dictionary", input);
    }
    // Jinja compares the keys without regard to case.
    Meter meter = arguments.meter();
    List<Map.Entry<Text, Value>> entries = new ArrayList<>(dict.entries().entrySet());
    entries.sort((a, b) -> compareIgnoringCase(meter, a.getKey(), b.getKey()));
    List<Value> pairs = new ArrayList<>();
    entries.forEach(e -> pairs.add(Value.tuple(List.of(e.getKey(), e.getValue()))));
    return Value.list(pairs);
  }

  private static int compareIgnoringCase(Meter meter, Value a, Value b) {
    meter.charge(Meter.OBJECT);
    if (a instanceof Text x && b instanceof Text y) {
      meter.charge((long) x.length() + y.length());
      return PythonText.compare(PythonText.lower(x.value()), PythonText.lower(y.value()));
    }
    return Operators.compare(meter, a, b);
  }

  private static Value sort(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("reverse", "case_sensitive", "attribute");
    Meter meter = arguments.meter();
    boolean caseSensitive = bound[1] != null && Operators.isTrue(bound[1]);
    Value attribute = bound[2];
    Comparator<Value> order =
        (a, b) -> caseSensitive ? Operators.compare(meter, a, b) : compareIgnoringCase(meter, a, b);
    if (attribute != null) {
      Comparator<Value> ofAttribute = order;
      order =
          (a, b) ->
              ofAttribute.compare(
                  Lookup.path(meter, a, attribute), Lookup.path(meter, b, attribute));
    }
    List<Value> items = new ArrayList<>(iterate(input, arguments));
    items.sort(bound[0] != null && Operators.isTrue(bound[0]) ? order.reversed() : order);
    return Value.list(items);
  }

  private static Value reverse(Value input, Arguments arguments) {
    arguments.none();
    List<? extends Value> items = iterate(input, arguments);
    if (input instanceof Text) {
      Text.Builder reversed = new Text.Builder();
      items.reversed().forEach(c -> reversed.append((Text) c));
      return reversed.build();
    }
    return Value.generator(List.copyOf(items.reversed()));
  }

  private static Value unique(Value input, Arguments arguments) {
    arguments.none();
    List<Value> unique = new ArrayList<>();
    for (Value item : iterate(input, arguments)) {
      boolean known = false;
      for (int i = 0; !known && i < unique.size(); i++) {
        known = equalIgnoringCase(arguments.meter(), unique.get(i), item);
      }
      if (!known) {
        unique.add(item);
      }
    }
    return Value.generator(unique);
  }

  private static boolean equalIgnoringCase(Meter meter, Value a, Value b) {
    return (a instanceof Text && b instanceof Text)
        ? compareIgnoringCase(meter, a, b) == 0
        : Operators.equal(meter, a, b);
  }

  private static Value map(Value input, Arguments arguments) {
    Meter meter = arguments.meter();
    List<Value> results = new ArrayList<>();
    if (arguments.positional().isEmpty()) {
      @Nullable Value[] bound = arguments.bind("attribute", "default");
      Value path = arguments.required(bound[0], "attribute");
      for (Value item : iterate(input, arguments)) {
        Value result = Lookup.path(meter, item, path);
        results.add(result instanceof Value.Undefined && bound[1] != null ? bound[1] : result);
      }
      return Value.generator(results);
    }
    String name = arguments.text(arguments.positional().getFirst(), "filter").value();
    Function function = BY_NAME.get(name);
    if (function == null || name.equals("map")) {
      throw meter.error("filter 'map': filter '" + name + "' is not supported");
    }
    Arguments rest = rest(arguments, "filter '" + name + "'", 1);
    for (Value item : iterate(input, arguments)) {
      results.add(function.apply(item, rest));
    }
    return Value.generator(results);
  }

  private static Arguments rest(Arguments arguments, String callee, int from) {
    List<Value> positional = arguments.positional();
    return new Arguments(
        arguments.meter(),
        callee,
        positional.subList(Math.min(from, positional.size()), positional.size()),
        arguments.named());
  }

  /** Keeps the elements that pass (or fail) a test, themselves or by an attribute. */
  private static Value select(
      Value input, Arguments arguments, boolean byAttribute, boolean passing) {
    Meter meter = arguments.meter();
    List<Value> positional = arguments.positional();
    if (byAttribute && positional.isEmpty()) {
      throw meter.error(arguments.callee() + ": argument 'attribute' is missing");
    }
    int testAt = byAttribute ? 1 : 0;
    Tests.Test test = (value, none) -> Operators.isTrue(value);
    String name = "";
    if (positional.size() > testAt) {
      name = arguments.text(positional.get(testAt), "test").value();
      Tests.Test named = Tests.BY_NAME.get(name);
      if (named == null) {
        throw meter.error(arguments.callee() + ": test '" + name + "' is not supported");
      }
      test = named;
    }
    Arguments rest = rest(arguments, "test '" + name + "'", testAt + 1);
    List<Value> selected = new ArrayList<>();
    for (Value item : iterate(input, arguments)) {
      Value tested = byAttribute ? Lookup.path(meter, item, positional.getFirst()) : item;
      if (test.passes(tested, rest) == passing) {
        selected.add(item);
      }
    }
    return Value.generator(selected);
  }

  private static Value toInt(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("default");
    Value otherwise = bound[0] == null ? new Value.Int(0) : bound[0];
    return switch (input) {
      case Value.Int i -> i;
      case Value.Bool b -> new Value.Int(b.value() ? 1 : 0);
      case Value.Real r -> truncate(arguments, r.value(), otherwise);
      case Text t -> {
        String digits = strippedNumber(arguments, t);
        if (digits.matches("[+-]?[0-9]{1,18}")) {
          yield new Value.Int(Long.parseLong(digits));
        }
        yield isDecimal(digits)
            ? truncate(arguments, Double.parseDouble(digits), otherwise)
            : otherwise;
      }
      case Value.Undefined u -> throw wrongInput(arguments, "a number", u);
      default -> otherwise;
    };
  }

  private static Value truncate(Arguments arguments, double value, Value otherwise) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return otherwise;
    }
    if (Math.abs(value) >= 0x1p63) {
      throw arguments.meter().error("filter 'int': the number does not fit into 64 bits");
    }
    return new Value.Int((long) value);
  }

  private static Value toFloat(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("default");
    Value otherwise = bound[0] == null ? new Value.Real(0) : bound[0];
    return switch (input) {
      case Value.Real r -> r;
      case Value.Int i -> new Value.Real(i.value());
      case Value.Bool b -> new Value.Real(b.value() ? 1 : 0);
      case Text t -> {
        String digits = strippedNumber(arguments, t);
        yield isDecimal(digits) ? new Value.Real(Double.parseDouble(digits)) : otherwise;
      }
      case Value.Undefined u -> throw wrongInput(arguments, "a number", u);
      default -> otherwise;
    };
  }

  private static String strippedNumber(Arguments arguments, Text text) {
    return Strings.strip(arguments.meter(), text, null, true, true).value();
  }

  private static boolean isDecimal(String digits) {
    return digits.length() < 400
        && digits.matches("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");
  }

  private static Value abs(Value input, Arguments arguments) {
    arguments.none();
    boolean negative =
        Operators.isNumber(input)
            && Operators.compare(arguments.meter(), input, new Value.Int(0)) < 0;
    return Operators.sign(arguments.meter(), negative, input);
  }
}
