package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The methods of strings, lists and dictionaries. None changes its receiver: those that would do so
 * in Python are undefined, as in Jinja's immutable sandbox.
 */
final class Methods {
  /** The body of a method of a type. */
  @FunctionalInterface
  interface Method<T extends Value> {
    Value call(T receiver, Arguments arguments);
  }

  /** Methods of dictionaries that hide an entry of this name, but cannot be called. */
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "fromkeys", "pop", "popitem", "setdefault", "update");

  private static final Map<String, Method<Dict>> OF_DICTS =
      Map.of(
          "items", Methods::items,
          "keys", (d, a) -> view(a, d.keys()),
          "values", (d, a) -> view(a, d.entries().stream().map(Dict.Entry::value).toList()),
          "copy", Methods::copy,
          "get", Methods::get);

  private static final Map<String, Method<Sequence>> OF_SEQUENCES =
      Map.of("count", Methods::count, "index", Methods::index);

  private Methods() {}

  /**
   * Returns a method as a value that can be called; null if the value has none of this name, an
   * undefined value if it has one that would change it.
   */
  static @Nullable Value bound(Value value, String name) {
    return switch (value) {
      case Text text when text.isMarkup() && TextMethods.ESCAPING.contains(name) -> null;
      case Text text -> bound(text, TextMethods.BY_NAME.get(name), "string", name);
      case Dict _ when DICT_CHANGES.contains(name) ->
          new Value.Undefined("method '" + name + "' of a dictionary");
      case Dict dict -> bound(dict, OF_DICTS.get(name), "dictionary", name);
      case Sequence s when s.kind() != Sequence.Kind.VIEW ->
          bound(s, OF_SEQUENCES.get(name), s.describe(), name);
      default -> null;
    };
  }

  private static <T extends Value> @Nullable Value bound(
      T receiver, @Nullable Method<T> method, String type, String name) {
    return method == null
        ? null
        : Value.Instance.callable(
            "method '" + name + "' of a " + type, arguments -> method.call(receiver, arguments));
  }

  private static Value items(Dict dict, Arguments arguments) {
    return view(arguments, Functions.pairs(arguments.meter(), dict));
  }

  private static Value view(Arguments arguments, List<Value> items) {
    arguments.none();
    arguments.meter().chargeItems(items.size());
    return new Sequence(Sequence.Kind.VIEW, items);
  }

  private static Value copy(Dict dict, Arguments arguments) {
    arguments.none();
    return dict;
  }

  private static Value get(Dict dict, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("key", "default");
    Value value = dict.get(arguments.meter(), arguments.required(bound[0], "key"));
    Value otherwise = bound[1] == null ? Value.None.NONE : bound[1];
    return value == null ? otherwise : value;
  }

  private static Value count(Sequence list, Arguments arguments) {
    Value item = arguments.single("value");
    Meter meter = arguments.meter();
    return new Value.Int(
        list.items().stream().filter(other -> Operators.equal(meter, other, item)).count());
  }

  private static Value index(Sequence list, Arguments arguments) {
    Value item = arguments.single("value");
    for (int i = 0; i < list.items().size(); i++) {
      if (Operators.equal(arguments.meter(), list.items().get(i), item)) {
        return new Value.Int(i);
      }
    }
    throw arguments.meter().error(arguments.callee() + ": the value is not there");
  }
}
