package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StreamingDecoderTest {
  private static Tokenizer tokenizer;
  private static final int[] BYTE_IDS = new int[256];

  @BeforeAll
  static void load() throws IOException {
    tokenizer = TestData.mini();
    for (int b = 0; b < 256; b++) {
      BYTE_IDS[b] = tokenizer.tokens().find(new byte[] {(byte) b}, 1);
    }
  }

  @Test
  void holdsBackTheBytesOfAnUnfinishedCharacter() {
    StreamingDecoder decoder = tokenizer.newStreamingDecoder(false);

    assertThat(decoder.accept(BYTE_IDS['a'])).isEqualTo("a");
    assertThat(decoder.accept(BYTE_IDS[0xF0])).isEmpty();
    assertThat(decoder.accept(BYTE_IDS[0x9F])).isEmpty();
    assertThat(decoder.accept(BYTE_IDS[0x98])).isEmpty();
    assertThat(decoder.accept(BYTE_IDS[0x80])).isEqualTo("😀");
    assertThat(decoder.finish()).isEmpty();
  }

  @Test
  void replacesWhatCanNoLongerBecomeACharacter() {
    StreamingDecoder decoder = tokenizer.newStreamingDecoder(false);

    assertThat(decoder.accept(BYTE_IDS[0xE6])).isEmpty();
    assertThat(decoder.accept(BYTE_IDS[0x97])).isEmpty();
    assertThat(decoder.accept(BYTE_IDS['x'])).isEqualTo("\uFFFDx");
    assertThat(decoder.accept(BYTE_IDS[0xC3])).isEmpty();
    assertThat(decoder.accept(BYTE_IDS[0xC3])).isEqualTo("\uFFFD");
    assertThat(decoder.finish()).isEqualTo("\uFFFD");
    assertThat(decoder.finish()).isEmpty();
    assertThat(decoder.accept(BYTE_IDS[0xA9])).isEqualTo("\uFFFD");
  }

  @Test
  void replacesAnEncodedSurrogateByThreeReplacementCharacters() {
    assertThat(decode(0xED, 0xA0, 0x80)).isEqualTo("\uFFFD\uFFFD\uFFFD");
    assertThat(decode(0xED, 0xBF, 0xBF, 'a')).isEqualTo("\uFFFD\uFFFD\uFFFDa");
    assertThat(decode(0xED, 0x9F, 0xBF)).isEqualTo("\uD7FF");
  }

  @Test
  void leavesSpecialTokensOutAndTheCharacterAroundThemWhole() {
    int special = tokenizer.idOf("<|end_of_text|>").orElseThrow();
    int[] ids = {BYTE_IDS[0xC3], special, BYTE_IDS[0xA9]};
    StreamingDecoder skipping = tokenizer.newStreamingDecoder(true);

    assertThat(skipping.accept(ids[0]) + skipping.accept(ids[1]) + skipping.accept(ids[2]))
        .isEqualTo("é");
    assertThat(tokenizer.decode(ids)).isEqualTo("\uFFFD<|end_of_text|>\uFFFD");
  }

  @Test
  void decodesRandomBytesLikeTheJdkBarringSurrogates() {
    long seed = 99;
    Random random = new Random(seed);
    int[] interesting = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF};
    int[] leads = {0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF, 'a'};
    for (int i = 0; i < 20_000; i++) {
      int[] bytes = new int[1 + random.nextInt(8)];
      byte[] same = new byte[bytes.length];
      for (int k = 0; k < bytes.length; k++) {
        int[] from = random.nextInt(3) == 0 ? leads : interesting;
        bytes[k] = from[random.nextInt(from.length)];
        // The JDK replaces an encoded surrogate by one character; a test above has that case.
        if (k > 0 && bytes[k - 1] == 0xED && bytes[k] >= 0xA0) {
          bytes[k] = 0x9F;
        }
        same[k] = (byte) bytes[k];
      }
      assertThat(decode(bytes))
          .as("seed %d, bytes %d", seed, i)
          .isEqualTo(new String(same, StandardCharsets.UTF_8));
    }
  }

  @Test
  void refusesIdsOutsideOfTheVocabulary() {
    StreamingDecoder decoder = tokenizer.newStreamingDecoder(true);

    assertThatThrownBy(() -> decoder.accept(768))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("768");
  }

  private static String decode(int... bytes) {
    var text = new StringBuilder();
    StreamingDecoder decoder = tokenizer.newStreamingDecoder(false);
    for (int b : bytes) {
      text.append(decoder.accept(BYTE_IDS[b]));
    }
    return text.append(decoder.finish()).toString();
  }
}
