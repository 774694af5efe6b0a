package io.github.bitnet4j.tokenizer.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.tokenizer.TokenizerFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintableTest {
  @Test
  void ordinaryTextStaysAsItIs() {
    String text = "m.gguf: tensor Größe 日本語 🙂 \\n \"x\": expected 1, found 2";
    assertThat(Printable.message(text)).isSameAs(text);
    assertThat(Printable.shorten(text, 100)).isSameAs(text);
  }

  @ParameterizedTest
  @CsvSource({
    "001b, \\u001b",
    "000a, \\n",
    "000d, \\r",
    "0009, \\t",
    "0000, \\u0000",
    "007f, \\u007f",
    "0085, \\u0085",
    "009b, \\u009b",
    "2028, \\u2028",
    "202e, \\u202e",
    "200b, \\u200b",
    "feff, \\ufeff",
    "d800, \\ud800",
    "e0041, \\udb40\\udc41"
  })
  void charactersThatCannotBeSeenAreEscaped(String codePoint, String escape) {
    String text = "a" + Character.toString(Integer.parseInt(codePoint, 16)) + "b";
    assertThat(Printable.message(text)).isEqualTo("a" + escape + "b");
    assertThat(Printable.message(Printable.message(text))).isEqualTo("a" + escape + "b");
  }

  @Test
  void longTextIsCutOffBetweenCharacters() {
    assertThat(Printable.shorten("abcdef", 6)).isEqualTo("abcdef");
    assertThat(Printable.shorten("abcdefg", 6)).isEqualTo("abcdef... (7 characters)");
    assertThat(Printable.shorten("🙂🙂🙂", 3)).isEqualTo("🙂... (6 characters)");
  }

  @Test
  void ofALongMessageStartAndEndAreKept() {
    String message = Printable.message("m.gguf: key " + "k".repeat(1_000_000) + ": do this");
    assertThat(message)
        .startsWith("m.gguf: key kkk")
        .endsWith("kkk: do this")
        .contains("[... of 1000021 characters ...]")
        .hasSizeLessThanOrEqualTo(Printable.MAX_MESSAGE_BYTES);
  }

  @Test
  void noMessageIsTooLongOrHasControlCharacters() {
    for (long seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      StringBuilder text = new StringBuilder();
      int length = random.nextInt(6000);
      for (int i = 0; i < length; i++) {
        text.appendCodePoint(
            switch (random.nextInt(4)) {
              case 0 -> random.nextInt(32);
              case 1 -> random.nextInt(0x110000);
              case 2 -> 0x4E00 + random.nextInt(1000);
              default -> 'a';
            });
      }
      String message = new TokenizerFormatException("m: " + text).getMessage();
      assertThat(message.getBytes(StandardCharsets.UTF_8))
          .as("seed %d", seed)
          .hasSizeLessThanOrEqualTo(Printable.MAX_MESSAGE_BYTES);
      assertThat(message.codePoints().noneMatch(Character::isISOControl))
          .as("seed %d", seed)
          .isTrue();
    }
  }
}
