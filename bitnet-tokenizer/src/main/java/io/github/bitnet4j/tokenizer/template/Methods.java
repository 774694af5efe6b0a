package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The methods of strings and dictionaries that templates may call; none changes its receiver. */
final class Methods {
  /** What a method does. */
  @FunctionalInterface
  interface Method {
    Value call(Value receiver, Arguments arguments);
  }

  @FunctionalInterface
  private interface TextMethod {
    Value call(Text receiver, Arguments arguments);
  }

  @FunctionalInterface
  private interface DictMethod {
    Value call(Value.Dict receiver, Arguments arguments);
  }

  static final Map<String, Method> BY_NAME =
      Map.ofEntries(
          text("strip", (t, a) -> strip(t, a, true, true)),
          text("lstrip", (t, a) -> strip(t, a, true, false)),
          text("rstrip", (t, a) -> strip(t, a, false, true)),
          text("startswith", (t, a) -> Value.of(hasAffix(t, a, "prefix", true))),
          text("endswith", (t, a) -> Value.of(hasAffix(t, a, "suffix", false))),
          text("removeprefix", Methods::removePrefix),
          text("removesuffix", Methods::removeSuffix),
          text("split", (t, a) -> split(t, a, true)),
          text("rsplit", (t, a) -> split(t, a, false)),
          text("splitlines", Methods::splitLines),
          text("upper", change(PythonText::upper)),
          text("lower", change(PythonText::lower)),
          text("title", change(PythonText::title)),
          text("capitalize", change(PythonText::capitalize)),
          text("replace", Methods::replace),
          text("find", Methods::find),
          text("count", Methods::count),
          text("join", Methods::join),
          text("isdigit", Methods::isDigit),
          text("isspace", Methods::isSpace),
          dict("items", Methods::items),
          dict("keys", (d, a) -> view(a, List.copyOf(d.entries().keySet()))),
          dict("values", (d, a) -> view(a, List.copyOf(d.entries().values()))),
          dict("get", Methods::get));

  private Methods() {}

  private static Map.Entry<String, Method> text(String name, TextMethod method) {
    return Map.entry(
        name,
        (receiver, arguments) -> {
          if (receiver instanceof Text text) {
            return method.call(text, arguments);
          }
          throw arguments.meter().wrongType(arguments.callee(), "a string", receiver);
        });
  }

  private static Map.Entry<String, Method> dict(String name, DictMethod method) {
    return Map.entry(
        name,
        (receiver, arguments) -> {
          if (receiver instanceof Value.Dict dict) {
            return method.call(dict, arguments);
          }
          throw arguments.meter().wrongType(arguments.callee(), "a dictionary", receiver);
        });
  }

  private static TextMethod change(UnaryOperator<String> change) {
    return (text, arguments) -> {
      arguments.none();
      arguments.meter().chargeText(text.length());
      return text.map(change);
    };
  }

  private static @Nullable Value noneAsNull(@Nullable Value value) {
    return value instanceof Value.None ? null : value;
  }

  private static Value strip(Text text, Arguments arguments, boolean left, boolean right) {
    Value set = noneAsNull(arguments.bind("chars")[0]);
    return Strings.strip(
        arguments.meter(), text, set == null ? null : arguments.text(set, "chars"), left, right);
  }

  /** Python takes several candidates as a tuple. */
  private static boolean hasAffix(Text text, Arguments arguments, String name, boolean atStart) {
    Value affix = arguments.single(name);
    boolean several = affix instanceof Sequence s && s.kind() == Sequence.Kind.TUPLE;
    List<Value> candidates = several ? ((Sequence) affix).items() : List.of(affix);
    boolean found = false;
    for (Value value : candidates) {
      String candidate = arguments.text(value, name).value();
      arguments.meter().charge(1 + candidate.length() / 16);
      found |= atStart ? text.value().startsWith(candidate) : text.value().endsWith(candidate);
    }
    return found;
  }

