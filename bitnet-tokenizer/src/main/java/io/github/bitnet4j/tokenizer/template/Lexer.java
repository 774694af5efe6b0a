package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a template into tokens, with the whitespace rules of Hugging Face chat templates: {@code
 * trim_blocks} (one newline after a tag goes) and {@code lstrip_blocks} (blanks between the start
 * of a line and a tag go), and the signs {@code -} and {@code +} at either end of a tag.
 */
final class Lexer {
  private static final String[] OPERATORS = {
    "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ","
  };

  private static final Pattern PREFIXED_INTEGER =
      Pattern.compile("0[xX](_?[0-9a-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+");
  private static final Pattern RAW_BEGIN = Pattern.compile("\\s*raw\\s*(?:-%}\\s*|%})");
  private static final Pattern RAW_END = Pattern.compile("\\s*endraw\\s*(?:\\+%}|-%}\\s*|%}\\n?)");

  private final Source source;
  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private int position;

  private Lexer(Source source) {
    this.source = source;
    this.text = source.text();
  }

  static List<Token> tokens(Source source) {
    Lexer lexer = new Lexer(source);
    lexer.readTemplate();
    return List.copyOf(lexer.tokens);
  }

  private void readTemplate() {
    while (position < text.length()) {
      int open = nextOpening(position);
      if (open < 0) {
        add(Kind.TEXT, text.substring(position), position);
        position = text.length();
        break;
      }
      char type = text.charAt(open + 1);
      char sign = charAt(open + 2);
      readTextBefore(open, type, sign);
      position = open + (sign == '-' || sign == '+' ? 3 : 2);
      switch (type) {
        case '#' -> skipComment(open);
        case '{' -> readCode(open, Kind.OUTPUT_BEGIN, Kind.OUTPUT_END, "}}");
        default -> {
          if (!skipRawTag(RAW_BEGIN, position)) {
            readCode(open, Kind.TAG_BEGIN, Kind.TAG_END, "%}");
          } else {
            readRaw(open);
          }
        }
      }
    }
    add(Kind.END, "", text.length());
  }

  /** Moves behind the rest of a tag that begins or ends raw text, if there is one. */
  private boolean skipRawTag(Pattern tag, int from) {
    Matcher matcher = tag.matcher(text).region(from, text.length());
    boolean found = matcher.lookingAt();
    if (found) {
      position = matcher.end();
    }
    return found;
  }

  /** Reads text in which nothing is a tag but the one that ends it. */
  private void readRaw(int open) {
    for (int end = text.indexOf("{%", position); end >= 0; end = text.indexOf("{%", end + 1)) {
      int from = position;
      char sign = charAt(end + 2);
      if (skipRawTag(RAW_END, sign == '-' || sign == '+' ? end + 3 : end + 2)) {
        int behind = position;
        position = from;
        readTextBefore(end, '%', sign);
        position = behind;
        return;
      }
    }
    throw source.error(open, "expected 'endraw' to end what starts here, found nothing");
  }

  private int nextOpening(int from) {
    for (int i = text.indexOf('{', from); i >= 0; i = text.indexOf('{', i + 1)) {
      char next = charAt(i + 1);
      if (next == '{' || next == '%' || next == '#') {
        return i;
      }
    }
    return -1;
  }

  private void readTextBefore(int open, char type, char sign) {
    int end = open;
    if (sign == '-') {
      while (end > position && PythonText.isSpace(text.charAt(end - 1))) {
        end--;
      }
    } else if (sign != '+' && type != '{') {
      int blank = open;
      while (blank > position
          && text.charAt(blank - 1) != '\n'
          && PythonText.isSpace(text.charAt(blank - 1))) {
        blank--;
      }
      if (blank == 0 || text.charAt(blank - 1) == '\n') {
        end = blank;
      }
    }
    if (end > position) {
      add(Kind.TEXT, text.substring(position, end), position);
    }
  }

  private void skipComment(int open) {
    int close = text.indexOf("#}", position);
    if (close < 0) {
      throw source.error(open, "expected '#}' to end this comment, found the end of the template");
    }
    char sign = close > position ? text.charAt(close - 1) : ' ';
    position = close + 2;
    skipAfterTag(sign, true);
  }

  private void skipAfterTag(char sign, boolean trimNewline) {
    if (sign == '-') {
      while (position < text.length() && PythonText.isSpace(text.charAt(position))) {
        position++;
      }
    } else if (sign != '+' && trimNewline && charAt(position) == '\n') {
      position++;
    }
  }

  private void readCode(int open, Kind begin, Kind end, String close) {
    add(begin, text.substring(open, open + 2), open);
    // Open brackets, so that the braces of a nested dictionary do not end an output.
    int brackets = 0;
    while (true) {
      while (position < text.length() && PythonText.isSpace(text.charAt(position))) {
        position++;
      }
      if (position >= text.length()) {
        throw source.error(
            open,
            "expected '" + close + "' to end what starts here, found the end of the template");
      }
      if (brackets == 0) {
        char sign = text.charAt(position);
        boolean signed = sign == '-' || (sign == '+' && end == Kind.TAG_END);
        int closeAt = signed ? position + 1 : position;
        if (text.startsWith(close, closeAt)) {
          add(end, close, position);
          position = closeAt + 2;
          skipAfterTag(sign, end == Kind.TAG_END);
          return;
        }
      }
      brackets = Math.max(0, brackets + readCodeToken());
    }
  }

