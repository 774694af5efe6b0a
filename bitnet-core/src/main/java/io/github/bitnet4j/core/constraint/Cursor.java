package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;

/** A place in the source of a grammar, which names itself in messages. Not thread-safe. */
final class Cursor {
  /** What {@link #peek} returns behind the last character. */
  static final int END = -1;

  /** The longest source that is read, in UTF-16 units. */
  static final int MAX_LENGTH = 1 << 20;

  /** The deepest nesting of parentheses. */
  static final int MAX_DEPTH = 200;

  private final String what;
  private final String text;
  private int index;

  /**
   * Creates a cursor at the beginning.
   *
   * @param what names the source in messages
   */
  Cursor(String what, String text) {
    this.what = what;
    this.text = text;
    if (text.length() > MAX_LENGTH) {
      throw new OutputConstraintException(
          "%s: expected at most %d characters, found %d"
              .formatted(what, MAX_LENGTH, text.length()));
    }
  }

  int index() {
    return index;
  }

  void moveTo(int index) {
    this.index = index;
  }

  /** Returns the next character without moving, or {@link #END}. */
  int peek() {
    return index < text.length() ? text.codePointAt(index) : END;
  }

  /** Returns the next character and moves behind it; there must be one. */
  int next() {
    int c = peek();
    if (c == END) {
      throw expected("more");
    }
    if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
      throw expected("a character");
    }
    index += Character.charCount(c);
    return c;
  }

  /** Moves behind a text if it comes next. */
  boolean take(String expected) {
    if (!text.startsWith(expected, index)) {
      return false;
    }
    index += expected.length();
    return true;
  }

  /** Returns the text from an index to here. */
  String since(int start) {
    return text.substring(start, index);
  }

  /** Returns an exception that says what was expected here, and what is. */
  OutputConstraintException expected(String expected) {
    return fault(index, "expected %s, found %s".formatted(expected, found()));
  }

  private String found() {
    int c = peek();
    if (c == END) {
      return "the end";
    }
    return c < ' ' || Character.getType(c) == Character.SURROGATE
        ? "U+%04X".formatted(c)
        : "'" + Character.toString(c) + "'";
  }

  /** Returns an exception about the place at an index. */
  OutputConstraintException fault(int at, String message) {
    int line = 1;
    int lineStart = 0;
    for (int i = 0; i < at; i++) {
      if (text.charAt(i) == '\n') {
        line++;
        lineStart = i + 1;
      }
    }
    int column = 1 + text.codePointCount(lineStart, at);
    return new OutputConstraintException(
        "%s: line %d, column %d: %s".formatted(what, line, column, message));
  }

  /** Returns an exception if parentheses are nested too deeply here. */
  void checkDepth(int depth) {
    if (depth > MAX_DEPTH) {
      throw fault(index, "expected at most %d nested groups, found more".formatted(MAX_DEPTH));
    }
  }

  /** Reads {@code count} hexadecimal digits. */
  int hex(int count) {
    int value = 0;
    for (int i = 0; i < count; i++) {
      int digit = peek() == END ? -1 : Character.digit(peek(), 16);
      if (digit < 0 || peek() > 'f') {
        throw expected(count + " hexadecimal digits");
      }
      value = value << 4 | digit;
      index++;
    }
    return value;
  }

  /** Checks a character that was written as a number. */
  int checked(int codePoint, int start) {
    if (!Character.isValidCodePoint(codePoint)
        || codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
      throw fault(start, "expected a Unicode character, found U+%04X".formatted(codePoint));
    }
    return codePoint;
  }

  /** Returns whether a brace at an index begins {@code {m}}, {@code {m,}} or {@code {m,n}}. */
  boolean isRepetition(int brace) {
    int digits = brace + 1;
    int i = digits;
    while (i < text.length() && (text.charAt(i) >= '0' && text.charAt(i) <= '9')) {
      i++;
    }
    if (i == digits) {
      return false;
    }
    if (i < text.length() && text.charAt(i) == ',') {
      i++;
      while (i < text.length() && (text.charAt(i) >= '0' && text.charAt(i) <= '9')) {
        i++;
      }
    }
    return i < text.length() && text.charAt(i) == '}';
  }

  /** Reads {@code {m}}, {@code {m,}} or {@code {m,n}} behind its first brace. */
  Expr repeated(Expr body) {
    int start = index;
    int min = number();
    int max = min;
    if (take(",")) {
      max = peek() == '}' ? Expr.UNBOUNDED : number();
    }
    if (!take("}")) {
      throw expected("'}'");
    }
    if (max < min) {
      throw fault(start, "expected a range, found {" + min + "," + max + "}");
    }
    return new Expr.Repeat(body, min, max);
  }

  private int number() {
    int start = index;
    long value = 0;
    while (peek() >= '0' && peek() <= '9') {
      value = Math.min(value * 10 + next() - '0', Expr.UNBOUNDED);
    }
    if (index == start) {
      throw expected("a number of repetitions");
    }
    if (value == Expr.UNBOUNDED) {
      throw fault(start, "expected fewer than " + Expr.UNBOUNDED + " repetitions");
    }
    return (int) value;
  }
}