  private static Value removePrefix(Text text, Arguments arguments) {
    String prefix = arguments.text(arguments.single("prefix"), "prefix").value();
    arguments.meter().chargeText(text.length());
    return text.substring(text.value().startsWith(prefix) ? prefix.length() : 0, text.length());
  }

  private static Value removeSuffix(Text text, Arguments arguments) {
    String suffix = arguments.text(arguments.single("suffix"), "suffix").value();
    arguments.meter().chargeText(text.length());
    return text.substring(0, text.length() - (text.value().endsWith(suffix) ? suffix.length() : 0));
  }

  private static Value split(Text text, Arguments arguments, boolean fromLeft) {
    @Nullable Value[] bound = arguments.bind("sep", "maxsplit");
    Value separator = noneAsNull(bound[0]);
    long limit = arguments.integerOr(bound[1], "maxsplit", -1);
    Meter meter = arguments.meter();
    if (separator == null) {
      if (!fromLeft && limit >= 0) {
        throw meter.error(arguments.callee() + ": a limit without a separator is not supported");
      }
      return Value.list(Strings.words(meter, text, limit));
    }
    Text by = arguments.text(separator, "sep");
    return Value.list(
        fromLeft
            ? Strings.split(meter, text, by, limit)
            : Strings.splitRight(meter, text, by, limit));
  }

  private static Value splitLines(Text text, Arguments arguments) {
    arguments.none();
    return Value.list(Strings.lines(arguments.meter(), text));
  }

  private static Value replace(Text text, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("old", "new", "count");
    return Strings.replace(
        arguments.meter(),
        text,
        arguments.text(bound[0], "old"),
        arguments.text(bound[1], "new"),
        arguments.integerOr(bound[2], "count", -1));
  }

  private static Value find(Text text, Arguments arguments) {
    String part = arguments.text(arguments.single("sub"), "sub").value();
    arguments.meter().chargeSearch(text.length(), part.length());
    int at = text.value().indexOf(part);
    return new Value.Int(at < 0 ? -1 : text.value().codePointCount(0, at));
  }

  private static Value count(Text text, Arguments arguments) {
    String part = arguments.text(arguments.single("sub"), "sub").value();
    arguments.meter().chargeSearch(text.length(), part.length());
    if (part.isEmpty()) {
      return new Value.Int(text.codePoints() + 1L);
    }
    long count = 0;
    for (int at = text.value().indexOf(part);
        at >= 0;
        at = text.value().indexOf(part, at + part.length())) {
      count++;
    }
    return new Value.Int(count);
  }

  private static Value join(Text text, Arguments arguments) {
    Value parts = arguments.single("iterable");
    List<Text> texts = new ArrayList<>();
    for (Value part : Functions.iterate(arguments.meter(), parts)) {
      texts.add(arguments.text(part, "iterable"));
    }
    return Strings.join(arguments.meter(), text, texts);
  }

  private static Value isDigit(Text text, Arguments arguments) {
    arguments.none();
    arguments.meter().charge(text.length());
    return Value.of(!text.isEmpty() && text.value().codePoints().allMatch(Character::isDigit));
  }

  private static Value isSpace(Text text, Arguments arguments) {
    arguments.none();
    arguments.meter().charge(text.length());
    return Value.of(
        !text.isEmpty() && text.value().chars().allMatch(c -> PythonText.isSpace((char) c)));
  }

  private static Value items(Value.Dict dict, Arguments arguments) {
    return view(arguments, Functions.pairs(arguments.meter(), dict));
  }

  private static Value view(Arguments arguments, List<Value> items) {
    arguments.none();
    arguments.meter().chargeItems(items.size());
    return new Sequence(Sequence.Kind.VIEW, items);
  }

  private static Value get(Value.Dict dict, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("key", "default");
    Value key = arguments.required(bound[0], "key");
    Value value = key instanceof Text name ? dict.entries().get(name) : null;
    Value otherwise = bound[1] == null ? Value.None.NONE : bound[1];
    return value == null ? otherwise : value;
  }
}
