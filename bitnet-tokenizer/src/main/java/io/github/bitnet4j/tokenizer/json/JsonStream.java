package io.github.bitnet4j.tokenizer.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonBoolean;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNull;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads one JSON document piece by piece, for documents too large for a tree of {@link JsonValue}s.
 *
 * <p>Every method either consumes what its name says or throws {@link JsonFormatException} with the
 * place. The text must be UTF-8, a byte order mark before it is skipped, nesting ends at {@value
 * #MAX_DEPTH}. Belongs to one thread.
 */
public final class JsonStream {
  /** The deepest nesting of arrays and objects that is read. */
  public static final int MAX_DEPTH = 64;

  /** The most values one call of {@link #value()} returns; bounds the heap a tree can take. */
  public static final int MAX_TREE_VALUES = 1_000_000;

  /**
   * The most digits of a number, and the largest exponent. Without the second limit a number such
   * as 1e999999999 would be read in no time and take minutes when somebody asks for its integer.
   */
  private static final int MAX_NUMBER_LENGTH = 400;

  /** The most digits of an int. */
  private static final int MAX_INT_DIGITS = 10;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(MAX_NUMBER_LENGTH)
                  .maxNameLength(JsonReader.MAX_BYTES)
                  .maxStringLength(JsonReader.MAX_BYTES)
                  .build())
          // A vocabulary has a hundred thousand keys, each used once: nothing to share.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .recyclerPool(JsonRecyclerPools.nonRecyclingPool())
          .build();

  private final JsonParser parser;
  private @Nullable JsonToken peeked;
  private int treeValues;
  private int charsStart;
  private int charsEnd;

  /** Creates a reader of a document in UTF-8, which must not change meanwhile. */
  public JsonStream(byte[] utf8) throws JsonFormatException {
    int start = hasByteOrderMark(utf8) ? 3 : 0;
    // Jackson's own decoder lets some malformed UTF-8 pass; the JDK's, told to report, lets none.
    var reader =
        new InputStreamReader(
            new ByteArrayInputStream(utf8, start, utf8.length - start),
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    try {
      parser = FACTORY.createParser(reader);
    } catch (IOException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
  }

  private static boolean hasByteOrderMark(byte[] utf8) {
    return utf8.length >= 3
        && utf8[0] == (byte) 0xEF
        && utf8[1] == (byte) 0xBB
        && utf8[2] == (byte) 0xBF;
  }

  /** Enters an object; its members follow by {@link #nextKey()}. */
  public void beginObject() throws JsonFormatException {
    expect(JsonToken.START_OBJECT, "an object");
  }

  /**
   * Returns the key of the next member of the object, whose value must be read next, or null after
   * the last one, which leaves the object. Duplicate keys are the caller's to find.
   */
  public @Nullable String nextKey() throws JsonFormatException {
    JsonToken token = next();
    if (token == JsonToken.END_OBJECT) {
      return null;
    }
    return text();
  }

  /** Enters an array; its elements follow by {@link #hasNextElement()}. */
  public void beginArray() throws JsonFormatException {
    expect(JsonToken.START_ARRAY, "an array");
  }

  /** Returns whether an element follows, which must be read next; if not, leaves the array. */
  public boolean hasNextElement() throws JsonFormatException {
    if (peek() != JsonToken.END_ARRAY) {
      return true;
    }
    next();
    return false;
  }

  /** Returns whether the next value is a string. */
  public boolean nextIsString() throws JsonFormatException {
    return peek() == JsonToken.VALUE_STRING;
  }

  /** Reads a string. */
  public String string() throws JsonFormatException {
    expect(JsonToken.VALUE_STRING, "a string");
    return text();
  }

  /**
   * Reads a string and returns an array that has its characters from {@link #charsStart} to {@link
   * #charsEnd} until more is read. Faster than {@link #string} for a string that is not kept.
   */
  public char[] stringChars() throws JsonFormatException {
    expect(JsonToken.VALUE_STRING, "a string");
    try {
      char[] chars = parser.getTextCharacters();
      charsStart = parser.getTextOffset();
      charsEnd = charsStart + parser.getTextLength();
      return chars;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Returns where in the array of {@link #stringChars} the string starts. */
  public int charsStart() {
    return charsStart;
  }

  /** Returns where in the array of {@link #stringChars} the string ends. */
  public int charsEnd() {
    return charsEnd;
  }

  /** Reads an integer from 0 to {@code max}, written without fraction and exponent. */
  public int intUpTo(int max) throws JsonFormatException {
    expect(JsonToken.VALUE_NUMBER_INT, "an integer");
    try {
      if (parser.getTextLength() <= MAX_INT_DIGITS) {
        long value = parser.getLongValue();
        if (value >= 0 && value <= max) {
          return (int) value;
        }
      }
    } catch (IOException e) {
      throw failure(e);
    }
    throw fault("expected an integer from 0 to " + max + ", found " + excerpt(text()));
  }

  /** Reads a value of any kind as a tree; refuses duplicate keys. */
  public JsonValue value() throws JsonFormatException {
    treeValues = 0;
    return tree(next());
  }

  /** Reads and drops a value of any kind. */
  public void skip() throws JsonFormatException {
    next();
    try {
      parser.skipChildren();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Makes sure that nothing but white space follows. */
  public void endOfDocument() throws JsonFormatException {
    JsonToken token;
    try {
      token = parser.nextToken();
    } catch (IOException e) {
      throw failure(e);
    }
    if (token != null) {
      throw fault("expected the end of the document, found " + describe(token));
    }
  }

  /** Returns an exception whose message is the place of what was read last and the fault. */
  public JsonFormatException fault(String fault) {
    return new JsonFormatException(place(parser.currentTokenLocation()) + fault);
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

  private JsonValue tree(JsonToken token) throws JsonFormatException {
    if (++treeValues > MAX_TREE_VALUES) {
      throw fault("expected at most " + MAX_TREE_VALUES + " values, found more");
    }
    return switch (token) {
      case START_OBJECT -> {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        for (String key = nextKey(); key != null; key = nextKey()) {
          if (members.containsKey(key)) {
            throw fault("expected each key once, found " + excerpt(key) + " again");
          }
          members.put(key, tree(next()));
        }
        yield new JsonObject(Collections.unmodifiableMap(members));
      }
      case START_ARRAY -> {
        List<JsonValue> elements = new ArrayList<>();
        while (hasNextElement()) {
          elements.add(tree(next()));
        }
        yield new JsonArray(Collections.unmodifiableList(elements));
      }
      case VALUE_STRING -> new JsonString(text());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new JsonNumber(number());
      case VALUE_TRUE -> new JsonBoolean(true);
      case VALUE_FALSE -> new JsonBoolean(false);
      case VALUE_NULL -> new JsonNull();
      default -> throw fault("expected a value, found " + describe(token));
    };
  }

  private BigDecimal number() throws JsonFormatException {
    String digits = text();
    try {
      BigDecimal value = new BigDecimal(digits);
      if (Math.abs((long) value.scale()) <= MAX_NUMBER_LENGTH) {
        return value;
      }
    } catch (NumberFormatException e) {
      // An exponent beyond int: too large like the others.
    }
    throw fault("expected an exponent within " + MAX_NUMBER_LENGTH + ", found " + excerpt(digits));
  }

  private void expect(JsonToken expected, String what) throws JsonFormatException {
    JsonToken token = next();
    if (token != expected) {
      throw fault("expected " + what + ", found " + describe(token));
    }
  }

  private JsonToken peek() throws JsonFormatException {
    if (peeked == null) {
      peeked = next();
    }
    return peeked;
  }

  private JsonToken next() throws JsonFormatException {
    JsonToken token = peeked;
    peeked = null;
    if (token == null) {
      try {
        token = parser.nextToken();
      } catch (IOException e) {
        throw failure(e);
      }
    }
    if (token == null) {
      throw fault("expected a value, found the end of the document");
    }
    return token;
  }

  private String text() throws JsonFormatException {
    try {
      return parser.getText();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private JsonFormatException failure(IOException e) {
    return switch (e) {
      case CharacterCodingException _ ->
          new JsonFormatException(
              place(parser.currentLocation()) + "expected UTF-8, found other bytes at or after it");
      case JsonProcessingException json ->
          new JsonFormatException(place(json.getLocation()) + json.getOriginalMessage());
      default -> new JsonFormatException(String.valueOf(e.getMessage()));
    };
  }

  private static String place(@Nullable JsonLocation location) {
    return location == null
        ? ""
        : "line " + location.getLineNr() + ", column " + location.getColumnNr() + ": ";
  }

  private static String describe(JsonToken token) {
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case END_OBJECT -> "the end of an object";
      case END_ARRAY -> "the end of an array";
      case FIELD_NAME -> "a key";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT -> "an integer";
      case VALUE_NUMBER_FLOAT -> "a number with fraction or exponent";
      case VALUE_TRUE, VALUE_FALSE -> "a boolean";
      case VALUE_NULL -> "null";
      case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> token.name();
    };
  }
}
