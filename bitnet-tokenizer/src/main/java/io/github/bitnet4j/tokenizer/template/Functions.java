package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The functions that templates may call by name, and iteration. */
final class Functions {
  static final Set<String> NAMES =
      Set.of("raise_exception", "namespace", "dict", "range", "strftime_now");

  private static final long MAX_RANGE = 100_000;

  private Functions() {}

  /** Calls the function that is named as the callee; the scope may hold the date. */
  static Value call(String name, Arguments arguments, Scope scope) {
    return switch (name) {
      case "raise_exception" ->
          throw new ChatTemplateException(
              arguments.text(arguments.single("message"), "message").value());
      case "namespace" -> namespace(arguments);
      case "dict" -> new Value.Dict(dict(arguments));
      case "range" -> range(arguments);
      default -> date(arguments, scope);
    };
  }

  private static Value namespace(Arguments arguments) {
    Value.Namespace namespace = new Value.Namespace();
    dict(arguments).forEach((key, value) -> namespace.attributes.put(key.value(), value));
    return namespace;
  }

  private static Map<Text, Value> dict(Arguments arguments) {
    Map<Text, Value> entries = new LinkedHashMap<>();
    for (Value source : arguments.positional()) {
      if (!(source instanceof Value.Dict dict) || arguments.positional().size() > 1) {
        throw arguments.meter().wrongType(arguments.callee(), "one dictionary", source);
      }
      entries.putAll(dict.entries());
    }
    arguments.named().forEach((key, value) -> entries.put(Text.ofTemplate(key), value));
    arguments.meter().charge((long) Meter.OBJECT * entries.size());
    return entries;
  }

  private static Value range(Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("start", "stop", "step");
    long first = arguments.integer(bound[0], "stop");
    long start = bound[1] == null ? 0 : first;
    long stop = bound[1] == null ? first : arguments.integer(bound[1], "stop");
    long step = arguments.integerOr(bound[2], "step", 1);
    Meter meter = arguments.meter();
    if (step == 0) {
      throw meter.error("function 'range': the step is 0");
    }
    List<Value> items = new ArrayList<>();
    for (long i = start; step > 0 ? i < stop : i > stop; ) {
      if (items.size() == MAX_RANGE) {
        throw meter.error("function 'range': more than " + MAX_RANGE + " numbers");
      }
      meter.charge(Meter.OBJECT);
      items.add(new Value.Int(i));
      long next = i + step;
      if ((next > i) != (step > 0)) {
        break;
      }
      i = next;
    }
    return new Sequence(Sequence.Kind.RANGE, items);
  }

  /** The clock is not read: the date is what the caller gives as a variable of the same name. */
  private static Value date(Arguments arguments, Scope scope) {
    arguments.single("format");
    if (scope.get("strftime_now") instanceof Text date) {
      return date;
    }
    throw arguments
        .meter()
        .error("function 'strftime_now' needs the date as a variable of this name");
  }

  /** Returns what a loop over the value visits. */
  static List<? extends Value> iterate(Meter meter, Value value) {
    return switch (value) {
      case Sequence s -> s.items();
      case Value.Dict d -> List.copyOf(d.entries().keySet());
      case Text t -> Lookup.characters(meter, t);
      case Value.Undefined u -> List.of();
      default -> throw meter.wrongType("loop", "a list, dictionary or string", value);
    };
  }

  /** Returns the entries of a dictionary as tuples of key and value. */
  static List<Value> pairs(Meter meter, Value.Dict dict) {
    meter.charge((long) Meter.OBJECT * dict.entries().size());
    List<Value> pairs = new ArrayList<>(dict.entries().size());
    dict.entries().forEach((key, value) -> pairs.add(Value.tuple(List.of(key, value))));
    return pairs;
  }
}
