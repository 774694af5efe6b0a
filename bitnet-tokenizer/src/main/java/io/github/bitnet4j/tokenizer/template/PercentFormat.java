package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's {@code format % values}; every character keeps its origin. */
final class PercentFormat {
  private static final Pattern SPECIFIER =
      Pattern.compile(
          "%(?:\\(([^)]*)\\))?([-+ #0]*)(\\*|[0-9]{1,9})?(?:\\.(\\*|[0-9]{0,9}))?[hlL]?(.)",
          Pattern.DOTALL);
  private static final int MAX_PRECISION = 1000;

  private final Meter meter;
  private final Text format;
  private final Value values;
  private final List<Value> positional;
  private final Text.Builder out = new Text.Builder();
  private int used;

  PercentFormat(Meter meter, Text format, Value values) {
    this.meter = meter;
    this.format = format;
    this.values = values;
    positional = values instanceof Sequence s && s.kind().isTuple() ? s.items() : List.of(values);
  }

  Text format() {
    String text = format.value();
    Matcher matcher = SPECIFIER.matcher(text);
    int from = 0;
    for (int at = text.indexOf('%'); at >= 0; at = text.indexOf('%', from)) {
      Strings.append(meter, out, format.substring(from, at));
      if (!matcher.region(at, text.length()).lookingAt()) {
        throw meter.error("operator '%': expected the letter of a format, found another character");
      }
      Text written = specified(matcher);
      Strings.append(meter, out, written);
      from = matcher.end();
    }
    Strings.append(meter, out, format.substring(from, format.length()));
    boolean ignoresRest =
        values instanceof Dict || values instanceof Value.Sequence s && !s.kind().isTuple();
    if (used < positional.size() && !ignoresRest) {
      throw meter.error("operator '%': more values than the format has places");
    }
    return out.build();
  }

  private Text specified(Matcher matcher) {
    String flags = matcher.group(2);
    char letter = matcher.group(5).charAt(0);
    if (letter == '%') {
      return Text.ofTemplate("%");
    }
    long width = numberOf(matcher.group(3), 0);
    boolean left = flags.indexOf('-') >= 0 || width < 0;
    long precision = matcher.group(4) == null ? -1 : numberOf(matcher.group(4), 0);
    if (precision > MAX_PRECISION) {
      throw meter.error("operator '%': expected a precision up to " + MAX_PRECISION);
    }
    Value value = matcher.group(1) == null ? next() : named(matcher.group(1));
    Text written =
        switch (letter) {
          case 's' -> cut(Printer.print(meter, value), precision);
          case 'r', 'a' -> cut(Printer.repr(meter, value), precision);
          case 'c' -> character(value);
          default -> number(letter, value, flags, (int) precision);
        };
    long missing = Math.max(0, Math.abs(width) - written.codePoints());
    boolean zeros = flags.indexOf('0') >= 0 && !left && "sracS".indexOf(letter) < 0;
    if (zeros) {
      int sign = !written.isEmpty() && "+- ".indexOf(written.value().charAt(0)) >= 0 ? 1 : 0;
      Text digits = written.substring(sign, written.length());
      return written
          .substring(0, sign)
          .plus(Strings.pad(meter, digits, missing, 0, Text.ofTemplate("0")));
    }
    return Strings.pad(
        meter, written, left ? 0 : missing, left ? missing : 0, Text.ofTemplate(" "));
  }

  private long numberOf(@Nullable String digits, long otherwise) {
    if (digits == null || digits.isEmpty()) {
      return otherwise;
    }
    if (digits.equals("*")) {
      Value given = next();
      if (!(given instanceof Value.Int(long number)) || Math.abs(number) > Meter.MAX_TEXT) {
        throw meter.wrongType("operator '%': '*'", "an integer of usual size", given);
      }
      return number;
    }
    return Long.parseLong(digits);
  }

  private Value next() {
    if (used == positional.size()) {
      throw meter.error("operator '%': fewer values than the format has places");
    }
    return positional.get(used++);
  }

  private Value named(String name) {
    Value value = values instanceof Dict dict ? dict.get(Text.ofTemplate(name)) : null;
    if (value == null) {
      throw meter.error("operator '%': there is no value of the name in the format");
    }
    return value;
  }

  private static Text cut(Text text, long precision) {
    return precision < 0 || text.codePoints() <= precision
        ? text
        : text.substring(0, text.value().offsetByCodePoints(0, (int) precision));
  }

  private Text character(Value value) {
    if (value instanceof Text text && text.codePoints() == 1) {
      return text;
    }
    if (value instanceof Value.Int(long code)
        && Character.isValidCodePoint((int) code)
        && code == (int) code) {
      return Text.ofData(Character.toString((int) code));
    }
    throw meter.wrongType("operator '%': format c", "one character", value);
  }

  private Text number(char letter, Value value, String flags, int precision) {
    if (!Operators.isNumber(value)) {
      throw meter.wrongType("operator '%': format " + letter, "a number", value);
    }
    String digits =
        switch (letter) {
          case 'd', 'i', 'u' -> zeros(Long.toString(truncated(value)), precision);
          case 'x' -> zeros(based(value, 16, flags, "0x"), precision);
          case 'X' -> PythonText.upper(zeros(based(value, 16, flags, "0x"), precision));
          case 'o' -> zeros(based(value, 8, flags, "0o"), precision);
          case 'f', 'F' ->
              NumberText.fixed(Operators.toDouble(value), precision < 0 ? 6 : precision);
          case 'e' -> NumberText.exponent(Operators.toDouble(value), precision < 0 ? 6 : precision);
          case 'E' ->
              PythonText.upper(
                  NumberText.exponent(Operators.toDouble(value), precision < 0 ? 6 : precision));
          case 'g' -> NumberText.general(Operators.toDouble(value), precision < 0 ? 6 : precision);
          case 'G' ->
              PythonText.upper(
                  NumberText.general(Operators.toDouble(value), precision < 0 ? 6 : precision));
          default -> throw meter.error("operator '%': format '" + letter + "' is not supported");
        };
    boolean signed = digits.startsWith("-");
    String sign = flags.indexOf('+') >= 0 ? "+" : flags.indexOf(' ') >= 0 ? " " : "";
    return Text.ofData(signed ? digits : sign + digits);
  }

  private long truncated(Value value) {
    if (value instanceof Value.Real(double real)) {
      if (Double.isNaN(real) || Math.abs(real) >= 0x1p63) {
        throw meter.error("operator '%': the number does not fit into 64 bits");
      }
      return (long) real;
    }
    return Operators.toLong(value);
  }

  private String based(Value value, int radix, String flags, String prefix) {
    if (value instanceof Value.Real) {
      throw meter.wrongType("operator '%': this format", "an integer", value);
    }
    String digits = Long.toString(Operators.toLong(value), radix);
    if (flags.indexOf('#') < 0) {
      return digits;
    }
    return digits.startsWith("-") ? "-" + prefix + digits.substring(1) : prefix + digits;
  }

  private static String zeros(String digits, int precision) {
    int sign = digits.startsWith("-") ? 1 : 0;
    int missing = precision - (digits.length() - sign);
    return missing > 0
        ? digits.substring(0, sign) + "0".repeat(missing) + digits.substring(sign)
        : digits;
  }
}
