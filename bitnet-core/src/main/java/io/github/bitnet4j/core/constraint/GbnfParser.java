package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.CodePoints.Range;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads GBNF, as llama.cpp describes it in {@code grammars/README.md}. A rule ends with its line,
 * unless a group is open, or the line ends or the next one begins with {@code |}.
 */
final class GbnfParser {
  private static final String ROOT = "root";

  /** What programs of Windows write at the beginning of a text file; no part of the grammar. */
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private final Cursor in;
  private final WorkBudget budget;
  private final CharacterCache characters;
  private final Grammar.Builder rules;
  private final Map<String, Expr.Rule> byName = new HashMap<>();

  /** Where each rule was first named. */
  private final Map<String, Integer> places = new LinkedHashMap<>();

  private final Set<String> defined = new HashSet<>();

  private GbnfParser(String grammar, WorkBudget budget) {
    in = new Cursor("grammar", grammar);
    this.budget = budget;
    characters = new CharacterCache(Utf8Ranges::of, budget);
    rules = new Grammar.Builder(budget);
  }

  /**
   * Reads a grammar; a byte order mark before it is skipped.
   *
   * @throws OutputConstraintException if it has a mistake or takes more work than the budget has
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  static Grammar parse(String grammar, WorkBudget budget) {
    return new GbnfParser(grammar, budget).grammar();
  }

  private Grammar grammar() {
    in.take(BYTE_ORDER_MARK);
    rule(ROOT, 0); // comes first
    skipSpace(true);
    while (in.peek() != Cursor.END) {
      definition();
      skipSpace(true);
    }
    for (Map.Entry<String, Integer> place : places.entrySet()) {
      if (!defined.contains(place.getKey())) {
        throw in.fault(
            place.getValue(),
            place.getKey().equals(ROOT)
                ? "expected a rule named root, found none"
                : "expected a rule, found the name " + place.getKey() + ", which has none");
      }
    }
    return rules.build();
  }

  private void definition() {
    int start = in.index();
    String name = name();
    if (!defined.add(name)) {
      throw in.fault(start, "expected each rule once, found " + name + " again");
    }
    skipSpace(false);
    if (!in.take("::=")) {
      throw in.expected("'::='");
    }
    skipSpace(true);
    rules.define(rule(name, start), alternatives(0));
    if (in.peek() != Cursor.END && !atLineEnd()) {
      throw in.expected("a part of the rule " + name + ", '|' or the end of the line");
    }
  }

  private boolean atLineEnd() {
    return in.peek() == '\n' || in.peek() == '\r';
  }

  private Expr.Rule rule(String name, int place) {
    places.putIfAbsent(name, place);
    return byName.computeIfAbsent(name, _ -> rules.declare("rule " + name));
  }

  private String name() {
    int start = in.index();
    while (isNamePart(in.peek())) {
      in.next();
    }
    if (in.index() == start) {
      throw in.expected("the name of a rule");
    }
    return in.since(start);
  }

  private static boolean isNamePart(int c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || c == '-'
        || c == '_';
  }

  /** Skips spaces, tabs and comments, and line breaks if they mean nothing here. */
  private void skipSpace(boolean lineBreaks) {
    while (true) {
      int c = in.peek();
      if (c == '#') {
        while (in.peek() != Cursor.END && !atLineEnd()) {
          in.next();
        }
      } else if (c == ' ' || c == '\t' || lineBreaks && atLineEnd()) {
        in.next();
      } else {
        return;
      }
    }
  }

  private Expr alternatives(int depth) {
    in.checkDepth(depth);
    List<Expr> options = new ArrayList<>();
    options.add(sequence(depth));
    while (takeBar()) {
      skipSpace(true);
      options.add(sequence(depth));
    }
    return options.size() == 1 ? options.getFirst() : new Expr.Choice(options);
  }

  /** Moves behind a bar, which may stand at the beginning of the next line. */
  private boolean takeBar() {
    int end = in.index();
    skipSpace(true);
    if (in.take("|")) {
      return true;
    }
    in.moveTo(end);
    return false;
  }

  private Expr sequence(int depth) {
    List<Expr> parts = new ArrayList<>();
    while (true) {
      budget.spend(1);
      int c = in.peek();
      Expr part;
      if (in.take("\"")) {
        part = literal();
      } else if (in.take("[")) {
        part = characters.apply(characterClass());
      } else if (in.take("(")) {
        skipSpace(true);
        part = alternatives(depth + 1);
        skipSpace(true);
        if (!in.take(")")) {
          throw in.expected("')'");
        }
      } else if (in.take(".")) {
        part = characters.apply(CodePoints.ALL);
      } else if (isNamePart(c)) {
        int start = in.index();
        part = rule(name(), start);
      } else if (c == '<' || c == '!') {
        throw in.fault(in.index(), "tokens in angle brackets are not supported; write their text");
      } else {
        return new Expr.Sequence(parts);
      }
      skipSpace(depth > 0);
      parts.add(repetitions(part, depth));
    }
  }

  private Expr repetitions(Expr part, int depth) {
    Expr repeated = part;
    for (int count = 0; ; count++) {
      if (in.take("*")) {
        repeated = Expr.star(repeated);
      } else if (in.take("+")) {
        repeated = new Expr.Repeat(repeated, 1, Expr.UNBOUNDED);
      } else if (in.take("?")) {
        repeated = Expr.optional(repeated);
      } else if (in.take("{")) {
        repeated = in.repeated(repeated);
      } else {
        return repeated;
      }
      in.checkDepth(depth + count);
      skipSpace(depth > 0);
    }
  }

  private Expr literal() {
    int start = in.index() - 1;
    var text = new StringBuilder();
    while (!in.take("\"")) {
      if (in.peek() == Cursor.END || atLineEnd()) {
        throw in.fault(start, "expected a closing '\"' on the same line, found none");
      }
      text.appendCodePoint(character());
    }
    budget.spend(text.length());
    return Expr.literal(text.toString());
  }

  private CodePoints characterClass() {
    int start = in.index() - 1;
    boolean negated = in.take("^");
    List<Range> ranges = new ArrayList<>();
    while (!in.take("]")) {
      if (in.peek() == Cursor.END || atLineEnd()) {
        throw in.fault(start, "expected a closing ']' on the same line, found none");
      }
      int at = in.index();
      int first = character();
      int last = first;
      int dash = in.index();
      if (in.take("-")) {
        if (in.peek() == ']') {
          in.moveTo(dash); // a dash at the end stands for itself
        } else {
          last = character();
        }
      }
      if (last < first) {
        throw in.fault(at, "expected a range from lower to higher, found " + in.since(at));
      }
      ranges.add(new Range(first, last));
    }
    CodePoints set = CodePoints.of(ranges);
    return negated ? set.complement() : set;
  }

  private int character() {
    if (!in.take("\\")) {
      return in.next();
    }
    int start = in.index() - 1;
    int c = in.next();
    return switch (c) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'x' -> in.hex(2);
      case 'u' -> in.checked(in.hex(4), start);
      case 'U' -> in.checked(in.hex(8), start);
      case '\\', '"', '\'', '[', ']', '^', '-', '/' -> c;
      default -> throw in.fault(start, "expected an escape such as \\n, found " + in.since(start));
    };
  }
}
