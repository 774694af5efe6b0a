package io.github.bitnet4j.tokenizer.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The words of a JSON document: strings, numbers, signs and the white space between them, and the
 * places of faults. {@link JsonStream} knows in which order they may come.
 */
final class JsonScanner {
  /** The most characters of a number. */
  private static final int MAX_NUMBER_LENGTH = 400;

  /** The most characters of a string; a power of two. */
  private static final int MAX_STRING_LENGTH = 1 << 24;

  /** What {@link #peek} returns after the last byte. */
  static final int END = -1;

  private final byte[] utf8;

  /** Where the document starts, after a byte order mark. */
  private final int begin;

  /** The next byte. */
  private int at;

  /** Where that which was read last starts. */
  private int last;

  /** The characters of the string that was read last. */
  private char[] chars = new char[64];

  private int charCount;

  /** Creates a reader of a document in UTF-8, which must not change meanwhile. */
  JsonScanner(byte[] utf8) {
    this.utf8 = utf8;
    begin = hasByteOrderMark(utf8) ? 3 : 0;
    at = begin;
    last = begin;
  }

  private static boolean hasByteOrderMark(byte[] utf8) {
    return utf8.length >= 3
        && utf8[0] == (byte) 0xEF
        && utf8[1] == (byte) 0xBB
        && utf8[2] == (byte) 0xBF;
  }

  /** Goes to the next byte that is no white space and returns it, {@link #END} if there is none. */
  int peek() {
    last = endOfSpace(utf8, at);
    at = last;
    return byteAt(at);
  }

  private static int endOfSpace(byte[] utf8, int from) {
    int i = from;
    while (i < utf8.length && utf8[i] <= ' ' && isSpace(utf8[i])) {
      i++;
    }
    return i;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }

  private static boolean isDigit(int b) {
    return b >= '0' && b <= '9';
  }

  /** Goes past the byte that {@link #peek} found. */
  void next() {
    at++;
  }

  /** Goes past a word and returns true, if it stands here. */
  boolean takes(String word) {
    for (int i = 0; i < word.length(); i++) {
      if (byteAt(at + i) != word.charAt(i)) {
        return false;
      }
    }
    at += word.length();
    return true;
  }

  /** Reads an integer as {@link JsonStream#integerUpTo} says. */
  long integerUpTo(long max) throws JsonFormatException {
    int first = peek();
    if (first != '-' && !isDigit(first)) {
      throw unexpected("an integer");
    }
    int end = endOfNumber();
    long value = 0;
    for (int i = at; i < end; i++) {
      int digit = utf8[i] - '0';
      if (digit < 0 || digit > 9 || value > (max - digit) / 10) {
        throw fault(
            "expected an integer from 0 to " + max + ", found " + JsonStream.excerpt(ascii(end)));
      }
      value = 10 * value + digit;
    }
    at = end;
    return value;
  }

  /** Reads a number as it is written. */
  String number() throws JsonFormatException {
    int first = peek();
    if (first != '-' && !isDigit(first)) {
      throw unexpected("a value");
    }
    int end = endOfNumber();
    String number = ascii(end);
    at = end;
    return number;
  }

  /** Returns where the number ends that starts here. */
  private int endOfNumber() throws JsonFormatException {
    int i = byteAt(at) == '-' ? at + 1 : at;
    i = byteAt(i) == '0' ? i + 1 : endOfDigits(i);
    if (byteAt(i) == '.') {
      i = endOfDigits(i + 1);
    }
    if (byteAt(i) == 'e' || byteAt(i) == 'E') {
      i++;
      i = endOfDigits(byteAt(i) == '+' || byteAt(i) == '-' ? i + 1 : i);
    }
    if (i - at > MAX_NUMBER_LENGTH) {
      throw fault("expected a number of at most " + MAX_NUMBER_LENGTH + " characters, found more");
    }
    return i;
  }

  private int endOfDigits(int from) throws JsonFormatException {
    int i = from;
    while (isDigit(byteAt(i))) {
      i++;
    }
    if (i == from) {
      throw faultAt(from, "expected a digit, found " + describe(byteAt(from)));
    }
    return i;
  }

  private String ascii(int end) {
    return new String(utf8, at, end - at, StandardCharsets.US_ASCII);
  }

  /** Reads a key and the colon after it; faults are where the key stands. */
  void readKey() throws JsonFormatException {
    readString("a key");
    int key = last;
    if (peek() != ':') {
      throw unexpected("':'");
    }
    at++;
    last = key;
  }

  /**
   * Reads a string into {@link #chars}.
   *
   * @param expected what it is, for messages
   */
  void readString(String expected) throws JsonFormatException {
    if (peek() != '"') {
      throw unexpected(expected);
    }
    charCount = 0;
    int i = at + 1;
    while (true) {
      i = readPlain(i);
      int b = byteAt(i);
      if (b == '"') {
        at = i + 1;
        return;
      }
      if (b == '\\') {
        i = readEscape(i + 1);
      } else if (b >= 0x80) {
        i = readMultibyte(i);
      } else if (b < ' ') {
        throw faultAt(i, "expected the rest of a string, found " + describe(b));
      } else {
        reserve();
      }
    }
  }

