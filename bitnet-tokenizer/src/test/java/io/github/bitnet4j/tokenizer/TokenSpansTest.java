package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.tokenizer.TestData.Case;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Places of tokens, counting and appending: the other forms of encode. */
class TokenSpansTest {
  private static final EncodeOptions SPECIAL = new EncodeOptions(false, true);

  @ParameterizedTest
  @CsvSource({"mini, false", "mini, true", "mini-spm, false", "mini-spm, true"})
  void givesTheSameIdsAsEncodeAndPlacesThatCoverTheText(String name, boolean special)
      throws IOException {
    Tokenizer tokenizer = Tokenizer.load(TestData.resource(name + "/tokenizer.json"));
    for (Case golden : TestData.cases(TestData.resource(name + "/cases.jsonl"))) {
      String text = golden.text("text");
      var options = new EncodeOptions(true, special);

      TokenSpans spans = tokenizer.encodeWithSpans(text, options);

      String id = golden.text("id");
      var buffer = new TokenBuffer();
      tokenizer.encode(text, options, buffer);
      assertThat(spans.ids()).as(id).isEqualTo(tokenizer.encode(text, options));
      assertThat(buffer.toArray()).as(id).isEqualTo(spans.ids());
      assertThat(tokenizer.count(text, options)).as(id).isEqualTo(spans.ids().length);
      int covered = 0;
      for (int i = 0; i < spans.ids().length; i++) {
        int start = spans.starts()[i];
        int end = spans.ends()[i];
        assertThat(start).as("%s, token %d", id, i).isBetween(Math.max(0, covered - 2), covered);
        assertThat(end).as("%s, token %d", id, i).isBetween(covered, text.length());
        covered = end;
      }
      assertThat(covered).as(id).isEqualTo(text.length());
    }
  }

  @Test
  void placesEveryTokenWhereItsBytesAre() throws IOException {
    Tokenizer tokenizer = TestData.mini();
    for (Case golden : TestData.cases(TestData.resource("mini/cases.jsonl"))) {
      String text = golden.text("text");
      TokenSpans spans = tokenizer.encodeWithSpans(text, EncodeOptions.LITERAL);
      int[] charOfByte = new int[3 * text.length() + 1];
      int bytes = 0;
      for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
        int c = text.codePointAt(i);
        String unit =
            Character.getType(c) == Character.SURROGATE ? "\uFFFD" : Character.toString(c);
        for (int b = unit.getBytes(StandardCharsets.UTF_8).length; b > 0; b--) {
          charOfByte[bytes++] = i;
        }
      }
      int at = 0;
      for (int i = 0; i < spans.ids().length; i++) {
        int length = tokenizer.tokenBytes(spans.ids()[i]).length;
        int last = charOfByte[at + length - 1];
        assertThat(spans.starts()[i]).as(golden.text("id")).isEqualTo(charOfByte[at]);
        assertThat(spans.ends()[i])
            .as(golden.text("id"))
            .isEqualTo(last + Character.charCount(text.codePointAt(last)));
        at += length;
      }
      assertThat(at).isEqualTo(bytes);
    }
  }

  @Test
  void givesEveryPartOfACharacterTheWholeCharacter() throws IOException {
    TokenSpans spans = TestData.mini().encodeWithSpans("a😀", EncodeOptions.LITERAL);

    assertThat(spans.starts()).containsExactly(0, 1, 1, 1, 1);
    assertThat(spans.ends()).containsExactly(1, 3, 3, 3, 3);
  }

  @Test
  void givesTheSpaceBeforeATextNoPlace() throws IOException {
    Tokenizer tokenizer = Tokenizer.load(TestData.resource("mini-spm/tokenizer.model"));
    TokenSpans spans = tokenizer.encodeWithSpans("<s>Zq 日", SPECIAL);

    assertThat(spans.ids()[0]).isEqualTo(1);
    assertThat(spans.starts()[0]).isZero();
    assertThat(spans.ends()[0]).isEqualTo(3);
    assertThat(tokenizer.tokenText(spans.ids()[1])).startsWith(" ");
    assertThat(spans.starts()[1]).isEqualTo(3);
    assertThat(spans.ends()[spans.ends().length - 1]).isEqualTo(7);
  }

  @Test
  void keepsTheIdsOfABufferUntilItIsCleared() throws IOException {
    Tokenizer tokenizer = TestData.mini();
    var buffer = new TokenBuffer();
    tokenizer.encode("one", EncodeOptions.LITERAL, buffer);
    int first = buffer.size();
    tokenizer.encode(" two", EncodeOptions.LITERAL, buffer);

    assertThat(tokenizer.decode(buffer.toArray())).isEqualTo("one two");
    assertThat(buffer.get(first)).isEqualTo(tokenizer.encode(" two")[0]);
    assertThatThrownBy(() -> buffer.get(buffer.size()))
        .isInstanceOf(IndexOutOfBoundsException.class);
    buffer.clear();
    assertThat(buffer.size()).isZero();
    assertThatThrownBy(() -> buffer.get(0)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
