package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Bugs of the project this one descends from, which must not come back. */
class OriginBugsTest {
  /** The fourth: token strings were taken for text, so output was full of Ġ and Ċ. */
  @Test
  void byteLevelBpeMapsEveryByteThroughTheGpt2Alphabet() throws IOException {
    assertThat(ByteAlphabet.charOf(' ')).isEqualTo('Ġ');
    assertThat(ByteAlphabet.charOf('\n')).isEqualTo('Ċ');
    assertThat(ByteAlphabet.charOf(0xC3)).isEqualTo('Ã');
    assertThat(ByteAlphabet.charOf(0xAD)).isEqualTo('\u0143');
    for (int b = 0; b < 256; b++) {
      assertThat(ByteAlphabet.byteOf(ByteAlphabet.charOf(b))).isEqualTo(b);
    }

    Tokenizer tokenizer = TestData.demo();
    for (String text : new String[] {" ", "\n", " there", "é", "日本", "😀", "a\tb\r\n  c"}) {
      int[] ids = tokenizer.encode(text);
      assertThat(tokenizer.decode(ids)).isEqualTo(text);
    }
    // "Ġthere" is one token of the file: " there" must find it, the six letters must not.
    assertThat(tokenizer.encode(" there")).containsExactly(399);
    assertThat(tokenizer.encode("Ġthere")).doesNotContain(399);
    assertThat(tokenizer.encode("\n")).hasSize(1);
    assertThat(tokenizer.decode(tokenizer.encode("Ġthere"))).isEqualTo("Ġthere");
    assertThat(tokenizer.encode("\0")).hasSize(1);
    assertThat(tokenizer.encode("ß")).hasSize("ß".getBytes(StandardCharsets.UTF_8).length);
  }
}
