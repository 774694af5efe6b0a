package io.github.bitnet4j.tokenizer.json;

import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.ArrayList;
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
   * The largest exponent of a number. Without a limit a number such as 1e999999999 would be read in
   * no time and take minutes when somebody asks for its integer.
   */
  private static final int MAX_EXPONENT = 400;

  private final JsonScanner in;

  /** Arrays and objects that have been entered. */
  private int depth;

  /** Whether one has just been entered, so that no comma follows. */
  private boolean entered;

  private int treeValues;

  /** Creates a reader of a document in UTF-8, which must not change meanwhile. */
  public JsonStream(byte[] utf8) {
    in = new JsonScanner(utf8);
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
    return hasNextMember() ? in.text() : null;
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
    in.readKey();
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
    if (in.peek() != open) {
      throw in.unexpected(expected);
    }
    if (depth == MAX_DEPTH) {
      throw fault(
          "expected at most " + MAX_DEPTH + " arrays and objects in each other, found more");
    }
    in.next();
    depth++;
    entered = true;
  }

  /** Goes to the next member or element, or leaves the object or array. */
  private boolean hasNext(char close) throws JsonFormatException {
    int next = in.peek();
    boolean isFirst = entered;
    entered = false;
    if (next == close) {
      in.next();
      depth--;
      return false;
    }
    if (!isFirst) {
      if (next != ',') {
        throw in.unexpected("',' or '" + close + "'");
      }
      in.next();
    }
    return true;
  }

  /** Returns whether the next value is a string. */
  public boolean nextIsString() {
    return in.peek() == '"';
  }

  /** Reads a string. */
  public String string() throws JsonFormatException {
    in.readString("a string");
    return in.text();
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
    in.readString("a string");
  }

  /**
   * Returns an array that starts with the characters of the string or key that was read last,
   * {@link #charCount} of them, until more is read.
   */
  public char[] chars() {
    return in.chars();
  }

  /** Returns the number of characters of the string or key that was read last. */
  public int charCount() {
    return in.charCount();
  }

  /** Reads an integer from 0 to {@code max}, written without fraction and exponent. */
  public long integerUpTo(long max) throws JsonFormatException {
    return in.integerUpTo(max);
  }

  /** Reads an integer from 0 to {@code max}, as {@link #integerUpTo}. */
  public int intUpTo(int max) throws JsonFormatException {
    return (int) in.integerUpTo(max);
  }

  /** Reads a value of any kind as a tree; refuses duplicate keys. */
  public JsonValue value() throws JsonFormatException {
    treeValues = 0;
    return tree();
  }

  /** Reads and drops a value of any kind. */
  public void skip() throws JsonFormatException {
    switch (in.peek()) {
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
      default -> in.number();
    }
  }

  /** Makes sure that nothing but white space follows. */
  public void endOfDocument() throws JsonFormatException {
    if (in.peek() != JsonScanner.END) {
      throw in.unexpected("the end of the document");
    }
  }

  /** Returns an exception whose message is the place of what was read last and the fault. */
  public JsonFormatException fault(String fault) {
    return in.fault(fault);
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
    int next = in.peek();
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
      default -> new JsonNumber(decimal(in.number()));
    };
  }

  private JsonValue literal() throws JsonFormatException {
    if (in.takes("true")) {
      return new JsonBoolean(true);
    }
    if (in.takes("false")) {
      return new JsonBoolean(false);
    }
    if (in.takes("null")) {
      return new JsonNull();
    }
    throw fault("expected true, false or null, found something else");
  }

  private BigDecimal decimal(String number) throws JsonFormatException {
    try {
      BigDecimal value = new BigDecimal(number);
      if (Math.abs((long) value.scale()) <= MAX_EXPONENT) {
        return value;
      }
    } catch (NumberFormatException e) {
      // An exponent beyond int: too large like the others.
    }
    throw fault("expected an exponent within " + MAX_EXPONENT + ", found " + excerpt(number));
  }
}
