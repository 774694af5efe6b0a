package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegexParserTest {
  /** Against the JDK's own expressions. */
  @Test
  void matchesWhatJavaMatches() {
    for (int seed = 0; seed < 600; seed++) {
      Random random = new Random(seed);
      String regex = expression(random, 3);
      Pattern pattern = Pattern.compile(regex);
      Texts texts = Texts.regex(regex);
      for (int i = 0; i < 20; i++) {
        String text = text(random);
        assertThat(texts.accepts(text))
            .as("seed %d: %s and %s", seed, regex, text)
            .isEqualTo(pattern.matcher(text).matches());
        if (pattern.matcher(text).matches()) {
          assertThat(texts.begins(text.substring(0, text.length() / 2))).isTrue();
        }
      }
    }
  }

  private static String expression(Random random, int depth) {
    var regex = new StringBuilder();
    for (int i = random.nextInt(3); i >= 0; i--) {
      String atom =
          switch (random.nextInt(depth > 0 ? 9 : 7)) {
            case 0 -> "a";
            case 1 -> "\u00E9";
            case 2 -> ".";
            case 3 -> "[^ab]";
            case 4 -> "[b-d1-]";
            case 5 -> "\\d";
            case 6 -> "\\W";
            case 7 -> "(" + expression(random, depth - 1) + ")";
            default -> "(?:" + expression(random, depth - 1) + "|" + expression(random, 0) + ")";
          };
      String[] quantifiers = {"", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?"};
      regex.append(atom).append(quantifiers[random.nextInt(quantifiers.length)]);
    }
    return regex.toString();
  }

  private static String text(Random random) {
    String[] parts = {"a", "b", "c", "1", "-", "\u00E9", "\n", " ", "\uD83D\uDE00"};
    var text = new StringBuilder();
    for (int i = random.nextInt(7); i > 0; i--) {
      text.append(parts[random.nextInt(parts.length)]);
    }
    return text.toString();
  }

  @Test
  void readsEscapes() {
    String regex = "^\\x41\\u00e9\\u{1F600}\\uD83D\\uDE00\\n\\.[\\]\\-\\d]$";
    assertThat(Texts.regex(regex).accepts("A\u00E9\uD83D\uDE00\uD83D\uDE00\n.-")).isTrue();
    assertThat(Texts.regex("(?<year>\\d{4})|^x$|y").accepts("2026")).isTrue();
  }

  @Test
  void choicesAreTheirStrings() {
    Texts texts =
        new Texts(OutputConstraint.choices("yes", "no", "no way", "\u4F60\u597D", "n", ""));
    for (String text : new String[] {"yes", "no", "no way", "\u4F60\u597D", "n", ""}) {
      assertThat(texts.accepts(text)).as(text).isTrue();
    }
    for (String text : new String[] {"ye", "no ", "\u4F60", "nn", "yesno"}) {
      assertThat(texts.accepts(text)).as(text).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "(?=a)b; line 1, column 1: expected (...), (?:...) or (?<name>...), found another group",
        "(?<!a)b; expected (...), (?:...) or (?<name>...), found another group",
        "a\\1; line 1, column 2: \\1 is not supported",
        "\\bword; \\b is not supported",
        "\\p{L}; \\p is not supported",
        "a*+; line 1, column 3: possessive quantifiers are not supported",
        "(a^b); anchors are supported at the ends of the expression only, found ^",
        "(a; expected ')', found the end",
        "a); expected the end of the expression, found ')'",
        "[a; expected a closing ']', found none",
        "[a&&b]; expected a character, found a set within a set",
        "*a; expected something to repeat before '*'",
        "\\uD800; expected a Unicode character, found U+D800",
      })
  void saysWhatIsNotSupported(String regex, String message) {
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.regex(regex))
        .withMessageContaining(message);
  }
}
