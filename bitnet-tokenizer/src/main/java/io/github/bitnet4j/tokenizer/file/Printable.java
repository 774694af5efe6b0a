package io.github.bitnet4j.tokenizer.file;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;

/**
 * Text from model files in a form that messages, logs and terminals can show.
 *
 * <p>A file may come from anyone. A control character in a tensor name could clear a terminal, a
 * line break could forge a line of a log, and a key of a megabyte could hide the rest of a message.
 * Each character that is not printable is therefore written as an escape of Java, such as {@code
 * \n} or <code>&#92;u001b</code>, and long text is shortened.
 *
 * <p>The exceptions about files apply {@link #message} themselves.
 */
public final class Printable {
  /** The largest number of UTF-8 bytes of a {@link #message}. */
  public static final int MAX_MESSAGE_BYTES = 2000;

  /** Bytes kept of the end of a message that is too long: it says what to do. */
  private static final int TAIL_BYTES = 700;

  /** Room for the number of characters that were left out. */
  private static final int MARK_BYTES = 60;

  private Printable() {}

  /**
   * Returns a whole message without control characters and of at most {@link #MAX_MESSAGE_BYTES}
   * bytes. Of a longer one the middle is left out.
   */
  public static String message(String text) {
    // Three bytes a character at most, and escapes only lengthen: more of it could not be shown.
    String escaped =
        text.length() <= 2 * MAX_MESSAGE_BYTES
            ? escape(text)
            : escape(text.substring(0, MAX_MESSAGE_BYTES))
                + escape(text.substring(text.length() - MAX_MESSAGE_BYTES));
    int bytes = escaped.getBytes(StandardCharsets.UTF_8).length;
    if (bytes <= MAX_MESSAGE_BYTES && text.length() <= 2 * MAX_MESSAGE_BYTES) {
      return escaped;
    }
    String head = escaped.substring(0, end(escaped, MAX_MESSAGE_BYTES - TAIL_BYTES - MARK_BYTES));
    String tail = escaped.substring(start(escaped, TAIL_BYTES));
    return String.format(Locale.ROOT, "%s[... of %d characters ...]%s", head, text.length(), tail);
  }

  /**
   * Returns a text without control characters, cut off after some characters.
   *
   * @param maxChars the characters of {@code text} that are kept
   */
  public static String shorten(String text, int maxChars) {
    if (text.length() <= maxChars) {
      return escape(text);
    }
    int end = maxChars > 0 && Character.isHighSurrogate(text.charAt(maxChars - 1)) ? 1 : 0;
    return escape(text.substring(0, maxChars - end)) + "... (" + text.length() + " characters)";
  }

  /** Returns a text with each character that is not printable written as an escape. */
  public static String escape(String text) {
    if (text.codePoints().allMatch(Printable::isPrintable)) {
      return text;
    }
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            codePoint -> {
              if (isPrintable(codePoint)) {
                escaped.appendCodePoint(codePoint);
              } else {
                appendEscape(escaped, codePoint);
              }
            });
    return escaped.toString();
  }

  private static void appendEscape(StringBuilder escaped, int codePoint) {
    switch (codePoint) {
      case '\n' -> escaped.append("\\n");
      case '\r' -> escaped.append("\\r");
      case '\t' -> escaped.append("\\t");
      default -> {
        for (char c : Character.toChars(codePoint)) {
          escaped.append("\\u").append(HexFormat.of().toHexDigits(c));
        }
      }
    }
  }

  /** Formatting characters count as not printable: some reverse the order of the text. */
  private static boolean isPrintable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          false;
      default -> true;
    };
  }

  /** Returns the end of the longest start of a text that has at most this many bytes. */
  private static int end(String text, int maxBytes) {
    int bytes = 0;
    int at = 0;
    while (at < text.length()) {
      int codePoint = text.codePointAt(at);
      bytes += utf8Bytes(codePoint);
      if (bytes > maxBytes) {
        break;
      }
      at += Character.charCount(codePoint);
    }
    return at;
  }

  /** Returns the start of the longest end of a text that has at most this many bytes. */
  private static int start(String text, int maxBytes) {
    int bytes = 0;
    int at = text.length();
    while (at > 0) {
      int codePoint = text.codePointBefore(at);
      bytes += utf8Bytes(codePoint);
      if (bytes > maxBytes) {
        break;
      }
      at -= Character.charCount(codePoint);
    }
    return at;
  }

  private static int utf8Bytes(int codePoint) {
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }
}
