package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Printer.JsonStyle;
import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The filters that templates may use after {@code |}, by name, and those of all values. */
final class Filters {
  /** The body of a filter. */
  @FunctionalInterface
  interface Filter {
    Value apply(Value input, Arguments arguments);
  }

  private static final int MAX_INDENT = 100;

  private static final Map<String, Filter> BY_NAME = new HashMap<>();

  static {
    BY_NAME.put("length", Filters::length);
    BY_NAME.put("count", Filters::length);
    BY_NAME.put("tojson", Filters::toJson);
    BY_NAME.put("default", Filters::defaultValue);
    BY_NAME.put("d", Filters::defaultValue);
    BY_NAME.put("items", Filters::items);
    BY_NAME.put("attr", Filters::attribute);
    BY_NAME.putAll(TextFilters.all());
    BY_NAME.putAll(ListFilters.all());
    BY_NAME.putAll(NumberFilters.all());
  }

  private Filters() {}

  static boolean isKnown(String name) {
    return BY_NAME.containsKey(name);
  }

  /** Applies the filter of a name. */
  static Value apply(String name, Value input, Arguments arguments) {
    Filter filter = BY_NAME.get(name);
    if (filter == null) {
      throw arguments.meter().error("filter '" + name + "' is not supported");
    }
    return filter.apply(input, arguments);
  }

  static RuntimeException wrongInput(Arguments arguments, String expected, Value input) {
    return arguments.meter().wrongType(arguments.callee(), expected, input);
  }

  private static Value length(Value input, Arguments arguments) {
    arguments.none();
    return new Value.Int(
        switch (input) {
          case Text t -> {
            arguments.meter().charge(t.length() / 16);
            yield t.codePoints();
          }
          case Sequence s -> s.items().size();
          case Dict d -> d.size();
          case Value.Undefined _ -> 0;
          default -> throw wrongInput(arguments, "a string, list or dictionary", input);
        });
  }

  private static Value defaultValue(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("default_value", "boolean");
    boolean orFalse = Arguments.isTrue(bound[1]);
    boolean missing = input instanceof Value.Undefined || (orFalse && !Operators.isTrue(input));
    Value otherwise = bound[0] == null ? Text.EMPTY : bound[0];
    return missing ? otherwise : input;
  }

  private static Value items(Value input, Arguments arguments) {
    arguments.none();
    return switch (input) {
      case Dict dict -> new Value.Generator(Functions.pairs(arguments.meter(), dict));
      case Value.Undefined _ -> new Value.Generator(List.of());
      default -> throw wrongInput(arguments, "a dictionary", input);
    };
  }

  private static Value attribute(Value input, Arguments arguments) {
    String name = arguments.text(arguments.single("name"), "name").value();
    Value found = Lookup.ownAttribute(arguments.meter(), input, name);
    return found == null ? new Value.Undefined("attribute of a " + input.describe()) : found;
  }

  /** {@code json.dumps}, as Hugging Face defines the filter. */
  private static Value toJson(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("ensure_ascii", "indent", "separators", "sort_keys");
    String indent = indent(bound[1], arguments);
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
            Arguments.isTrue(bound[3]),
            Arguments.isTrue(bound[0]));
    return Printer.json(arguments.meter(), input, style);
  }

  private static @Nullable String indent(@Nullable Value given, Arguments arguments) {
    if (given == null || given instanceof Value.None) {
      return null;
    }
    if (given instanceof Text text) {
      return text.value();
    }
    long width = arguments.integer(given, "indent");
    if (width > MAX_INDENT) {
      throw arguments.meter().error("filter 'tojson': expected an indent up to " + MAX_INDENT);
    }
    return " ".repeat((int) Math.max(0, width));
  }
}
