package io.github.bitnet4j.core.constraint;

import java.util.ArrayList;
import java.util.List;

/** How JSON (RFC 8259) writes characters within a string. */
final class JsonText {
  /** A character in any of its forms; escaped surrogates in pairs only. */
  static final Expr ANY_CHARACTER;

  static final Expr QUOTE = Expr.literal("\"");

  private static final CodePoints ESCAPED =
      CodePoints.range(0, 0x1F).union(CodePoints.of('"', '\\'));

  static {
    Expr hex = Utf8Ranges.of(hexDigits("09af"));
    Expr hex2 = new Expr.Repeat(hex, 2, 2);
    Expr hex3 = new Expr.Repeat(hex, 3, 3);
    Expr d = Utf8Ranges.of(CodePoints.of('d', 'D'));
    Expr plain = Expr.sequence(Utf8Ranges.of(hexDigits("09acefACEF")), hex3);
    Expr belowSurrogates = Expr.sequence(d, Utf8Ranges.of(CodePoints.range('0', '7')), hex2);
    Expr pair =
        Expr.sequence(
            d,
            Utf8Ranges.of(hexDigits("89abAB")),
            hex2,
            Expr.literal("\\u"),
            d,
            Utf8Ranges.of(hexDigits("cfCF")),
            hex2);
    ANY_CHARACTER =
        Expr.choice(
            Utf8Ranges.of(ESCAPED.complement()),
            Expr.sequence(
                Expr.literal("\\"),
                Expr.choice(
                    Utf8Ranges.of(CodePoints.of('"', '\\', '/', 'b', 'f', 'n', 'r', 't')),
                    Expr.sequence(Expr.literal("u"), Expr.choice(plain, belowSurrogates, pair)))));
  }

  private JsonText() {}

  /** Returns digits in ranges of two letters each; small letters stand for large ones as well. */
  private static CodePoints hexDigits(String ranges) {
    CodePoints digits = CodePoints.NONE;
    for (int i = 0; i < ranges.length(); i += 2) {
      int first = ranges.charAt(i);
      int last = ranges.charAt(i + 1);
      digits =
          digits
              .union(CodePoints.range(first, last))
              .union(CodePoints.range(Character.toUpperCase(first), Character.toUpperCase(last)));
    }
    return digits;
  }

  /** Returns one character of a set in its shortest form. */
  static Expr character(CodePoints set) {
    List<Expr> options = new ArrayList<>();
    options.add(Utf8Ranges.of(set.minus(ESCAPED)));
    for (CodePoints.Range range : ESCAPED.ranges()) {
      for (int c = range.first(); c <= range.last(); c++) {
        if (set.contains(c)) {
          options.add(Expr.literal(escape(c)));
        }
      }
    }
    return new Expr.Choice(options);
  }

  /** Returns a string with its quotes, each character in its shortest form. */
  static Expr string(String value) {
    var text = new StringBuilder("\"");
    value.codePoints().forEach(c -> text.append(escape(c)));
    return Expr.literal(text.append('"').toString());
  }

  private static String escape(int c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\b' -> "\\b";
      case '\f' -> "\\f";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> c < ' ' ? "\\u%04x".formatted(c) : Character.toString(c);
    };
  }
}
