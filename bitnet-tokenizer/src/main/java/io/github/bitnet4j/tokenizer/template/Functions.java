package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import io.github.bitnet4j.tokenizer.template.Value.Instance;
import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template can call, and iteration. */
final class Functions {
  private static final long MAX_RANGE = 100_000;

  private Functions() {}

  /** Returns the functions by name: Jinja's and those that Hugging Face adds. */
  static Map<String, Value> all(Clock clock) {
    Map<String, Value.Body> bodies = new LinkedHashMap<>();
    bodies.put("raise_exception", Functions::raise);
    bodies.put("namespace", Functions::namespace);
    bodies.put("dict", Functions::dict);
    bodies.put("range", Functions::range);
    bodies.put("cycler", Functions::cycler);
    bodies.put("joiner", Functions::joiner);
    bodies.put("strftime_now", arguments -> date(arguments, clock));
    Map<String, Value> functions = new LinkedHashMap<>();
    bodies.forEach(
        (name, body) -> functions.put(name, Instance.callable("function '" + name + "'", body)));
    return functions;
  }

  private static Value raise(Arguments arguments) {
    throw new ChatTemplateException(
        Printer.print(arguments.meter(), arguments.single("message")).value());
  }

  private static Value namespace(Arguments arguments) {
    Value.Namespace namespace = new Value.Namespace();
    for (Dict.Entry entry : dict(arguments).entries()) {
      if (entry.key() instanceof Text name) {
        namespace.attributes.put(name.value(), entry.value());
      }
    }
    return namespace;
  }

  private static Dict dict(Arguments arguments) {
    Meter meter = arguments.meter();
    Dict dict = new Dict();
    if (arguments.positional().size() > 1) {
      throw meter.error(arguments.callee() + ": expected at most one dictionary");
    }
    for (Value source : arguments.positional()) {
      if (source instanceof Dict other) {
        dict.putAll(other);
      } else {
        for (Value pair : iterate(meter, source)) {
          List<? extends Value> parts = iterate(meter, pair);
          if (parts.size() != 2) {
            throw meter.wrongType(arguments.callee(), "pairs of key and value", pair);
          }
          dict.put(meter, parts.get(0), parts.get(1));
        }
      }
    }
    arguments.named().forEach((key, value) -> dict.put(Text.ofTemplate(key), value));
    meter.charge((long) Meter.OBJECT * dict.size());
    return dict;
  }

  private static Value range(Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("start", "stop", "step");
    long first = arguments.integer(bound[0], "stop");
    long start = bound[1] == null ? 0 : first;
    long stop = bound[1] == null ? first : arguments.integer(bound[1], "stop");
    long step = bound[2] == null ? 1 : arguments.integer(bound[2], "step");
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

  /** An object whose method {@code next} returns the arguments one after the other, for ever. */
  private static Value cycler(Arguments arguments) {
    List<Value> items = List.copyOf(arguments.positional());
    if (items.isEmpty()) {
      throw arguments.meter().error("function 'cycler': expected at least one argument");
    }
    int[] next = {0};
    Value advance =
        Instance.callable(
            "method 'next' of a cycler",
            call -> {
              call.none();
              Value current = items.get(next[0]);
              next[0] = (next[0] + 1) % items.size();
              return current;
            });
    Value reset =
        Instance.callable(
            "method 'reset' of a cycler",
            call -> {
              call.none();
              next[0] = 0;
              return Value.None.NONE;
            });
    return new Instance(
        "cycler",
        null,
        name ->
            switch (name) {
              case "next" -> advance;
              case "reset" -> reset;
              case "current" -> items.get(next[0]);
              case "items" -> Value.tuple(items);
              case "pos" -> new Value.Int(next[0]);
              default -> null;
            },
        null);
  }

  /** A function that returns nothing at its first call, and the separator at all others. */
  private static Value joiner(Arguments arguments) {
    Value given = arguments.bind("sep")[0];
    Value separator = given == null ? Text.ofTemplate(", ") : given;
    boolean[] used = {false};
    return Instance.callable(
        "joiner",
        call -> {
          call.none();
          Value result = used[0] ? separator : Text.EMPTY;
          used[0] = true;
          return result;
        });
  }

  private static Value date(Arguments arguments, Clock clock) {
    String format = arguments.text(arguments.single("format"), "format").value();
    return Text.ofTemplate(
        new Strftime(arguments.meter(), ZonedDateTime.now(clock)).format(format));
  }

  /** Returns what a loop over the value visits; a generator is empty afterwards. */
  static List<? extends Value> iterate(Meter meter, Value value) {
    return switch (value) {
      case Sequence s -> s.items();
      case Value.Generator g -> g.takeAll();
      case Dict d -> d.keys();
      case Text t -> Lookup.characters(meter, t);
      case Value.Undefined u -> List.of();
      default -> throw meter.wrongType("loop", "a list, dictionary or string", value);
    };
  }

  /** Returns the entries of a dictionary as tuples of key and value. */
  static List<Value> pairs(Meter meter, Dict dict) {
    meter.charge((long) Meter.OBJECT * dict.size());
    List<Value> pairs = new ArrayList<>(dict.size());
    dict.entries().forEach(entry -> pairs.add(Value.tuple(List.of(entry.key(), entry.value()))));
    return pairs;
  }
}
