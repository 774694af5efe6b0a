package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PreTokenizerTest {
  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /**
   * What decides between the alternatives, from all classes and planes, unpaired surrogates too.
   */
  private static final String[] PARTS = {
    " ",
    " ",
    "  ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u000B",
    "\f",
    "\u0085",
    "\u00A0",
    "\u2003",
    "\u2028",
    "\u3000",
    "\u200B",
    "\u180E",
    "'",
    "'",
    "s",
    "S",
    "t",
    "re",
    "VE",
    "l",
    "L",
    "d",
    "\u017F",
    "m",
    "\u212A",
    "é",
    "e\u0301",
    "日",
    "ǅ",
    "ʰ",
    "1",
    "23",
    "4567",
    "Ⅷ",
    "½",
    "٣",
    "𝟜",
    "𐐷",
    "😀",
    "\uD83D",
    "\uDE00",
    "\uFFFD",
    ".",
    "-",
    "_",
    "…",
    "\0",
    "\u001C",
    "\u2581",
    "$",
    "\u2581\u2581",
    "€+",
    "`",
    "、",
    "\u2014"
  };

  @ParameterizedTest
  @EnumSource
  void cutsLikeTheRegularExpression(PreTokenizer preTokenizer) {
    List<Pattern> stages =
        stages(preTokenizer).stream()
            .map(regex -> Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS))
            .toList();
    long seed = 7;
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      var builder = new StringBuilder();
      int parts = 1 + random.nextInt(12);
      for (int p = 0; p < parts; p++) {
        builder.append(PARTS[random.nextInt(PARTS.length)]);
      }
      String text = builder.toString();

      List<String> expected = List.of(text);
      for (Pattern stage : stages) {
        expected = expected.stream().flatMap(piece -> cut(piece, stage).stream()).toList();
      }
      assertThat(pieces(preTokenizer, text)).as("seed %d, text %d", seed, i).isEqualTo(expected);
    }
  }

  /** The expressions of a splitter; each cuts the pieces of the one before. */
  private static List<String> stages(PreTokenizer preTokenizer) {
    return switch (preTokenizer) {
      case GPT2 -> List.of(GPT2);
      case LLAMA3 -> List.of(LLAMA3);
      case QWEN2 -> List.of(LLAMA3.replace("{1,3}", ""));
      case FALCON -> List.of("[\\p{gc=P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]");
      case PUNCTUATION -> List.of("[\\p{gc=P}$+<=>^~|`]+", GPT2);
      case NONE -> List.of();
      case BEFORE_SPACES -> List.of("[ \u2581]*[^ \u2581]+");
      case EVERY_SPACE -> List.of("[ \u2581]?[^ \u2581]*");
    };
  }

  /** Returns the matches and what is between them. */
  private static List<String> cut(String text, Pattern pattern) {
    List<String> pieces = new ArrayList<>();
    int end = 0;
    for (Matcher matcher = pattern.matcher(text); matcher.find(); end = matcher.end()) {
      pieces.add(text.substring(end, matcher.start()));
      pieces.add(matcher.group());
    }
    pieces.add(text.substring(end));
    pieces.removeIf(String::isEmpty);
    return pieces;
  }

  @Test
  void stopsAtTheEndOfTheSegment() {
    assertThat(PreTokenizer.LLAMA3.pieceEnd("ab'll", 2, 4)).isEqualTo(4);
    assertThat(PreTokenizer.LLAMA3.pieceEnd("a  b", 1, 3)).isEqualTo(3);
    assertThat(PreTokenizer.LLAMA3.pieceEnd("\uD83D\uDE00", 0, 1)).isEqualTo(1);
  }

  @Test
  void isFoundByTheExactTextOfItsExpressionOnly() {
    assertThat(PreTokenizer.forRegex(GPT2)).contains(PreTokenizer.GPT2);
    assertThat(PreTokenizer.forRegex(LLAMA3)).contains(PreTokenizer.LLAMA3);
    assertThat(PreTokenizer.forRegex(LLAMA3 + " ")).isEmpty();
  }

  private static List<String> pieces(PreTokenizer preTokenizer, String text) {
    List<String> pieces = new ArrayList<>();
    for (int from = 0; from < text.length(); ) {
      int to = preTokenizer.pieceEnd(text, from, text.length());
      pieces.add(text.substring(from, to));
      from = to;
    }
    return pieces;
  }
}
