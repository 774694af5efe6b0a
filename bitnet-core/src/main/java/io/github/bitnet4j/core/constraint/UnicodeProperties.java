package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.constraint.CodePoints.Range;
import java.lang.Character.UnicodeScript;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** Sets of characters by general category or script, for {@code \p} in regular expressions. */
final class UnicodeProperties {
  /** The two letters of each category, with the number that the JDK gives it. */
  private static final Map<String, Byte> CATEGORIES =
      Map.ofEntries(
          Map.entry("Lu", Character.UPPERCASE_LETTER),
          Map.entry("Ll", Character.LOWERCASE_LETTER),
          Map.entry("Lt", Character.TITLECASE_LETTER),
          Map.entry("Lm", Character.MODIFIER_LETTER),
          Map.entry("Lo", Character.OTHER_LETTER),
          Map.entry("Mn", Character.NON_SPACING_MARK),
          Map.entry("Me", Character.ENCLOSING_MARK),
          Map.entry("Mc", Character.COMBINING_SPACING_MARK),
          Map.entry("Nd", Character.DECIMAL_DIGIT_NUMBER),
          Map.entry("Nl", Character.LETTER_NUMBER),
          Map.entry("No", Character.OTHER_NUMBER),
          Map.entry("Zs", Character.SPACE_SEPARATOR),
          Map.entry("Zl", Character.LINE_SEPARATOR),
          Map.entry("Zp", Character.PARAGRAPH_SEPARATOR),
          Map.entry("Pd", Character.DASH_PUNCTUATION),
          Map.entry("Ps", Character.START_PUNCTUATION),
          Map.entry("Pe", Character.END_PUNCTUATION),
          Map.entry("Pc", Character.CONNECTOR_PUNCTUATION),
          Map.entry("Po", Character.OTHER_PUNCTUATION),
          Map.entry("Pi", Character.INITIAL_QUOTE_PUNCTUATION),
          Map.entry("Pf", Character.FINAL_QUOTE_PUNCTUATION),
          Map.entry("Sm", Character.MATH_SYMBOL),
          Map.entry("Sc", Character.CURRENCY_SYMBOL),
          Map.entry("Sk", Character.MODIFIER_SYMBOL),
          Map.entry("So", Character.OTHER_SYMBOL),
          Map.entry("Cc", Character.CONTROL),
          Map.entry("Cf", Character.FORMAT));

  private UnicodeProperties() {}

  /**
   * Returns the characters of {@code L}, {@code Lu}, {@code gc=Lu} or {@code Script=Latin}; the
   * empty set if there is no such property.
   */
  static CodePoints find(String name) {
    int equals = name.indexOf('=');
    String key = equals < 0 ? "gc" : name.substring(0, equals);
    String value = name.substring(equals + 1);
    return switch (key) {
      case "gc", "General_Category" -> category(value);
      case "sc", "Script" -> script(value);
      default -> CodePoints.NONE;
    };
  }

  private static CodePoints category(String name) {
    int types = 0;
    for (Map.Entry<String, Byte> entry : CATEGORIES.entrySet()) {
      if (!name.isEmpty() && name.length() <= 2 && entry.getKey().startsWith(name)) {
        types |= 1 << entry.getValue();
      }
    }
    int wanted = types;
    return types == 0 ? CodePoints.NONE : matching(c -> (wanted >>> Character.getType(c) & 1) != 0);
  }

  private static CodePoints script(String name) {
    UnicodeScript script;
    try {
      script = UnicodeScript.forName(name);
    } catch (IllegalArgumentException e) {
      return CodePoints.NONE; // the caller reports the name
    }
    return matching(c -> UnicodeScript.of(c) == script);
  }

  private static CodePoints matching(IntPredicate property) {
    List<Range> ranges = new ArrayList<>();
    int first = -1;
    for (int c = 0; c <= Character.MAX_CODE_POINT + 1; c++) {
      boolean has = c <= Character.MAX_CODE_POINT && property.test(c);
      if (has && first < 0) {
        first = c;
      } else if (!has && first >= 0) {
        ranges.add(new Range(first, c - 1));
        first = -1;
      }
    }
    return CodePoints.of(ranges);
  }
}