  /** Reads one token and returns by how much the number of open brackets changes. */
  private int readCodeToken() {
    int start = position;
    char c = text.charAt(start);
    if (isNameStart(start)) {
      while (position < text.length() && isNamePart(position)) {
        position += Character.charCount(text.codePointAt(position));
      }
      add(Kind.NAME, text.substring(start, position), start);
      return 0;
    }
    if (isDigit(c)) {
      readNumber();
      return 0;
    }
    if (c == '\'' || c == '"') {
      readString(c);
      return 0;
    }
    for (String operator : OPERATORS) {
      if (text.startsWith(operator, start)) {
        position += operator.length();
        add(Kind.OPERATOR, operator, start);
        return switch (operator) {
          case "(", "[", "{" -> 1;
          case ")", "]", "}" -> -1;
          default -> 0;
        };
      }
    }
    throw source.error(
        start, "unexpected character '" + Character.toString(text.codePointAt(start)) + "'");
  }

  private void readNumber() {
    int start = position;
    Matcher prefixed = PREFIXED_INTEGER.matcher(text).region(start, text.length());
    if (prefixed.lookingAt()) {
      position = prefixed.end();
      add(Kind.INTEGER, prefixed.group().replace("_", ""), start);
      return;
    }
    boolean isFloat = false;
    skipDigits();
    boolean afterDot = !tokens.isEmpty() && tokens.getLast().isOperator(".");
    if (!afterDot && charAt(position) == '.' && isDigit(charAt(position + 1))) {
      isFloat = true;
      position++;
      skipDigits();
    }
    if (!afterDot && (charAt(position) == 'e' || charAt(position) == 'E')) {
      char sign = charAt(position + 1);
      int digits = sign == '+' || sign == '-' ? position + 2 : position + 1;
      if (isDigit(charAt(digits))) {
        isFloat = true;
        position = digits;
        skipDigits();
      }
    }
    if (isNameStart(position)) {
      throw source.error(
          start, "expected a decimal number, found '" + text.substring(start, position + 1) + "'");
    }
    add(
        isFloat ? Kind.FLOAT : Kind.INTEGER,
        text.substring(start, position).replace("_", ""),
        start);
  }

  private void skipDigits() {
    while (isDigit(charAt(position))
        || (charAt(position) == '_' && isDigit(charAt(position + 1)))) {
      position++;
    }
  }

  private void readString(char quote) {
    int start = position;
    StringBuilder value = new StringBuilder();
    position++;
    while (charAt(position) != quote || position >= text.length()) {
      if (position >= text.length()) {
        throw source.error(start, "expected " + quote + " to end this string, found no more text");
      }
      char c = text.charAt(position++);
      if (c == '\\') {
        readEscape(value);
      } else {
        value.append(c);
      }
    }
    position++;
    add(Kind.STRING, value.toString(), start);
  }

  /** Python's escapes; an unknown one keeps its backslash. */
  private void readEscape(StringBuilder value) {
    int start = position - 1;
    char c = charAt(position++);
    switch (c) {
      case 'n' -> value.append('\n');
      case 't' -> value.append('\t');
      case 'r' -> value.append('\r');
      case 'b' -> value.append('\b');
      case 'f' -> value.append('\f');
      case 'a' -> value.append('\u0007');
      case 'v' -> value.append('\u000b');
      case '\\', '\'', '"' -> value.append(c);
      case '\n' -> {
        // A line that goes on: neither character counts.
      }
      case 'x' -> value.appendCodePoint(readHex(start, 2));
      case 'u' -> value.appendCodePoint(readHex(start, 4));
      case 'U' -> value.appendCodePoint(readHex(start, 8));
      case 'N' -> value.appendCodePoint(readCharacterName(start));
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        int octal = c - '0';
        for (int i = 0; i < 2 && charAt(position) >= '0' && charAt(position) <= '7'; i++) {
          octal = octal * 8 + charAt(position++) - '0';
        }
        value.append((char) octal);
      }
      default -> {
        value.append('\\');
        position--;
      }
    }
  }

  private int readCharacterName(int start) {
    int end = text.indexOf('}', position);
    if (charAt(position) == '{' && end > 0) {
      String name = text.substring(position + 1, end);
      position = end + 1;
      try {
        return Character.codePointOf(name);
      } catch (IllegalArgumentException e) {
        throw source.error(start, "expected the name of a Unicode character in this escape");
      }
    }
    throw source.error(start, "expected {the name of a Unicode character} after \\N");
  }

  private int readHex(int start, int digits) {
    long codePoint = 0;
    for (int i = 0; i < digits; i++) {
      int digit = position < text.length() ? Character.digit(text.charAt(position++), 16) : -1;
      if (digit < 0) {
        throw source.error(start, "expected " + digits + " hexadecimal digits in this escape");
      }
      codePoint = codePoint * 16 + digit;
    }
    if (codePoint > Character.MAX_CODE_POINT) {
      throw source.error(start, "expected a code point up to 10ffff in this escape");
    }
    return (int) codePoint;
  }

  private void add(Kind kind, String value, int at) {
    tokens.add(new Token(kind, value, at));
  }

  /** Returns the character at an offset, NUL behind the end. */
  private char charAt(int offset) {
    return offset < text.length() ? text.charAt(offset) : '\0';
  }

  private boolean isNameStart(int offset) {
    return charAt(offset) == '_'
        || (offset < text.length() && Character.isUnicodeIdentifierStart(text.codePointAt(offset)));
  }

  private boolean isNamePart(int offset) {
    int c = text.codePointAt(offset);
    return Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
