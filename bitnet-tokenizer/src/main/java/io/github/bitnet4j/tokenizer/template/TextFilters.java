package io.github.bitnet4j.tokenizer.template;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The filters that print their input and change the text. */
final class TextFilters {
  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}_]+");
  private static final long TRUNCATE_LEEWAY = 5;
  private static final Text NEW_LINE = Text.ofTemplate("\n");

  private TextFilters() {}

  static Map<String, Filters.Filter> all() {
    Map<String, Filters.Filter> filters = new HashMap<>();
    filters.put("trim", TextFilters::trim);
    filters.put("capitalize", changeCase(PythonText::capitalize));
    filters.put("lower", changeCase(PythonText::lower));
    filters.put("upper", changeCase(PythonText::upper));
    filters.put("title", changeCase(PythonText::titleWords));
    filters.put("string", TextFilters::string);
    filters.put("safe", TextFilters::safe);
    filters.put("escape", TextFilters::escape);
    filters.put("e", TextFilters::escape);
    filters.put("forceescape", TextFilters::forceEscape);
    filters.put("replace", TextFilters::replace);
    filters.put("indent", TextFilters::indent);
    filters.put("center", TextFilters::center);
    filters.put("truncate", TextFilters::truncate);
    filters.put("wordcount", TextFilters::wordCount);
    filters.put("format", TextFilters::format);
    filters.put("urlencode", TextFilters::urlEncode);
    return filters;
  }

  static Text print(Arguments arguments, Value value) {
    return Printer.print(arguments.meter(), value);
  }

  private static Filters.Filter changeCase(UnaryOperator<String> change) {
    return (input, arguments) -> {
      arguments.none();
      Text text = print(arguments, input);
      arguments.meter().chargeText(text.length());
      return text.mapCase(change);
    };
  }

  private static Value string(Value input, Arguments arguments) {
    arguments.none();
    return print(arguments, input);
  }

  private static Value safe(Value input, Arguments arguments) {
    arguments.none();
    return print(arguments, input).asMarkup();
  }

  private static Value forceEscape(Value input, Arguments arguments) {
    arguments.none();
    return Strings.escape(arguments.meter(), print(arguments, input)).asMarkup();
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

  private static Value escape(Value input, Arguments arguments) {
    arguments.none();
    Text text = print(arguments, input);
    return text.isMarkup() ? text : Strings.escape(arguments.meter(), text).asMarkup();
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

  /** Indents all lines but the first, and none that is empty, unless told otherwise. */
  private static Value indent(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("width", "first", "blank");
    Meter meter = arguments.meter();
    if (!(input instanceof Text text)) {
      throw Filters.wrongInput(arguments, "a string", input);
    }
    Text indent =
        bound[0] instanceof Text given
            ? given
            : Strings.spaces(meter, bound[0] == null ? 4 : arguments.integer(bound[0], "width"));
    boolean blank = Arguments.isTrue(bound[2]);
    Text.Builder result = new Text.Builder();
    if (Arguments.isTrue(bound[1])) {
      Strings.append(meter, result, indent);
    }
    List<Value> lines =
        Strings.lines(meter, Strings.join(meter, Text.EMPTY, List.of(text, NEW_LINE)), false);
    for (int i = 0; i < lines.size(); i++) {
      Text line = (Text) lines.get(i);
      if (i > 0) {
        Strings.append(meter, result, NEW_LINE);
        if (blank || !line.isEmpty()) {
          Strings.append(meter, result, indent);
        }
      }
      Strings.append(meter, result, line);
    }
    return text.isMarkup() ? result.build().asMarkup() : result.build();
  }

  private static Value center(Value input, Arguments arguments) {
    Value width = arguments.bind("width")[0];
    return Strings.center(
        arguments.meter(),
        print(arguments, input),
        width == null ? 80 : arguments.integer(width, "width"),
        Text.ofTemplate(" "));
  }

  private static Value truncate(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("length", "killwords", "end", "leeway");
    Meter meter = arguments.meter();
    if (!(input instanceof Text text)) {
      throw Filters.wrongInput(arguments, "a string", input);
    }
    long length = bound[0] == null ? 255 : arguments.integer(bound[0], "length");
    Text end = bound[2] == null ? Text.ofTemplate("...") : arguments.text(bound[2], "end");
    long leeway = arguments.integerOr(bound[3], "leeway", TRUNCATE_LEEWAY);
    if (length < end.codePoints() || leeway < 0) {
      throw meter.error(
          "filter 'truncate': expected a length of at least that of 'end' and a leeway from 0");
    }
    meter.chargeText(text.length());
    if (text.codePoints() - leeway <= length) {
      return text;
    }
    int kept = (int) length - end.codePoints();
    Text start = text.substring(0, text.value().offsetByCodePoints(0, kept));
    int space = start.value().lastIndexOf(' ');
    if (!Arguments.isTrue(bound[1]) && space >= 0) {
      start = start.substring(0, space);
    }
    return Strings.join(meter, Text.EMPTY, List.of(start, end));
  }

  private static Value wordCount(Value input, Arguments arguments) {
    arguments.none();
    Text text = print(arguments, input);
    arguments.meter().charge(text.length());
    return new Value.Int(WORD.matcher(text.value()).results().count());
  }

  private static Value format(Value input, Arguments arguments) {
    Value given = Value.tuple(arguments.positional());
    if (!arguments.named().isEmpty()) {
      if (!arguments.positional().isEmpty()) {
        throw arguments.meter().error("filter 'format': arguments both with and without names");
      }
      Dict named = new Dict();
      arguments.named().forEach((name, value) -> named.put(Text.ofTemplate(name), value));
      given = named;
    }
    return new PercentFormat(arguments.meter(), print(arguments, input), given).format();
  }

  private static Value urlEncode(Value input, Arguments arguments) {
    arguments.none();
    if (!(input instanceof Dict) && !(input instanceof Value.Sequence)) {
      return quote(arguments, input, "/-_.~", false);
    }
    List<Text> parts = new ArrayList<>();
    List<? extends Value> pairs =
        input instanceof Dict dict
            ? Functions.pairs(arguments.meter(), dict)
            : Functions.iterate(arguments.meter(), input);
    for (Value pair : pairs) {
      if (!(pair instanceof Value.Sequence s) || s.items().size() != 2) {
        throw Filters.wrongInput(arguments, "pairs", pair);
      }
      Text key = quote(arguments, s.items().get(0), "-_.~", true);
      Text value = quote(arguments, s.items().get(1), "-_.~", true);
      parts.add(Strings.join(arguments.meter(), Text.ofTemplate("="), List.of(key, value)));
    }
    return Strings.join(arguments.meter(), Text.ofTemplate("&"), parts);
  }

  private static Text quote(Arguments arguments, Value value, String safe, boolean plus) {
    String text = print(arguments, value).value();
    arguments.meter().chargeText(3L * text.length());
    StringBuilder quoted = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      if ((c < 0x80 && Character.isLetterOrDigit(c)) || safe.indexOf(c) >= 0) {
        quoted.append(c);
      } else if (plus && c == ' ') {
        quoted.append('+');
      } else {
        quoted.append(String.format("%%%02X", (int) c));
      }
    }
    return Text.ofData(quoted.toString());
  }
}
