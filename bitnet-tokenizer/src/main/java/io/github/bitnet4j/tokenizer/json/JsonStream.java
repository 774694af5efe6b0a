package io.github.bitnet4j.tokenizer.json;

import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads one JSON document piece by piece, for documents too large for a tree of {@link JsonValue}s.
 *
 * <p>Every method either consumes what its name says or throws {@link JsonFormatException} with the
 * place. The text must be UTF-8, a byte order mark before it is skipped, nesting ends at {@value
 * #MAX_DEPTH}. Belongs to one thread.
 *
 * <p>Of a general parser, a JVM that has just started spends twice as long in code that is not
 * compiled yet, and a model's first token waits for its vocabulary.
 *
 * <p>Source: RFC 8259.
 */
public final class JsonStream {
  /** The deepest nesting of arrays and objects that is read. */
  public static final int MAX_DEPTH = 64;

  /** The most values one call of {@link #value()} returns; bounds the heap a tree can take. */
  public static final int MAX_TREE_VALUES = 1_000_000;

  /** The most keys of an object that can be told from each other; bounds the heap they take. */
  public static final int MAX_KEYS = 1 << 17;

  /**
   * The most characters of a number, and the largest exponent. Without the second limit a number
   * such as 1e999999999 would be read in no time and take minutes when somebody asks for its
   * integer.
   */
  private static final int MAX_NUMBER_LENGTH = 400;

  /** The most characters of a string; a power of two. */
  private static final int MAX_STRING_LENGTH = 1 << 24;

  /** What stands after the last byte. */
  private static final int END = -1;

  private final byte[] utf8;

  /** Where the document starts, after a byte order mark. */
  private final int begin;

  /** The next byte. */
  private int at;

  /** Where that which was read last starts. */
  private int last;

  /** Arrays and objects that have been entered. */
  private int depth;

  /** Whether one has just been entered, so that no comma follows. */
  private boolean entered;

  /** The characters of the string that was read last. */
  private char[] chars = new char[64];

  private int charCount;
  private int treeValues;

  /** Creates a reader of a document in UTF-8, which must not change meanwhile. */
  public JsonStream(byte[] utf8) {
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

  /** Enters an object; its members follow by {@link #nextKey()}. */
  public void beginObject() throws JsonFormatException {
    enter('{', "an object");
  }

  /**
   * Returns the key of the next member of the object, whose value must be read next, or null after
   * the last one, which leaves the object. Duplicate keys are the caller's to find.
   */
  public @Nullable String nextKey() throws JsonFormatException {
    return hasNextMember() ? text() : null;
  }

  /**
   * Returns the key of the next member as {@link #nextKey()} does, and refuses one that was read
   * before.
   *
   * @param seen the keys of this object that were read, at most {@value #MAX_KEYS}; gets this one
   */
  public @Nullable String nextKey(Set<String> seen) throws JsonFormatException {
    String key = nextKey();
    if (key != null) {
      if (!seen.add(key)) {
        throw again(key);
      }
      if (seen.size() > MAX_KEYS) {
        throw fault("expected at most " + MAX_KEYS + " keys, found more");
      }
    }
    return key;
  }

  private JsonFormatException again(String key) {
    return fault("expected each key once, found " + excerpt(key) + " again");
  }

  /**
   * Reads the key of the next member of the object into {@link #chars}, as {@link #nextKey}, and
   * returns whether there is one.
   */
  public boolean hasNextMember() throws JsonFormatException {
    if (!hasNext('}')) {
      return false;
    }
    readString("a key");
    int key = last;
    if (peek() != ':') {
      throw unexpected("':'");
    }
    at++;
    last = key;
    return true;
  }

  /** Enters an array; its elements follow by {@link #hasNextElement()}. */
  public void beginArray() throws JsonFormatException {
    enter('[', "an array");
  }

  /**
   * Returns whether an element follows, which must be read next; if not, leaves the array. To be
   * called once for each element, and after the last.
   */
  public boolean hasNextElement() throws JsonFormatException {
    return hasNext(']');
  }

  private void enter(char open, String expected) throws JsonFormatException {
    if (peek() != open) {
      throw unexpected(expected);
    }
    if (depth == MAX_DEPTH) {
      throw fault(
          "expected at most " + MAX_DEPTH + " arrays and objects in each other, found more");
    }
    at++;
    depth++;
    entered = true;
  }

  /** Goes to the next member or element, or leaves the object or array. */
  private boolean hasNext(char close) throws JsonFormatException {
    int next = peek();
    boolean isFirst = entered;
    entered = false;
    if (next == close) {
      at++;
      depth--;
      return false;
    }
    if (!isFirst) {
      if (next != ',') {
        throw unexpected("',' or '" + close + "'");
      }
      at++;
    }
    return true;
  }

  /** Returns whether the next value is a string. */
  public boolean nextIsString() {
    return peek() == '"';
  }

  /** Reads a string. */
  public String string() throws JsonFormatException {
    readString("a string");
    return text();
  }

  /** Reads an array of some strings. */
  public List<String> strings(int count) throws JsonFormatException {
    List<String> strings = new ArrayList<>(count);
    beginArray();
    while (hasNextElement()) {
      if (strings.size() == count) {
        throw fault("expected an array of " + count + " strings, found more");
      }
      strings.add(string());
    }
    if (strings.size() < count) {
      throw fault("expected an array of " + count + " strings, found " + strings.size());
    }
    return strings;
  }

  /** Reads a string into {@link #chars}: faster than {@link #string} if it is not kept. */
  public void readString() throws JsonFormatException {
    readString("a string");
  }

  /**
   * Returns an array that starts with the characters of the string or key that was read last,
   * {@link #charCount} of them, until more is read.
   */
  public char[] chars() {
    return chars;
  }

  /** Returns the number of characters of the string or key that was read last. */
  public int charCount() {
    return charCount;
  }

  private String text() {
    return new String(chars, 0, charCount);
  }

  /** Reads an integer from 0 to {@code max}, written without fraction and exponent. */
  public long integerUpTo(long max) throws JsonFormatException {
    int first = peek();
    if (first != '-' && !isDigit(first)) {
      throw unexpected("an integer");
    }
    int end = endOfNumber();
    long value = 0;
    for (int i = at; i < end; i++) {
      int digit = utf8[i] - '0';
      if (digit < 0 || digit > 9 || value > (max - digit) / 10) {
        throw fault("expected an integer from 0 to " + max + ", found " + excerpt(ascii(end)));
      }
      value = 10 * value + digit;
    }
    at = end;
    return value;
  }

  /** Reads an integer from 0 to {@code max}, as {@link #integerUpTo}. */
  public int intUpTo(int max) throws JsonFormatException {
    return (int) integerUpTo(max);
  }

  /** Reads a value of any kind as a tree; refuses duplicate keys. */
  public JsonValue value() throws JsonFormatException {
    treeValues = 0;
    return tree();
  }

  /** Reads and drops a value of any kind. */
  public void skip() throws JsonFormatException {
    switch (peek()) {
      case '{' -> {
        beginObject();
        while (hasNextMember()) {
          skip();
        }
      }
      case '[' -> {
        beginArray();
        while (hasNextElement()) {
          skip();
        }
      }
      case '"' -> readString();
      case 't', 'f', 'n' -> literal();
      default -> number();
    }
  }

  /** Makes sure that nothing but white space follows. */
  public void endOfDocument() throws JsonFormatException {
    if (peek() != END) {
      throw unexpected("the end of the document");
    }
  }

  /** Returns an exception whose message is the place of what was read last and the fault. */
  public JsonFormatException fault(String fault) {
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
  private JsonFormatException unexpected(String expected) {
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

  /** Returns a text for a message: quoted, without control characters, not too long. */
  public static String excerpt(String text) {
    var quoted = new StringBuilder("\"");
    int end = Math.min(text.length(), 60);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || Character.isSurrogate(c)) {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append(end < text.length() ? "…\"" : "\"").toString();
  }

  private JsonValue tree() throws JsonFormatException {
    int next = peek();
    if (++treeValues > MAX_TREE_VALUES) {
      throw fault("expected at most " + MAX_TREE_VALUES + " values, found more");
    }
    return switch (next) {
      case '{' -> {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        beginObject();
        for (String key = nextKey(); key != null; key = nextKey()) {
          if (members.containsKey(key)) {
            throw again(key);
          }
          members.put(key, tree());
        }
        yield new JsonObject(Collections.unmodifiableMap(members));
      }
      case '[' -> {
        List<JsonValue> elements = new ArrayList<>();
        beginArray();
        while (hasNextElement()) {
          elements.add(tree());
        }
        yield new JsonArray(Collections.unmodifiableList(elements));
      }
      case '"' -> new JsonString(string());
      case 't', 'f', 'n' -> literal();
      default -> new JsonNumber(decimal(number()));
    };
  }

  /** Goes to the next byte that is no white space and returns it, {@link #END} if there is none. */
  private int peek() {
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

  private JsonValue literal() throws JsonFormatException {
    if (isNext("true")) {
      return new JsonBoolean(true);
    }
    if (isNext("false")) {
      return new JsonBoolean(false);
    }
    if (isNext("null")) {
      return new JsonNull();
    }
    throw fault("expected true, false or null, found something else");
  }

  private boolean isNext(String word) {
    for (int i = 0; i < word.length(); i++) {
      if (byteAt(at + i) != word.charAt(i)) {
        return false;
      }
    }
    at += word.length();
    return true;
  }

  /** Reads a number as it is written. */
  private String number() throws JsonFormatException {
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

  private BigDecimal decimal(String number) throws JsonFormatException {
    try {
      BigDecimal value = new BigDecimal(number);
      if (Math.abs((long) value.scale()) <= MAX_NUMBER_LENGTH) {
        return value;
      }
    } catch (NumberFormatException e) {
      // An exponent beyond int: too large like the others.
    }
    throw fault("expected an exponent within " + MAX_NUMBER_LENGTH + ", found " + excerpt(number));
  }

  /** Reads a string into {@link #chars}. */
  private void readString(String expected) throws JsonFormatException {
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
}
