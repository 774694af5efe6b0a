package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** Anchors anywhere, look-ahead and sets beside a dash, against the JDK's own expressions. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(^$)|(^[A-Z]{2}$)|(^\\*+$)",
        "(?:^a|b)(?:c$|d?)",
        "(a^b)|c",
        "^(?!aws:).+",
        "(?=.*\\d)(?=.*[a-z]).{2,4}",
        "a(?!b)[a-c]*|(?!c$)c.?",
        "x(?=a|b$)[a-d]+",
        "[\\w.-]+",
        "\\p{Lu}?\\p{L}\\P{Lu}*",
        "(?:a$|b)?b?",
      })
  void matchesWhatJavaMatchesBesideAnchors(String regex) {
    Pattern pattern = Pattern.compile(regex);
    Texts texts = Texts.regex(regex);
    Random random = new Random(1);
    String[] parts = {"a", "b", "c", "d", "x", "A", "AB", "*", "1", "aws:", "-", "."};
    for (int i = 0; i < 3000; i++) {
      var text = new StringBuilder();
      for (int j = random.nextInt(6); j > 0; j--) {
        text.append(parts[random.nextInt(parts.length)]);
      }
      assertThat(texts.accepts(text.toString()))
          .as("%s and %s", regex, text)
          .isEqualTo(pattern.matcher(text).matches());
    }
  }

  @Test
  void longExpressionsTakeTimeOfTheirLength() {
    assertThat(Texts.regex(".".repeat(524_288)).begins("aaa")).isTrue();
    String set =
        IntStream.range(0, 26_500)
            .mapToObj(i -> Character.toString(0x20000 + 2 * i))
            .collect(Collectors.joining());
    assertThat(Texts.regex("[" + set + "]").accepts(Character.toString(0x20000 + 52_000))).isTrue();
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.regex("(".repeat(100_000) + ")".repeat(100_000)))
        .withMessageContaining("expected at most 200 nested groups");
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.regex("(?:(?:^a{900}){0,1}|b{900}){900}c"))
        .withMessageContaining("not supported in what is repeated");
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.regex("(?!x)(?:(?:a{1,900}b){1,900}c){1,900}"))
        .withMessageContaining("found more");
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
        "(?<!a)b; line 1, column 1: look-behind is not supported",
        "(?>a)b; expected (...), (?:...), (?<name>...), (?=...) or (?!...), found another group",
        "a\\1; line 1, column 2: \\1: back references are not supported",
        "\\bword; \\b: word boundaries are not supported",
        "\\p{Foo}; expected a general category such as L or Lu",
        "(?:(?=a)b)*; anchors and look-ahead are not supported in what is repeated",
        "(^a)+; anchors and look-ahead are not supported in what is repeated",
        "a*+; line 1, column 3: possessive quantifiers are not supported",
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
