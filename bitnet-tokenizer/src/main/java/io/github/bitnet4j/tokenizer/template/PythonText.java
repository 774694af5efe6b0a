package io.github.bitnet4j.tokenizer.template;

import java.util.Locale;

/** Python's rules for characters and case, on plain strings. */
final class PythonText {
  private PythonText() {}

  /** Python's {@code str.isspace} for one character; all such characters are in the BMP. */
  static boolean isSpace(char c) {
    return switch (c) {
      case ' ', '\t', '\n', '\u000b', '\f', '\r', '\u001c', '\u001d', '\u001e', '\u001f' -> true;
      case '\u0085', '\u00a0', '\u1680', '\u2028', '\u2029', '\u202f', '\u205f', '\u3000' -> true;
      default -> c >= '\u2000' && c <= '\u200a';
    };
  }

  static String upper(String s) {
    return s.toUpperCase(Locale.ROOT);
  }

  static String lower(String s) {
    return s.toLowerCase(Locale.ROOT);
  }

  /** {@code str.capitalize}: the first character in title case, all others in lower case. */
  static String capitalize(String s) {
    if (s.isEmpty()) {
      return s;
    }
    int first = s.codePointAt(0);
    int unchanged = lower(Character.toString(first)).length();
    return titleCase(first) + lower(s).substring(unchanged);
  }

  /** {@code str.title}: a letter after another letter is in lower case, others in title case. */
  static String title(String s) {
    String lower = lower(s);
    boolean sameLength = lower.codePointCount(0, lower.length()) == s.codePointCount(0, s.length());
    StringBuilder result = new StringBuilder(s.length());
    boolean afterLetter = false;
    int lowerAt = 0;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      int lowerHere = lower.codePointAt(Math.min(lowerAt, lower.length() - 1));
      if (!afterLetter) {
        result.append(titleCase(c));
      } else if (sameLength) {
        result.appendCodePoint(lowerHere);
      } else {
        result.append(lower(Character.toString(c)));
      }
      afterLetter =
          Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
      i += Character.charCount(c);
      lowerAt += Character.charCount(lowerHere);
    }
    return result.toString();
  }

  /** Jinja's filter {@code title}: words begin after blanks, hyphens and opening brackets only. */
  static String titleWords(String s) {
    StringBuilder result = new StringBuilder(s.length());
    for (int i = 0; i < s.length(); ) {
      boolean separator = isWordSeparator(s.charAt(i));
      int end = i + 1;
      while (end < s.length() && isWordSeparator(s.charAt(end)) == separator) {
        end++;
      }
      if (separator) {
        result.append(s, i, end);
      } else {
        int first = s.codePointAt(i);
        result.append(upper(Character.toString(first)));
        result.append(lower(s.substring(i + Character.charCount(first), end)));
      }
      i = end;
    }
    return result.toString();
  }

  private static boolean isWordSeparator(char c) {
    return isSpace(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  }

  private static String titleCase(int c) {
    int title = Character.toTitleCase(c);
    if (title != c) {
      return Character.toString(title);
    }
    String upper = upper(Character.toString(c));
    int first = upper.codePointAt(0);
    // One letter can become several, of which the first is large: ß, but not ŉ.
    return Character.isUpperCase(first)
        ? Character.toString(first) + lower(upper.substring(Character.charCount(first)))
        : upper;
  }

  /** {@code str.isupper} or {@code str.islower}: there are letters with case, all of this one. */
  static boolean isCase(String s, boolean upper) {
    boolean found = false;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      boolean isUpper = Character.isUpperCase(c);
      boolean isLower = Character.isLowerCase(c);
      if (Character.isTitleCase(c) || (upper ? isLower : isUpper)) {
        return false;
      }
      found |= isUpper || isLower;
    }
    return found;
  }

  /** {@code str.istitle}: words begin with the only large letter that they have. */
  static boolean isTitle(String s) {
    boolean found = false;
    boolean afterLetter = false;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      boolean large = Character.isUpperCase(c) || Character.isTitleCase(c);
      boolean small = Character.isLowerCase(c);
      if (large ? afterLetter : small && !afterLetter) {
        return false;
      }
      afterLetter = large || small;
      found |= afterLetter;
    }
    return found;
  }

  /** {@code str.swapcase}. */
  static String swapCase(String s) {
    StringBuilder result = new StringBuilder(s.length());
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      String one = Character.toString(c);
      result.append(
          Character.isUpperCase(c) ? lower(one) : Character.isLowerCase(c) ? upper(one) : one);
    }
    return result.toString();
  }

  /** Python's order of strings: by code points, not by UTF-16 units. */
  static int compare(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        // Surrogates stand for code points above all others of the BMP.
        boolean xHigh = Character.isSurrogate(x);
        boolean yHigh = Character.isSurrogate(y);
        return xHigh == yHigh ? Character.compare(x, y) : Boolean.compare(xHigh, yHigh);
      }
    }
    return Integer.compare(a.length(), b.length());
  }
}
