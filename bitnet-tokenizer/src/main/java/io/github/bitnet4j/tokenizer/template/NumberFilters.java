package io.github.bitnet4j.tokenizer.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The filters that compute numbers. */
final class NumberFilters {
  private static final List<String> DECIMAL_UNITS =
      List.of("kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB");
  private static final List<String> BINARY_UNITS =
      List.of("KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB");
  private static final int MAX_PRECISION = 1000;

  private NumberFilters() {}

  static Map<String, Filters.Filter> all() {
    return Map.of(
        "int", NumberFilters::toInt,
        "float", NumberFilters::toFloat,
        "abs", NumberFilters::abs,
        "round", NumberFilters::round,
        "filesizeformat", NumberFilters::fileSize);
  }

  private static Value toInt(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("default", "base");
    Value otherwise = bound[0] == null ? new Value.Int(0) : bound[0];
    return switch (input) {
      case Value.Int i -> i;
      case Value.Bool b -> new Value.Int(b.value() ? 1 : 0);
      case Value.Real r -> truncate(arguments, r.value(), otherwise);
      case Text t -> {
        String digits = strippedNumber(arguments, t);
        Long number = parse(digits, bound[1] == null ? 10 : arguments.integer(bound[1], "base"));
        if (number != null) {
          yield new Value.Int(number);
        }
        Double real = parseReal(digits);
        yield real == null ? otherwise : truncate(arguments, real, otherwise);
      }
      case Value.Undefined u -> throw Filters.wrongInput(arguments, "a number", u);
      default -> otherwise;
    };
  }

  /** Python's {@code int(text, base)}; null if the text is no number of up to 18 digits. */
  private static @Nullable Long parse(String text, long base) {
    boolean signed = text.startsWith("-") || text.startsWith("+");
    String digits = (signed ? text.substring(1) : text).toLowerCase(Locale.ROOT);
    String prefix = digits.length() > 2 ? digits.substring(0, 2) : "";
    long radix = base;
    for (Map.Entry<String, Long> known : Map.of("0x", 16L, "0o", 8L, "0b", 2L).entrySet()) {
      if (prefix.equals(known.getKey()) && (base == 0 || base == known.getValue())) {
        radix = known.getValue();
        digits = digits.substring(2);
      }
    }
    radix = radix == 0 ? 10 : radix;
    if (radix < 2 || radix > 36 || !digits.matches("[0-9a-z]+(_[0-9a-z]+)*")) {
      return null;
    }
    try {
      long number = Long.parseLong(digits.replace("_", ""), (int) radix);
      return text.startsWith("-") ? -number : number;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static Value truncate(Arguments arguments, double value, Value otherwise) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return otherwise;
    }
    if (Math.abs(value) >= 0x1p63) {
      throw arguments.meter().error(arguments.callee() + ": the number does not fit into 64 bits");
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
        Double real = parseReal(strippedNumber(arguments, t));
        yield real == null ? otherwise : new Value.Real(real);
      }
      case Value.Undefined u -> throw Filters.wrongInput(arguments, "a number", u);
      default -> otherwise;
    };
  }

  private static String strippedNumber(Arguments arguments, Text text) {
    return Strings.strip(arguments.meter(), text, null, true, true).value();
  }

  /** Python's {@code float(text)}; null if the text is no number. */
  private static @Nullable Double parseReal(String text) {
    if (text.length() > 400) {
      return null;
    }
    String digits = text.toLowerCase(Locale.ROOT);
    if (digits.matches("[+-]?(inf|infinity)")) {
      return digits.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    if (digits.matches("[+-]?nan")) {
      return Double.NaN;
    }
    String part = "[0-9]+(_[0-9]+)*";
    return digits.matches("[+-]?(%s\\.?(%s)?|\\.%s)(e[+-]?%s)?".replace("%s", part))
        ? Double.parseDouble(digits.replace("_", ""))
        : null;
  }

  private static Value abs(Value input, Arguments arguments) {
    arguments.none();
    boolean negative =
        Operators.isNumber(input)
            && Operators.compare(arguments.meter(), input, new Value.Int(0)) < 0;
    return Operators.sign(arguments.meter(), negative, input);
  }

  private static Value round(Value input, Arguments arguments) {
    @Nullable Value[] bound = arguments.bind("precision", "method");
    long precision = arguments.integerOr(bound[0], "precision", 0);
    String method = bound[1] == null ? "common" : arguments.text(bound[1], "method").value();
    if (!Operators.isNumber(input)) {
      throw Filters.wrongInput(arguments, "a number", input);
    }
    if (Math.abs(precision) > MAX_PRECISION) {
      throw arguments.meter().error("filter 'round': expected a precision up to " + MAX_PRECISION);
    }
    double number = Operators.toDouble(input);
    return switch (method) {
      case "common" -> roundHalfEven(input, (int) precision);
      case "ceil" -> scaled(arguments, number, precision, true);
      case "floor" -> scaled(arguments, number, precision, false);
      default ->
          throw arguments.meter().error("filter 'round': expected common, ceil or floor as method");
    };
  }

  private static Value roundHalfEven(Value number, int precision) {
    if (!(number instanceof Value.Real(double real))) {
      long rounded =
          BigDecimal.valueOf(Operators.toLong(number))
              .setScale(Math.min(precision, 0), RoundingMode.HALF_EVEN)
              .longValue();
      return new Value.Int(rounded);
    }
    if (Double.isNaN(real) || Double.isInfinite(real)) {
      return number;
    }
    double rounded = new BigDecimal(real).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
    return new Value.Real(Math.copySign(rounded, real));
  }

  /** Rounds as Jinja does, with the errors that powers of ten bring along. */
  private static Value scaled(Arguments arguments, double number, long precision, boolean up) {
    double power = StrictMath.pow(10, (double) precision);
    double scaled = number * power;
    if (Double.isNaN(scaled) || Double.isInfinite(scaled)) {
      throw arguments.meter().error("filter 'round': the number is not finite");
    }
    return new Value.Real((up ? Math.ceil(scaled) : Math.floor(scaled)) / power + 0.0);
  }

  private static Value fileSize(Value input, Arguments arguments) {
    boolean binary = Arguments.isTrue(arguments.bind("binary")[0]);
    Double given =
        input instanceof Text text
            ? parseReal(strippedNumber(arguments, text))
            : Operators.isNumber(input) ? (Double) Operators.toDouble(input) : null;
    if (given == null) {
      throw Filters.wrongInput(arguments, "a number", input);
    }
    double bytes = given;
    double base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return Text.ofTemplate("1 Byte");
    }
    if (bytes < base) {
      return Text.ofTemplate((long) bytes + " Bytes");
    }
    double unit = base;
    String name = "";
    for (String candidate : binary ? BINARY_UNITS : DECIMAL_UNITS) {
      name = candidate;
      unit *= base;
      if (bytes < unit) {
        break;
      }
    }
    return Text.ofTemplate(NumberText.fixed(base * bytes / unit, 1) + " " + name);
  }
}
