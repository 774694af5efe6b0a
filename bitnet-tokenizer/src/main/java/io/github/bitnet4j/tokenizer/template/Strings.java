package io.github.bitnet4j.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's string operations on texts, which keep the origin of every character. */
final class Strings {
  private static final Pattern HTML = Pattern.compile("[&<>'\"]");

  private Strings() {}

  /** Cuts characters off the ends: blanks, or those of a given set. */
  static Text strip(Meter meter, Text text, @Nullable Text set, boolean left, boolean right) {
    meter.chargeText(text.length());
    String s = text.value();
    int from = 0;
    int to = s.length();
    while (left && from < to && isStripped(meter, s.codePointAt(from), set)) {
      from += Character.charCount(s.codePointAt(from));
    }
    while (right && to > from && isStripped(meter, s.codePointBefore(to), set)) {
      to -= Character.charCount(s.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  private static boolean isStripped(Meter meter, int c, @Nullable Text set) {
    if (set == null) {
      return c < 0x10000 && PythonText.isSpace((char) c);
    }
    meter.charge(1 + set.length() / 16);
    return set.value().indexOf(c) >= 0;
  }

  /** {@code split(separator, limit)} from the left; a negative limit means none. */
  static List<Value> split(Meter meter, Text text, Text separator, long limit) {
    if (separator.isEmpty()) {
      throw meter.error("method 'split': the separator is empty");
    }
    meter.chargeSearch(text.length(), separator.length());
    List<Value> parts = new ArrayList<>();
    int from = 0;
    for (int at = text.value().indexOf(separator.value());
        at >= 0 && (limit < 0 || parts.size() < limit);
        at = text.value().indexOf(separator.value(), from)) {
      meter.chargeText(at - from);
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    meter.chargeText(text.length() - from);
    parts.add(text.substring(from, text.length()));
    return parts;
  }

  /** {@code rsplit(separator, limit)}: as {@link #split}, from the right. */
  static List<Value> splitRight(Meter meter, Text text, Text separator, long limit) {
    if (separator.isEmpty()) {
      throw meter.error("method 'rsplit': the separator is empty");
    }
    meter.chargeSearch(text.length(), separator.length());
    List<Value> parts = new ArrayList<>();
    int to = text.length();
    while (limit < 0 || parts.size() < limit) {
      int at = text.value().lastIndexOf(separator.value(), to - separator.length());
      if (at < 0 || to < separator.length()) {
        break;
      }
      meter.chargeText(to - at);
      parts.add(text.substring(at + separator.length(), to));
      to = at;
    }
    meter.chargeText(to);
    parts.add(text.substring(0, to));
    return parts.reversed();
  }

  /** {@code split()}: words between blanks; what follows {@code limit} words stays whole. */
  static List<Value> words(Meter meter, Text text, long limit) {
    meter.chargeText(text.length());
    List<Value> words = new ArrayList<>();
    String s = text.value();
    int at = 0;
    while (true) {
      while (at < s.length() && PythonText.isSpace(s.charAt(at))) {
        at++;
      }
      if (at == s.length()) {
        return words;
      }
      if (limit >= 0 && words.size() == limit) {
        words.add(text.substring(at, s.length()));
        return words;
      }
      int from = at;
      while (at < s.length() && !PythonText.isSpace(s.charAt(at))) {
        at++;
      }
      meter.chargeText(at - from);
      words.add(text.substring(from, at));
    }
  }

  /** {@code rsplit(None, limit)}: as {@link #words}, from the right. */
  static List<Value> wordsRight(Meter meter, Text text, long limit) {
    meter.chargeText(text.length());
    List<Value> words = new ArrayList<>();
    String s = text.value();
    int at = s.length();
    while (true) {
      while (at > 0 && PythonText.isSpace(s.charAt(at - 1))) {
        at--;
      }
      if (at == 0) {
        return words.reversed();
      }
      int to = at;
      while (at > 0 && (words.size() == limit || !PythonText.isSpace(s.charAt(at - 1)))) {
        at--;
      }
      meter.chargeText(to - at);
      words.add(text.substring(at, to));
    }
  }

  /** {@code splitlines(keepends)}: without an empty line at the end. */
  static List<Value> lines(Meter meter, Text text, boolean keepEnds) {
    meter.chargeText(text.length());
    List<Value> lines = new ArrayList<>();
    String s = text.value();
    int from = 0;
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (isLineEnd(c)) {
        int end = i;
        if (c == '\r' && i + 1 < s.length() && s.charAt(i + 1) == '\n') {
          i++;
        }
        meter.chargeText(i + 1 - from);
        lines.add(text.substring(from, keepEnds ? i + 1 : end));
        from = i + 1;
      }
    }
    if (from < s.length()) {
      lines.add(text.substring(from, s.length()));
    }
    return lines;
  }

  private static boolean isLineEnd(char c) {
    return switch (c) {
      case '\n', '\u000b', '\f', '\r', '\u001c', '\u001d', '\u001e' -> true;
      case '\u0085', '\u2028', '\u2029' -> true;
      default -> false;
    };
  }

  /** {@code replace(old, new, limit)}; a negative limit means none. */
  static Text replace(Meter meter, Text text, Text old, Text replacement, long limit) {
    meter.chargeSearch(text.length(), old.length());
    Text.Builder result = new Text.Builder();
    String s = text.value();
    int from = 0;
    int at = s.indexOf(old.value());
    for (long count = 0; at >= 0 && (limit < 0 || count < limit); count++) {
      append(meter, result, text.substring(from, at));
      append(meter, result, replacement);
      from = at + old.length();
      if (!old.isEmpty()) {
        at = s.indexOf(old.value(), from);
      } else if (at < s.length()) {
        at = s.offsetByCodePoints(at, 1);
      } else {
        at = -1;
      }
    }
    append(meter, result, text.substring(from, s.length()));
    return result.build();
  }

  /** Returns spaces of the template. */
  static Text spaces(Meter meter, long count) {
    long length = Math.max(0, count);
    meter.chargeText(length);
    return Text.ofTemplate(" ".repeat((int) length));
  }

  /** {@code center(width, fill)}: an odd character goes where Python puts it. */
  static Text center(Meter meter, Text text, long width, Text fill) {
    long missing = Math.max(0, width - text.codePoints());
    long left = missing / 2 + (missing & width & 1);
    return pad(meter, text, left, missing - left, fill);
  }

  /** Puts fill characters before and after a text. */
  static Text pad(Meter meter, Text text, long left, long right, Text fill) {
    meter.chargeText(left + right + text.length());
    Text.Builder result = new Text.Builder();
    result.append(fill.repeat((int) left)).append(text).append(fill.repeat((int) right));
    return result.build();
  }

  /** Replaces the characters that mean something in HTML. */
  static Text escape(Meter meter, Text text) {
    Text.Builder result = new Text.Builder();
    Matcher matcher = HTML.matcher(text.value());
    int from = 0;
    while (matcher.find()) {
      String entity =
          switch (matcher.group()) {
            case "&" -> "&amp;";
            case "<" -> "&lt;";
            case ">" -> "&gt;";
            case "'" -> "&#39;";
            default -> "&#34;";
          };
      append(meter, result, text.substring(from, matcher.start()));
      append(
          meter,
          result,
          text.isData(matcher.start()) ? Text.ofData(entity) : Text.ofTemplate(entity));
      from = matcher.end();
    }
    append(meter, result, text.substring(from, text.length()));
    return result.build();
  }

  private static void checkLength(Meter meter, long length) {
    if (length > Meter.MAX_TEXT) {
      meter.chargeText(length);
    }
  }

  static Text join(Meter meter, Text separator, List<Text> parts) {
    Text.Builder result = new Text.Builder();
    for (int i = 0; i < parts.size(); i++) {
      if (i > 0) {
        append(meter, result, separator);
      }
      append(meter, result, parts.get(i));
    }
    return result.build();
  }

  /** Appends, within the limit on the length of text. */
  static void append(Meter meter, Text.Builder builder, Text text) {
    checkLength(meter, (long) builder.length() + text.length());
    meter.chargeText(text.length());
    builder.append(text);
  }
}
