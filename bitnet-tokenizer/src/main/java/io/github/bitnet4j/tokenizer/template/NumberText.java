package io.github.bitnet4j.tokenizer.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** Numbers as C's {@code printf} and Python's {@code format} write them. */
final class NumberText {
  private NumberText() {}

  /** {@code %.nf}: rounded exactly, half to even. */
  static String fixed(double value, int precision) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return notFinite(value);
    }
    String digits =
        new BigDecimal(Math.abs(value)).setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
    return sign(value) + digits;
  }

  /** {@code %.ne}. */
  static String exponent(double value, int precision) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return notFinite(value);
    }
    BigDecimal rounded =
        new BigDecimal(Math.abs(value))
            .round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    String digits = rounded.unscaledValue().toString();
    int power = value == 0 ? 0 : digits.length() - 1 - rounded.scale();
    String padded =
        digits.length() > precision
            ? digits.substring(0, precision + 1)
            : digits + "0".repeat(precision + 1 - digits.length());
    return sign(value)
        + padded.charAt(0)
        + (precision > 0 ? "." + padded.substring(1) : "")
        + (power < 0 ? "e-" : "e+")
        + (Math.abs(power) < 10 ? "0" : "")
        + Math.abs(power);
  }

  /** {@code %.ng}: the shorter of both, without zeros at the end. */
  static String general(double value, int precision) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return notFinite(value);
    }
    int digits = Math.max(1, precision);
    String exponent = exponent(value, digits - 1);
    int at = exponent.indexOf('e');
    int power = Integer.parseInt(exponent.substring(at + 1));
    if (power >= -4 && power < digits) {
      return withoutZeros(fixed(value, digits - 1 - power));
    }
    return withoutZeros(exponent.substring(0, at)) + exponent.substring(at);
  }

  private static String withoutZeros(String number) {
    if (number.indexOf('.') < 0) {
      return number;
    }
    int end = number.length();
    while (number.charAt(end - 1) == '0') {
      end--;
    }
    return number.substring(0, number.charAt(end - 1) == '.' ? end - 1 : end);
  }

  private static String sign(double value) {
    return value < 0 || (value == 0 && 1 / value < 0) ? "-" : "";
  }

  private static String notFinite(double value) {
    return Double.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  }

  /** Puts a separator between groups of digits of the integer part. */
  static String grouped(String number, char separator, int size) {
    int start = number.startsWith("-") ? 1 : 0;
    int end = start;
    while (end < number.length() && Character.isLetterOrDigit(number.charAt(end))) {
      end++;
    }
    StringBuilder result = new StringBuilder(number);
    for (int at = end - size; at > start; at -= size) {
      result.insert(at, separator);
    }
    return result.toString();
  }
}
