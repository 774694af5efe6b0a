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
    " ", " ", "  ", "\n", "\r", "\r\n", "\t", "\u000B", "\f", "\u0085", "\u00A0", "\u2003",
    "\u2028", "\u3000", "\u200B", "\u180E", "'", "'", "s", "S", "t", "re", "VE", "l", "L", "d",
    "\u017F", "m", "\u212A", "é", "e\u0301", "日", "ǅ", "ʰ", "1", "23", "4567", "Ⅷ", "½", "٣", "𝟜",
    "𐐷", "😀", "\uD83D", "\uDE00", "\uFFFD", ".", "-", "_", "…", "\0", "\u001C"
  };

  @ParameterizedTest
  @EnumSource
  void cutsLikeTheRegularExpression(PreTokenizer preTokenizer) {
    Pattern pattern =
        Pattern.compile(
            switch (preTokenizer) {
              case GPT2 -> GPT2;
              case LLAMA3 -> LLAMA3;
              case QWEN2 -> LLAMA3.replace("{1,3}", "");
            },
            Pattern.UNICODE_CHARACTER_CLASS);
    long seed = 7;
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      var builder = new StringBuilder();
      int parts = 1 + random.nextInt(12);
      for (int p = 0; p < parts; p++) {
        builder.append(PARTS[random.nextInt(PARTS.length)]);
      }
      String text = builder.toString();

      List<String> expected = new ArrayList<>();
      for (Matcher matcher = pattern.matcher(text); matcher.find(); ) {
        expected.add(matcher.group());
      }
      assertThat(pieces(preTokenizer, text)).as("seed %d, text %d", seed, i).isEqualTo(expected);
    }
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
