package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.OutputConstraintException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GbnfParserTest {
  @Test
  void readsEveryNotation() {
    Texts texts =
        Texts.gbnf(
            """
            # a comment
            root ::= greeting (", " name){1,2} [!?]+ end?   # behind a rule
            greeting ::= "Hello" | "Hi" |
              "\\x48\\u0065y"
            name ::= [A-Z] [^A-Z \\]-]*
                   | "\\"" . "\\""
            end ::= (
              # in a group
              "\\n"
              "." )
            """);
    assertThat(texts.accepts("Hello, Bob!")).isTrue();
    assertThat(texts.accepts("Hi, Bob, Ann?!\n.")).isTrue();
    assertThat(texts.accepts("Hey, \"\uD83D\uDE00\"!")).isTrue();
    assertThat(texts.accepts("Hey, Bj\u00F6rn!")).isTrue();
    assertThat(texts.accepts("Hello!")).isFalse();
    assertThat(texts.accepts("Hello, Bob, Ann, Eve!")).isFalse();
    assertThat(texts.accepts("Hey, B-b!")).isFalse();
    assertThat(texts.begins("Hello, B")).isTrue();
    assertThat(texts.begins("Hello B")).isFalse();
  }

  @Test
  void nestsAsDeepAsTheText() {
    Texts texts = Texts.gbnf("root ::= \"(\" root \")\" root | \"\"");
    String deep = "(".repeat(5_000);
    assertThat(texts.begins(deep)).isTrue();
    assertThat(texts.accepts(deep)).isFalse();
    assertThat(texts.accepts(deep + ")".repeat(5_000) + "()")).isTrue();
    assertThat(texts.begins("())")).isFalse();
  }

  @Test
  void countsRepetitionsWithoutWritingThemOut() {
    Texts texts = Texts.gbnf("root ::= (\"ab\"){3,1000000000} \"c\"{2}");
    assertThat(texts.accepts("ab".repeat(3) + "cc")).isTrue();
    assertThat(texts.accepts("ab".repeat(5000) + "cc")).isTrue();
    assertThat(texts.accepts("ababcc")).isFalse();
    assertThat(texts.accepts("abababc")).isFalse();
    assertThat(Texts.gbnf("root ::= \"a\"{0}").accepts("")).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      value = {
        "(a?)*; aaa; ab",
        "(a*)*; aaa; ab",
        "(a*)+; ~~; b",
        "(a? b?){2}; ab; ababa",
        "(a? b?){2}; abab; ababb",
        "((a | '') (b | '')){1,3} c; ababc; abababab",
        "('')* a; a; aa",
        "(a? | (b*)*)* c; abbac; abcc",
      })
  void repeatsWhatMayBeEmpty(String body, String accepted, String refused) {
    String quoted = body.replaceAll("[abc]", "\"$0\"").replace("''", "\"\"");
    Texts texts = Texts.gbnf("root ::= " + quoted);
    assertThat(texts.accepts(accepted)).isTrue();
    assertThat(texts.accepts(refused)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "root ::= \"a; grammar: line 1, column 10: expected a closing '\"' on the same line",
        "root ::= \"a\" ); line 1, column 14: expected a part of the rule root, '|' or the end of"
            + " the line, found ')'",
        "root ::= (\"a\"; line 1, column 14: expected ')', found the end",
        "root = \"a\"; line 1, column 6: expected '::=', found '='",
        "root ::= b; line 1, column 10: expected a rule, found the name b, which has none",
        "a ::= \"a\"; expected a rule named root, found none",
        "root ::= [b-a]; line 1, column 11: expected a range from lower to higher, found b-a",
        "root ::= [a; expected a closing ']' on the same line",
        "root ::= \"\\q\"; expected an escape such as \\n, found \\q",
        "root ::= \"\\uD800\"; expected a Unicode character, found U+D800",
        "root ::= \"\\x4\"; expected 2 hexadecimal digits, found '\"'",
        "root ::= \"a\"{3,2}; expected a range, found {3,2}",
        "root ::= \"a\"{,2}; expected a number of repetitions, found ','",
        "root ::= \"a\"{99999999999}; expected fewer than",
        "root ::= <think>; tokens in angle brackets are not supported",
        "? ::= \"a\"; line 1, column 1: expected the name of a rule, found '?'",
      })
  void saysWhereAMistakeIs(String grammar, String message) {
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.gbnf(grammar))
        .withMessageContaining(message);
  }

  @Test
  void countsLinesAndCharacters() {
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.gbnf("root ::= a\n\na ::= \"\uD83D\uDE00\" @"))
        .withMessageStartingWith("grammar: line 3, column 11: ");
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.gbnf("root ::= \"a\"\nroot ::= \"b\""))
        .withMessageContaining("line 2, column 1: expected each rule once, found root again");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "root ::= root \"a\" | \"b\"",
        "root ::= a\na ::= b? c\nb ::= \"b\"\nc ::= \"\" a",
        "root ::= (\"x\"* root)+ | \"y\"",
        "root ::= root",
      })
  void refusesLeftRecursion(String grammar) {
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.gbnf(grammar))
        .withMessageContaining("begins with itself (rule ")
        .withMessageContaining("left recursion is not supported");
  }

  @ParameterizedTest
  @ValueSource(strings = {"root ::= \"a\" root", "root ::= []", "root ::= \"a\" b\nb ::= \"b\" b"})
  void refusesWhatMatchesNothing(String grammar) {
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.gbnf(grammar))
        .withMessageContaining("expected at least one text that it allows, found none");
  }

  @Test
  void neverEntersWhatCannotBeCompleted() {
    Texts texts =
        Texts.gbnf("root ::= \"a\" endless | \"b\" | endless* \"c\"\nendless ::= \"e\" endless");
    assertThat(texts.begins("a")).isFalse();
    assertThat(texts.begins("e")).isFalse();
    assertThat(texts.accepts("b")).isTrue();
    assertThat(texts.accepts("c")).isTrue();
  }

  /** Without sharing of beginnings every parenthesis would triple the number of stacks. */
  @Test
  void alternativesThatBeginAlikeStayOneStack() {
    Texts texts =
        Texts.gbnf(
            """
            root ::= term "+" root | term "-" root | term
            term ::= "(" root ")" "!" | "(" root ")" | [0-9]
            """);
    assertThat(texts.begins("(".repeat(5000) + "1")).isTrue();
    assertThat(texts.accepts("((1+2)!-(3))+4")).isTrue();
  }

  @Test
  void hostileGrammarsEndSoon() {
    String name = "a".repeat(50);
    List<String> grammars =
        List.of(
            "root ::= " + "(".repeat(100_000) + "\"a\"",
            "root ::= \"a\"" + "*".repeat(100_000),
            "root ::= \"" + "a".repeat(1 << 20) + "\"",
            "root ::= " + "a|".repeat(50_000) + "a\na ::= \"\"* a?",
            "root ::= " + name + "\n" + name + " ::= \"a\" " + (name + " ").repeat(10_000));
    for (String grammar : grammars) {
      Assertions.assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () ->
              assertThatExceptionOfType(OutputConstraintException.class)
                  .as(grammar.substring(0, 30))
                  .isThrownBy(() -> Texts.gbnf(grammar)));
    }
  }

  @Test
  void longChainsOfRulesAreNoProblem() {
    String chain =
        IntStream.range(0, 5_000)
            .mapToObj(i -> "r" + i + " ::= r" + (i + 1) + " | \"b\"\n")
            .collect(Collectors.joining("", "root ::= r0\n", "r5000 ::= \"a\""));
    assertThat(Texts.gbnf(chain).accepts("a")).isTrue();
  }

  @Test
  void longGroupsThatMayBeEmptyAreNoProblem() {
    Texts texts = Texts.gbnf("root ::= (" + "\"a\"? \"b\"? ".repeat(1000) + ")* \"c\"");
    assertThat(texts.accepts("abba".repeat(5) + "c")).isTrue();
  }

  @Test
  void ambiguityHasALimit() {
    Texts texts = Texts.gbnf("root ::= a a a a\na ::= ([a-c]{0,200} [b-d]{0,200}){0,200}");
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> texts.begins("b".repeat(1000)))
        .withMessageContaining("too ambiguous");
  }
}
