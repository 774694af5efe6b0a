package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Methods.Method;
import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Python's methods of strings. */
final class TextMethods {
  /** The methods that escape their arguments if the text is HTML, which is not supported. */
  static final Set<String> ESCAPING =
      Set.of(
          "replace",
          "join",
          "format",
          "partition",
          "rpartition",
          "center",
          "ljust",
          "rjust",
          "zfill");

  static final Map<String, Method<Text>> BY_NAME = new HashMap<>();

  static {
    BY_NAME.put("strip", (t, a) -> strip(t, a, true, true));
    BY_NAME.put("lstrip", (t, a) -> strip(t, a, true, false));
    BY_NAME.put("rstrip", (t, a) -> strip(t, a, false, true));
    BY_NAME.put("startswith", (t, a) -> Value.of(hasAffix(t, a, "prefix", true)));
    BY_NAME.put("endswith", (t, a) -> Value.of(hasAffix(t, a, "suffix", false)));
    BY_NAME.put("removeprefix", TextMethods::removePrefix);
    BY_NAME.put("removesuffix", TextMethods::removeSuffix);
    BY_NAME.put("split", (t, a) -> split(t, a, true));
    BY_NAME.put("rsplit", (t, a) -> split(t, a, false));
    BY_NAME.put("splitlines", TextMethods::splitLines);
    BY_NAME.put("partition", (t, a) -> partition(t, a, true));
    BY_NAME.put("rpartition", (t, a) -> partition(t, a, false));
    BY_NAME.put("upper", changeCase(PythonText::upper));
    BY_NAME.put("lower", changeCase(PythonText::lower));
    BY_NAME.put("casefold", changeCase(s -> PythonText.lower(PythonText.upper(s))));
    BY_NAME.put("title", changeCase(PythonText::title));
    BY_NAME.put("capitalize", changeCase(PythonText::capitalize));
    BY_NAME.put("swapcase", changeCase(PythonText::swapCase));
    BY_NAME.put("replace", TextMethods::replace);
    BY_NAME.put("find", (t, a) -> new Value.Int(find(t, a, true)));
    BY_NAME.put("rfind", (t, a) -> new Value.Int(find(t, a, false)));
    BY_NAME.put("index", (t, a) -> index(t, a, true));
    BY_NAME.put("rindex", (t, a) -> index(t, a, false));
    BY_NAME.put("count", TextMethods::count);
    BY_NAME.put("join", TextMethods::join);
    BY_NAME.put("format", (t, a) -> new BraceFormat(t, a).format());
    BY_NAME.put("center", (t, a) -> pad(t, a, 0));
    BY_NAME.put("ljust", (t, a) -> pad(t, a, -1));
    BY_NAME.put("rjust", (t, a) -> pad(t, a, 1));
    BY_NAME.put("zfill", TextMethods::zeroFill);
    BY_NAME.put("isalpha", all(TextMethods::isLetter));
    BY_NAME.put("isdecimal", all(c -> Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER));
    BY_NAME.put("isdigit", all(TextMethods::isDigit));
    BY_NAME.put("isnumeric", all(TextMethods::isNumeric));
    BY_NAME.put("isalnum", all(c -> isLetter(c) || isNumeric(c)));
    BY_NAME.put("isspace", all(c -> c < 0x10000 && PythonText.isSpace((char) c)));
    BY_NAME.put("isascii", matches(s -> s.chars().allMatch(c -> c < 0x80)));
    BY_NAME.put("isprintable", matches(s -> s.codePoints().allMatch(Printer::isPrintable)));
    BY_NAME.put("islower", matches(s -> PythonText.isCase(s, false)));
    BY_NAME.put("isupper", matches(s -> PythonText.isCase(s, true)));
    BY_NAME.put("istitle", matches(PythonText::isTitle));
  }

  private TextMethods() {}

  private static Method<Text> changeCase(UnaryOperator<String> change) {
    return (text, arguments) -> {
      arguments.none();
      arguments.meter().chargeText(text.length());
      return text.mapCase(change);
    };
  }

  private static Method<Text> matches(Predicate<String> test) {
    return (text, arguments) -> {
      arguments.none();
      arguments.meter().charge(text.length());
      return Value.of(test.test(text.value()));
    };
  }

  /** All characters pass, and there is one. */
  private static Method<Text> all(IntPredicate test) {
    return matches(s -> !s.isEmpty() && s.codePoints().allMatch(test));
  }

  private static boolean isLetter(int c) {
    return Character.isLetter(c);
  }

  /** Python's digits are the decimal ones, and superscripts and circled ones up to 9. */
  @SuppressWarnings("CharacterGetNumericValue") // of numbers only, which it is right for
  private static boolean isDigit(int c) {
    return Character.isDigit(c)
        || (Character.getType(c) == Character.OTHER_NUMBER
            && Character.getNumericValue(c) >= 0
            && Character.getNumericValue(c) <= 9);
  }

