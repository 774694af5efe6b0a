package io.github.bitnet4j.tokenizer.template;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's {@code format.format(values)}; every character keeps its origin. */
final class BraceFormat {
  private static final Pattern FIELD =
      Pattern.compile("([^.\\[!:{}]*)((?:\\.[^.\\[!:{}]+|\\[[^\\]]+\\])*)(?:!([rsa]))?(?::(.*))?");
  private static final Pattern STEP = Pattern.compile("\\.([^.\\[]+)|\\[([^\\]]+)\\]");
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(.)?([<>=^]))?([-+ ]?)(#?)(0?)([0-9]{0,9})([,_]?)(?:\\.([0-9]{1,9}))?([a-zA-Z%]?)",
          Pattern.DOTALL);
  private static final int MAX_PRECISION = 1000;

  private final Meter meter;
  private final Text format;
  private final Arguments arguments;
  private final Text.Builder out = new Text.Builder();
  private int nextField;

  BraceFormat(Text format, Arguments arguments) {
    this.meter = arguments.meter();
    this.format = format;
    this.arguments = arguments;
  }

  Text format() {
    String text = format.value();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '{' && c != '}') {
        continue;
      }
      Strings.append(meter, out, format.substring(from, i));
      if (i + 1 < text.length() && text.charAt(i + 1) == c) {
        Strings.append(meter, out, format.substring(i, i + 1));
        i++;
      } else {
        int end = text.indexOf('}', i);
        if (c == '}' || end < 0) {
          throw meter.error(arguments.callee() + ": a brace is alone in the format");
        }
        Strings.append(meter, out, field(text.substring(i + 1, end)));
        i = end;
      }
      from = i + 1;
    }
    Strings.append(meter, out, format.substring(from, text.length()));
    return out.build();
  }

  private Text field(String field) {
    Matcher matcher = FIELD.matcher(field);
    if (!matcher.matches()) {
      throw meter.error(arguments.callee() + ": a field of the format is not supported");
    }
    Value value = argument(matcher.group(1));
    Matcher step = STEP.matcher(matcher.group(2));
    while (step.find()) {
      value =
          step.group(1) != null
              ? Lookup.attribute(meter, value, step.group(1))
              : Lookup.item(meter, value, key(step.group(2)));
    }
    String conversion = matcher.group(3);
    if (conversion != null) {
      value = conversion.equals("s") ? Printer.print(meter, value) : Printer.repr(meter, value);
    }
    String spec = matcher.group(4);
    return spec == null || spec.isEmpty() ? Printer.print(meter, value) : specified(value, spec);
  }

  private Value argument(String name) {
    String key = name.isEmpty() ? String.valueOf(nextField++) : name;
    if (key.matches("[0-9]{1,9}")) {
      int index = Integer.parseInt(key);
      if (index >= arguments.positional().size()) {
        throw meter.error(arguments.callee() + ": fewer values than the format has fields");
      }
      return arguments.positional().get(index);
    }
    return arguments.required(arguments.named().get(key), key);
  }

  private static Value key(String text) {
    return text.matches("[0-9]{1,9}")
        ? new Value.Int(Integer.parseInt(text))
        : Text.ofTemplate(text);
  }

  private Text specified(Value value, String spec) {
    Matcher matcher = SPEC.matcher(spec);
    if (!matcher.matches()) {
      throw meter.error(arguments.callee() + ": a specification of the format is not supported");
    }
    boolean isText = value instanceof Text;
    if (!isText && !Operators.isNumber(value)) {
      throw meter.wrongType(arguments.callee(), "a string or number", value);
    }
    int precision = matcher.group(8) == null ? -1 : Integer.parseInt(matcher.group(8));
    if (precision > MAX_PRECISION) {
      throw meter.error(arguments.callee() + ": expected a precision up to " + MAX_PRECISION);
    }
    Text written =
        value instanceof Text text
            ? cut(text, matcher.group(9), precision)
            : Text.ofData(number(value, matcher, precision));
    boolean zero = !matcher.group(5).isEmpty();
    String fill = matcher.group(1) == null ? (zero ? "0" : " ") : matcher.group(1);
    String align = matcher.group(2);
    if (align == null) {
      align = zero && !isText ? "=" : isText ? "<" : ">";
    }
    if (align.equals("=") && isText) {
      throw meter.error(arguments.callee() + ": alignment '=' of a string");
    }
    long width = matcher.group(6).isEmpty() ? 0 : Long.parseLong(matcher.group(6));
    return aligned(written, align, Text.ofTemplate(fill), width);
  }

  private Text aligned(Text written, String align, Text fill, long width) {
    long missing = Math.max(0, width - written.codePoints());
    return switch (align) {
      case "<" -> Strings.pad(meter, written, 0, missing, fill);
      case "^" -> Strings.pad(meter, written, missing / 2, missing - missing / 2, fill);
      case "=" -> {
        int sign = !written.isEmpty() && "+- ".indexOf(written.value().charAt(0)) >= 0 ? 1 : 0;
        Text digits = written.substring(sign, written.length());
        yield written.substring(0, sign).plus(Strings.pad(meter, digits, missing, 0, fill));
      }
      default -> Strings.pad(meter, written, missing, 0, fill);
    };
  }

  private Text cut(Text text, String type, int precision) {
    if (!type.isEmpty() && !type.equals("s")) {
      throw meter.error(arguments.callee() + ": format '" + type + "' of a string");
    }
    return precision < 0 || text.codePoints() <= precision
        ? text
        : text.substring(0, text.value().offsetByCodePoints(0, precision));
  }

  private String number(Value value, Matcher matcher, int precision) {
    String type = matcher.group(9);
    String digits = value instanceof Value.Real ? null : integer(value, type, matcher.group(4));
    if (digits == null) {
      digits = real(Operators.toDouble(value), type, precision);
    }
    String separator = matcher.group(7);
    if (!separator.isEmpty()) {
      boolean inFours = !type.isEmpty() && "xXob".contains(type);
      digits = NumberText.grouped(digits, separator.charAt(0), inFours ? 4 : 3);
    }
    String sign = matcher.group(3).equals("-") ? "" : matcher.group(3);
    return digits.startsWith("-") ? digits : sign + digits;
  }

  /** Returns an integer in a format for integers; null if the format is one for floats. */
  private @Nullable String integer(Value value, String type, String alternate) {
    int radix =
        switch (type) {
          case "", "d", "n" -> 10;
          case "x", "X" -> 16;
          case "o" -> 8;
          case "b" -> 2;
          default -> 0;
        };
    if (type.equals("c")) {
      long code = Operators.toLong(value);
      if (code < 0 || code > Character.MAX_CODE_POINT) {
        throw meter.error(arguments.callee() + ": format 'c' of no character");
      }
      return Character.toString((int) code);
    }
    if (radix == 0) {
      return null;
    }
    String digits = Long.toString(Operators.toLong(value), radix);
    if (!alternate.isEmpty() && radix != 10) {
      int sign = digits.startsWith("-") ? 1 : 0;
      digits = digits.substring(0, sign) + "0" + type + digits.substring(sign);
    }
    return type.equals("X") ? PythonText.upper(digits) : digits;
  }

  private String real(double value, String type, int precision) {
    int digits = precision < 0 ? 6 : precision;
    return switch (type) {
      case "f", "F" -> NumberText.fixed(value, digits);
      case "e" -> NumberText.exponent(value, digits);
      case "E" -> PythonText.upper(NumberText.exponent(value, digits));
      case "g", "n" -> NumberText.general(value, digits);
      case "G" -> PythonText.upper(NumberText.general(value, digits));
      case "%" -> NumberText.fixed(value * 100, digits) + "%";
      case "" ->
          precision < 0
              ? Printer.print(meter, new Value.Real(value)).value()
              : NumberText.general(value, digits);
      default -> throw meter.error(arguments.callee() + ": format '" + type + "' of a number");
    };
  }
}
