package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.CodePoints.Range;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads regular expressions: what ECMAScript and Java have in common, and in schemas also what only
 * ECMAScript has. Where both differ, what is written matches in both: {@code \s} is ASCII, {@code
 * \S} and {@code .} leave out every white space and line break of either.
 */
final class RegexParser {
  /** Which characters stand for themselves although Java reads them otherwise. */
  enum Dialect {
    /** What is read alike by ECMAScript and Java. */
    COMMON,
    /**
     * ECMA-262 with its annex B: {@code [} in a class and braces without numbers are characters.
     */
    ECMASCRIPT
  }

  private static final CodePoints LINE_BREAKS = CodePoints.of('\n', '\r', 0x85, 0x2028, 0x2029);
  private static final TextPattern.Chars ANY = new TextPattern.Chars(LINE_BREAKS.complement());
  private static final CodePoints DIGITS = CodePoints.range('0', '9');
  private static final CodePoints WORD =
      CodePoints.of(
          List.of(
              new Range('a', 'z'), new Range('A', 'Z'), new Range('0', '9'), new Range('_', '_')));
  private static final CodePoints SPACE = CodePoints.of(' ', '\t', '\n', 0x0B, '\f', '\r');
  private static final CodePoints ANY_SPACE =
      SPACE
          .union(CodePoints.of(0x1C, 0x1D, 0x1E, 0x1F, 0x85, 0xA0, 0x1680, 0x202F, 0x205F))
          .union(CodePoints.range(0x2000, 0x200A))
          .union(CodePoints.of(0x2028, 0x2029, 0x3000, 0xFEFF));

  /** Characters that stand for themselves behind a backslash. */
  private static final String PUNCTUATION = "\\^$.*+?()[]{}|/-\"'&~#%,:;<=>@!_` ";

  private final Cursor in;
  private final Dialect dialect;

  private RegexParser(String what, String regex, Dialect dialect) {
    in = new Cursor(what, regex);
    this.dialect = dialect;
  }

  /**
   * Reads an expression.
   *
   * @param what names the expression in messages
   * @throws OutputConstraintException if it has a mistake or asks for what is not supported
   */
  static TextPattern parse(String what, String regex, Dialect dialect) {
    var parser = new RegexParser(what, regex, dialect);
    TextPattern pattern = parser.alternatives(0);
    if (parser.in.peek() != Cursor.END) {
      throw parser.in.expected("the end of the expression");
    }
    return pattern;
  }

  private TextPattern alternatives(int depth) {
    in.checkDepth(depth);
    List<TextPattern> options = new ArrayList<>();
    do {
      options.add(sequence(depth));
    } while (in.take("|"));
    return options.size() == 1 ? options.getFirst() : new TextPattern.Choice(options);
  }

  private TextPattern sequence(int depth) {
    List<TextPattern> parts = new ArrayList<>();
    while (true) {
      int c = in.peek();
      if (c == Cursor.END || c == '|' || c == ')') {
        return parts.size() == 1 ? parts.getFirst() : new TextPattern.Sequence(parts);
      }
      int start = in.index();
      add(parts, quantified(atom(depth), start));
    }
  }

  /** Adds a part; equal characters in a row become one repetition, however many they are. */
  private static void add(List<TextPattern> parts, TextPattern part) {
    TextPattern last = parts.isEmpty() ? null : parts.getLast();
    if (part instanceof TextPattern.Chars chars
        && last instanceof TextPattern.Chars before
        && before.set().equals(chars.set())) {
      parts.set(parts.size() - 1, new TextPattern.Repeat(chars, 2, 2));
    } else if (part instanceof TextPattern.Chars(CodePoints set)
        && last instanceof TextPattern.Repeat(TextPattern.Chars body, int min, int max)
        && min == max
        && body.set().equals(set)
        && min < Cursor.MAX_LENGTH) {
      parts.set(parts.size() - 1, new TextPattern.Repeat(body, min + 1, min + 1));
    } else {
      parts.add(part);
    }
  }

  private TextPattern atom(int depth) {
    int start = in.index();
    int c = in.next();
    return switch (c) {
      case '(' -> group(start, depth);
      case '[' -> new TextPattern.Chars(characterClass(start));
      case '.' -> ANY;
      case '\\' -> new TextPattern.Chars(escape(start, false));
      case '^' -> new TextPattern.Start();
      case '$' -> new TextPattern.End();
      case '{' -> {
        if (dialect == Dialect.COMMON || in.isRepetition(start)) {
          throw nothingToRepeat(start, c);
        }
        yield new TextPattern.Chars(CodePoints.of(c));
      }
      case '*', '+', '?' -> throw nothingToRepeat(start, c);
      default -> new TextPattern.Chars(CodePoints.of(c));
    };
  }

  private OutputConstraintException nothingToRepeat(int start, int c) {
    return in.fault(start, "expected something to repeat before '" + (char) c + "'");
  }

  private TextPattern group(int start, int depth) {
    boolean look = false;
    boolean negative = false;
    if (in.take("?")) {
      if (in.take("=") || in.take("!")) {
        look = true;
        negative = in.since(start).endsWith("!");
      } else if (in.take("<=") || in.take("<!")) {
        throw in.fault(start, "look-behind is not supported");
      } else if (in.take("<") || dialect == Dialect.ECMASCRIPT && in.take("P<")) {
        while (in.next() != '>') {
          // the name of a group means nothing here
        }
      } else if (!in.take(":")) {
        throw in.fault(
            start,
            "expected (...), (?:...), (?<name>...), (?=...) or (?!...), found another group");
      }
    }
    TextPattern content = alternatives(depth + 1);
    if (!in.take(")")) {
      throw in.expected("')'");
    }
    return look ? new TextPattern.Look(content, negative) : content;
  }

