package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.CodePoints.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Reads regular expressions: what ECMAScript and Java have in common. Where they differ, what is
 * written matches in both: {@code \s} is ASCII, {@code \S} and {@code .} leave out every white
 * space and line break of either.
 */
final class RegexParser {
  private static final CodePoints LINE_BREAKS = CodePoints.of('\n', '\r', 0x85, 0x2028, 0x2029);
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
  private final Function<CodePoints, Expr> characters;

  /** An alternative of the whole expression, and whether it is tied to the ends of the text. */
  private record Branch(boolean fromStart, Expr content, boolean toEnd) {}

  private RegexParser(String what, String regex, Function<CodePoints, Expr> characters) {
    in = new Cursor(what, regex);
    this.characters = characters;
  }

  /**
   * Reads an expression that all of a text matches.
   *
   * @param what names the expression in messages
   * @param characters how a character of a set is written
   * @throws OutputConstraintException if it has a mistake
   */
  static Expr parse(String what, String regex, Function<CodePoints, Expr> characters) {
    return new Expr.Choice(
        new RegexParser(what, regex, characters).branches().stream().map(Branch::content).toList());
  }

  /** Reads an expression that is found somewhere in a text; otherwise as {@link #parse}. */
  static Expr parseAnywhere(String what, String regex, Function<CodePoints, Expr> characters) {
    Expr around = Expr.star(characters.apply(CodePoints.ALL));
    List<Expr> options = new ArrayList<>();
    for (Branch branch : new RegexParser(what, regex, characters).branches()) {
      options.add(
          Expr.sequence(
              branch.fromStart ? Expr.EMPTY : around,
              branch.content,
              branch.toEnd ? Expr.EMPTY : around));
    }
    return new Expr.Choice(options);
  }

  private List<Branch> branches() {
    List<Branch> branches = new ArrayList<>();
    do {
      boolean fromStart = in.take("^");
      Expr content = sequence(0);
      branches.add(new Branch(fromStart, content, in.take("$")));
    } while (in.take("|"));
    if (in.peek() != Cursor.END) {
      throw in.expected("the end of the expression");
    }
    return branches;
  }

  private Expr alternatives(int depth) {
    in.checkDepth(depth);
    List<Expr> options = new ArrayList<>();
    do {
      options.add(sequence(depth));
    } while (in.take("|"));
    return options.size() == 1 ? options.getFirst() : new Expr.Choice(options);
  }

  private Expr sequence(int depth) {
    List<Expr> parts = new ArrayList<>();
    while (true) {
      int c = in.peek();
      if (c == Cursor.END || c == '|' || c == ')') {
        return new Expr.Sequence(parts);
      }
      if (c == '$' && depth == 0) {
        return new Expr.Sequence(parts);
      }
      parts.add(quantified(atom(depth)));
    }
  }

  private Expr atom(int depth) {
    int start = in.index();
    int c = in.next();
    return switch (c) {
      case '(' -> group(start, depth);
      case '[' -> characters.apply(characterClass(start));
      case '.' -> characters.apply(LINE_BREAKS.complement());
      case '\\' -> characters.apply(escape(start));
      case '^', '$' ->
          throw in.fault(
              start, "anchors are supported at the ends of the expression only, found " + (char) c);
      case '*', '+', '?', '{' ->
          throw in.fault(start, "expected something to repeat before '" + (char) c + "'");
      default -> characters.apply(CodePoints.of(c));
    };
  }

  private Expr group(int start, int depth) {
    if (in.take("?")) {
      if (in.take("<") && in.peek() != '=' && in.peek() != '!') {
        while (in.next() != '>') {
          // the name of a group means nothing here
        }
      } else if (!in.take(":")) {
        throw in.fault(start, "expected (...), (?:...) or (?<name>...), found another group");
      }
    }
    Expr content = alternatives(depth + 1);
    if (!in.take(")")) {
      throw in.expected("')'");
    }
    return content;
  }

  private Expr quantified(Expr atom) {
    Expr repeated;
    if (in.take("*")) {
      repeated = Expr.star(atom);
    } else if (in.take("+")) {
      repeated = new Expr.Repeat(atom, 1, Expr.UNBOUNDED);
    } else if (in.take("?")) {
      repeated = Expr.optional(atom);
    } else if (in.take("{")) {
      repeated = in.repeated(atom);
    } else {
      return atom;
    }
    if (in.peek() == '+') {
      throw in.fault(in.index(), "possessive quantifiers are not supported");
    }
    in.take("?"); // a reluctant quantifier matches the same texts
    return repeated;
  }

  private CodePoints characterClass(int start) {
    boolean negated = in.take("^");
    List<Range> ranges = new ArrayList<>();
    while (!in.take("]")) {
      if (in.peek() == Cursor.END) {
        throw in.fault(start, "expected a closing ']', found none");
      }
      int at = in.index();
      CodePoints part = classPart();
      int dash = in.index();
      if (in.take("-")) {
        if (in.peek() == ']') {
          in.moveTo(dash); // a dash at the end stands for itself
        } else {
          part = between(part, classPart(), at);
        }
      }
      ranges.addAll(part.ranges());
    }
    CodePoints set = CodePoints.of(ranges);
    return negated ? set.complement() : set;
  }

  private CodePoints classPart() {
    int at = in.index();
    int c = in.next();
    if (c == '[' || c == '&' && in.peek() == '&') {
      throw in.fault(at, "expected a character, found a set within a set; write \\" + (char) c);
    }
    return c == '\\' ? escape(at) : CodePoints.of(c);
  }

  private CodePoints between(CodePoints first, CodePoints last, int at) {
    int from = single(first);
    int to = single(last);
    if (from < 0 || to < from) {
      throw in.fault(at, "expected a range from lower to higher, found " + in.since(at));
    }
    return CodePoints.range(from, to);
  }

  private static int single(CodePoints set) {
    return set.ranges().size() == 1
            && set.ranges().getFirst().first() == set.ranges().getFirst().last()
        ? set.ranges().getFirst().first()
        : -1;
  }

  private CodePoints escape(int start) {
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
      default -> {
        if (PUNCTUATION.indexOf(c) < 0) {
          throw in.fault(start, in.since(start) + " is not supported");
        }
        yield CodePoints.of(c);
      }
    };
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