  /**
   * Reads characters of one byte each that stand for themselves, as many as there is room for;
   * returns where they end.
   */
  private int readPlain(int from) {
    int length = Math.min(utf8.length - from, chars.length - charCount);
    int count = copyPlain(utf8, from, chars, charCount, length);
    charCount += count;
    return from + count;
  }

  /** Copies bytes up to the first that does not stand for itself; returns their number. */
  private static int copyPlain(byte[] utf8, int from, char[] chars, int to, int length) {
    for (int i = 0; i < length; i++) {
      byte b = utf8[from + i];
      if (b < ' ' || b == '"' || b == '\\') {
        return i;
      }
      chars[to + i] = (char) b;
    }
    return length;
  }

  /** Makes room for another character, if there is none. */
  private void reserve() throws JsonFormatException {
    if (charCount == chars.length) {
      if (charCount == MAX_STRING_LENGTH) {
        throw fault(
            "expected a string of at most " + MAX_STRING_LENGTH + " characters, found more");
      }
      chars = Arrays.copyOf(chars, 2 * chars.length);
    }
  }

  /** Reads the escape whose backslash stands before an index; returns where it ends. */
  private int readEscape(int from) throws JsonFormatException {
    int escape = byteAt(from);
    if (escape == 'u') {
      append((char) hexDigits(from + 1));
      return from + 5;
    }
    append(
        switch (escape) {
          case '"', '\\', '/' -> (char) escape;
          case 'b' -> '\b';
          case 'f' -> '\f';
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          default ->
              throw faultAt(
                  from, "expected one of \"\\/bfnrtu after \\, found " + describe(escape));
        });
    return from + 1;
  }

  private int hexDigits(int from) throws JsonFormatException {
    int value = 0;
    for (int i = from; i < from + 4; i++) {
      int b = byteAt(i);
      int digit = Character.digit(b, 16);
      if (digit < 0) {
        throw faultAt(i, "expected four hexadecimal digits after \\u, found " + describe(b));
      }
      value = value << 4 | digit;
    }
    return value;
  }

  /** Reads a character of several bytes; returns where it ends. */
  private int readMultibyte(int from) throws JsonFormatException {
    int first = byteAt(from);
    int length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    int codePoint = first & 0xFF >> length + 1;
    for (int i = from + 1; i < from + length; i++) {
      int b = byteAt(i);
      if ((b & 0xC0) != 0x80) { // so for the end
        throw notUtf8(from);
      }
      codePoint = codePoint << 6 | b & 0x3F;
    }
    // Each code point has one form only, the shortest, and half a pair has none.
    int least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    boolean isSurrogate =
        codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    if (first < 0xC0
        || first > 0xF4
        || codePoint < least
        || codePoint > Character.MAX_CODE_POINT
        || isSurrogate) {
      throw notUtf8(from);
    }
    if (codePoint < 0x10000) {
      append((char) codePoint);
    } else {
      append(Character.highSurrogate(codePoint));
      append(Character.lowSurrogate(codePoint));
    }
    return from + length;
  }

  private JsonFormatException notUtf8(int place) {
    return faultAt(place, "expected UTF-8, found other bytes");
  }

  private void append(char c) throws JsonFormatException {
    reserve();
    chars[charCount++] = c;
  }

  /** Returns a byte, from 0 to 255, or {@link #END}. */
  private int byteAt(int index) {
    return index < utf8.length ? utf8[index] & 0xFF : END;
  }

  /** Returns an array that starts with the characters of the string that was read last. */
  char[] chars() {
    return chars;
  }

  /** Returns the number of characters of the string that was read last. */
  int charCount() {
    return charCount;
  }

  /** Returns the string that was read last. */
  String text() {
    return new String(chars, 0, charCount);
  }

  /** Returns an exception whose message is the place of what was read last and the fault. */
  JsonFormatException fault(String fault) {
    return faultAt(last, fault);
  }

  private JsonFormatException faultAt(int place, String fault) {
    int line = 1;
    int column = 1;
    for (int i = begin; i < place; i++) {
      if (utf8[i] == '\n') {
        line++;
        column = 1;
      } else if ((utf8[i] & 0xC0) != 0x80) { // a byte that begins a character
        column += (utf8[i] & 0xF8) == 0xF0 ? 2 : 1;
      }
    }
    return new JsonFormatException("line " + line + ", column " + column + ": " + fault);
  }

  /** Returns an exception about what {@link #peek} found. */
  JsonFormatException unexpected(String expected) {
    return fault("expected " + expected + ", found " + describe(byteAt(last)));
  }

  private static String describe(int next) {
    return switch (next) {
      case END -> "the end of the document";
      case '{' -> "an object";
      case '}' -> "the end of an object";
      case '[' -> "an array";
      case ']' -> "the end of an array";
      case '"' -> "a string";
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> "a number";
      default ->
          next > ' ' && next < 0x7F ? "'" + (char) next + "'" : "the byte 0x%02X".formatted(next);
    };
  }
}