  private TextPattern quantified(TextPattern atom, int start) {
    int min;
    int max = Expr.UNBOUNDED;
    if (in.take("*")) {
      min = 0;
    } else if (in.take("+")) {
      min = 1;
    } else if (in.take("?")) {
      min = 0;
      max = 1;
    } else if (in.peek() == '{' && (dialect == Dialect.COMMON || in.isRepetition(in.index()))) {
      in.next();
      Expr.Repeat counts = (Expr.Repeat) in.repeated(Expr.EMPTY);
      min = counts.min();
      max = counts.max();
    } else {
      return atom;
    }
    if (in.peek() == '+') {
      throw in.fault(in.index(), "possessive quantifiers are not supported");
    }
    if (!atom.isPlain() && (max > 1 || hasLook(atom))) {
      throw in.fault(start, "anchors and look-ahead are not supported in what is repeated");
    }
    in.take("?"); // a reluctant quantifier matches the same texts
    return new TextPattern.Repeat(atom, min, max);
  }

  private static boolean hasLook(TextPattern pattern) {
    return switch (pattern) {
      case TextPattern.Look _ -> true;
      case TextPattern.Sequence(List<TextPattern> parts) ->
          parts.stream().anyMatch(RegexParser::hasLook);
      case TextPattern.Choice(List<TextPattern> options) ->
          options.stream().anyMatch(RegexParser::hasLook);
      case TextPattern.Repeat(TextPattern body, int _, int _) -> hasLook(body);
      case TextPattern.Chars _, TextPattern.Start _, TextPattern.End _ -> false;
    };
  }

  private CodePoints characterClass(int start) {
    boolean negated = in.take("^");
    List<Range> ranges = new ArrayList<>();
    while (!in.take("]")) {
      if (in.peek() == Cursor.END) {
        throw in.fault(start, "expected a closing ']', found none");
      }
      int at = in.index();
      CodePoints first = classPart();
      int dash = in.index();
      if (in.take("-")) {
        if (in.peek() == ']') {
          in.moveTo(dash); // a dash at the end stands for itself
        } else {
          CodePoints last = classPart();
          if (first.single() >= 0 && last.single() >= 0) {
            ranges.add(between(first.single(), last.single(), at));
            continue;
          }
          ranges.add(new Range('-', '-')); // beside a set such as \w it stands for itself
          ranges.addAll(last.ranges());
        }
      }
      ranges.addAll(first.ranges());
    }
    CodePoints set = CodePoints.of(ranges);
    return negated ? set.complement() : set;
  }

  private CodePoints classPart() {
    int at = in.index();
    int c = in.next();
    if (dialect == Dialect.COMMON && (c == '[' || c == '&' && in.peek() == '&')) {
      throw in.fault(at, "expected a character, found a set within a set; write \\" + (char) c);
    }
    return c == '\\' ? escape(at, true) : CodePoints.of(c);
  }

  private Range between(int first, int last, int at) {
    if (last < first) {
      throw in.fault(at, "expected a range from lower to higher, found " + in.since(at));
    }
    return new Range(first, last);
  }

  private CodePoints escape(int start, boolean inClass) {
    int c = in.next();
    return switch (c) {
      case 'd' -> DIGITS;
      case 'D' -> DIGITS.complement();
      case 'w' -> WORD;
      case 'W' -> WORD.complement();
      case 's' -> SPACE;
      case 'S' -> ANY_SPACE.complement();
      case 'n' -> CodePoints.of('\n');
      case 'r' -> CodePoints.of('\r');
      case 't' -> CodePoints.of('\t');
      case 'f' -> CodePoints.of('\f');
      case 'v' -> CodePoints.of(0x0B);
      case 'x' -> CodePoints.of(in.hex(2));
      case 'u' -> CodePoints.of(unicodeEscape(start));
      case 'p' -> property(start);
      case 'P' -> property(start).complement();
      default -> {
        if (c == 'b' && inClass && dialect == Dialect.ECMASCRIPT) {
          yield CodePoints.of('\b');
        }
        if (c == 'b' || c == 'B') {
          throw in.fault(start, in.since(start) + ": word boundaries are not supported");
        }
        if (c >= '1' && c <= '9') {
          throw in.fault(start, in.since(start) + ": back references are not supported");
        }
        if (PUNCTUATION.indexOf(c) < 0) {
          throw in.fault(start, in.since(start) + " is not supported");
        }
        yield CodePoints.of(c);
      }
    };
  }

  private CodePoints property(int start) {
    if (!in.take("{")) {
      throw in.fault(start, "expected the name of a Unicode property in braces");
    }
    int from = in.index();
    while (in.peek() != '}') {
      in.next();
    }
    String name = in.since(from);
    in.take("}");
    CodePoints set = UnicodeProperties.find(name);
    if (set.isEmpty()) {
      throw in.fault(
          start,
          "expected a general category such as L or Lu, or Script=Latin, found another property");
    }
    return set;
  }

  /** Reads what follows {@code \}{@code u}: four digits, two times four, or a number in braces. */
  private int unicodeEscape(int start) {
    if (in.take("{")) {
      int digits = in.index();
      while (in.peek() != '}' && in.index() - digits < 6) {
        in.hex(1);
      }
      if (in.index() == digits || in.peek() != '}') {
        throw in.expected("one to six hexadecimal digits and '}'");
      }
      int value = Integer.parseInt(in.since(digits), 16);
      in.take("}");
      return in.checked(value, start);
    }
    int unit = in.hex(4);
    if (Character.isHighSurrogate((char) unit) && in.take("\\u")) {
      int low = in.hex(4);
      if (Character.isLowSurrogate((char) low)) {
        return Character.toCodePoint((char) unit, (char) low);
      }
    }
    return in.checked(unit, start);
  }
}