  private static boolean isNumeric(int c) {
    return switch (Character.getType(c)) {
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
      default -> false;
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

  /** Python accepts several candidates as a tuple, and the part of the text that is looked at. */
  private static boolean hasAffix(Text text, Arguments arguments, String name, boolean atStart) {
    @Nullable Value[] bound = arguments.bind(name, "start", "end");
    Value affix = arguments.required(bound[0], name);
    Text part = part(text, arguments, bound[1], bound[2]);
    List<Value> candidates =
        affix instanceof Sequence s && s.kind().isTuple() ? s.items() : List.of(affix);
    boolean found = false;
    for (Value value : candidates) {
      String candidate = arguments.text(value, name).value();
      arguments.meter().charge(1 + candidate.length() / 16);
      found |= atStart ? part.value().startsWith(candidate) : part.value().endsWith(candidate);
    }
    return found;
  }

  private static Text part(
      Text text, Arguments arguments, @Nullable Value start, @Nullable Value end) {
    return start == null && end == null
        ? text
        : (Text) Lookup.slice(arguments.meter(), text, start, end, null);
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
    long limit = bound[1] == null ? -1 : arguments.integer(bound[1], "maxsplit");
    Meter meter = arguments.meter();
    if (separator == null) {
      return Value.list(
          fromLeft ? Strings.words(meter, text, limit) : Strings.wordsRight(meter, text, limit));
    }
    Text by = arguments.text(separator, "sep");
    return Value.list(
        fromLeft
            ? Strings.split(meter, text, by, limit)
            : Strings.splitRight(meter, text, by, limit));
  }

  private static Value splitLines(Text text, Arguments arguments) {
    boolean keepEnds = Arguments.isTrue(arguments.bind("keepends")[0]);
    return Value.list(Strings.lines(arguments.meter(), text, keepEnds));
  }

  private static Value partition(Text text, Arguments arguments, boolean first) {
    Text separator = arguments.text(arguments.single("sep"), "sep");
    Meter meter = arguments.meter();
    if (separator.isEmpty()) {
      throw meter.error(arguments.callee() + ": the separator is empty");
    }
    meter.chargeSearch(text.length(), separator.length());
    meter.chargeText(text.length());
    String s = text.value();
    int at = first ? s.indexOf(separator.value()) : s.lastIndexOf(separator.value());
    if (at < 0) {
      return Value.tuple(
          first ? List.of(text, Text.EMPTY, Text.EMPTY) : List.of(Text.EMPTY, Text.EMPTY, text));
    }
    int end = at + separator.length();
    return Value.tuple(
        List.of(text.substring(0, at), separator, text.substring(end, text.length())));
  }

  private static Value replace(Text text, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("old", "new", "count");
    return Strings.replace(
        arguments.meter(),
        text,
        arguments.text(bound[0], "old"),
        arguments.text(bound[1], "new"),
        bound[2] == null ? -1 : arguments.integer(bound[2], "count"));
  }

  private static long find(Text text, Arguments arguments, boolean first) {
    @Nullable Value[] bound = arguments.bind("sub", "start", "end");
    String part = arguments.text(bound[0], "sub").value();
    Text searched = part(text, arguments, bound[1], bound[2]);
    arguments.meter().chargeSearch(searched.length(), part.length());
    int at = first ? searched.value().indexOf(part) : searched.value().lastIndexOf(part);
    if (at < 0) {
      return -1;
    }
    int before = searched.value().codePointCount(0, at);
    int length = text.codePoints();
    Value start = noneAsNull(bound[1]);
    long from = start == null ? 0 : arguments.integer(start, "start");
    return before + Math.clamp(from < 0 ? from + length : from, 0, (long) length);
  }

  private static Value index(Text text, Arguments arguments, boolean first) {
    long at = find(text, arguments, first);
    if (at < 0) {
      throw arguments.meter().error(arguments.callee() + ": the part is not there");
    }
    return new Value.Int(at);
  }

  private static Value count(Text text, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("sub", "start", "end");
    String part = arguments.text(bound[0], "sub").value();
    Text searched = part(text, arguments, bound[1], bound[2]);
    arguments.meter().chargeSearch(searched.length(), part.length());
    if (part.isEmpty()) {
      return new Value.Int(searched.codePoints() + 1L);
    }
    long count = 0;
    for (int at = searched.value().indexOf(part);
        at >= 0;
        at = searched.value().indexOf(part, at + part.length())) {
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

  /** Pads a text on both sides (0), on the right (-1) or on the left (1). */
  private static Value pad(Text text, Arguments arguments, int side) {
    @Nullable Value[] bound = arguments.bind("width", "fillchar");
    long width = arguments.integer(bound[0], "width");
    Text fill = bound[1] == null ? Text.ofTemplate(" ") : arguments.text(bound[1], "fillchar");
    Meter meter = arguments.meter();
    if (fill.codePoints() != 1) {
      throw meter.error(arguments.callee() + ": expected one character to fill with");
    }
    long missing = Math.max(0, width - text.codePoints());
    return switch (side) {
      case 0 -> Strings.center(meter, text, width, fill);
      case -1 -> Strings.pad(meter, text, 0, missing, fill);
      default -> Strings.pad(meter, text, missing, 0, fill);
    };
  }

  private static Value zeroFill(Text text, Arguments arguments) {
    long width = arguments.integer(arguments.single("width"), "width");
    int sign = text.value().startsWith("-") || text.value().startsWith("+") ? 1 : 0;
    long missing = Math.max(0, width - text.codePoints());
    Text digits = text.substring(sign, text.length());
    return text.substring(0, sign)
        .plus(Strings.pad(arguments.meter(), digits, missing, 0, Text.ofTemplate("0")));
  }
}
