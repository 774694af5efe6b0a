package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text is the same however it comes: at once, id by id, through stop strings. */
class StreamedTextTest {
  @ParameterizedTest
  @ValueSource(strings = {"mini", "mini-spm"})
  void doesNotDependOnHowIdsAreFed(String name) throws IOException {
    Tokenizer tokenizer = Tokenizer.load(TestData.resource(name + "/tokenizer.json"));
    long seed = 77;
    Random random = new Random(seed);
    int stopped = 0;
    for (int i = 0; i < 3_000; i++) {
      int[] ids = ids(random, tokenizer);
      String whole = tokenizer.decode(ids);
      List<String> stops = new ArrayList<>();
      for (int s = random.nextInt(3); s > 0 && !whole.isEmpty(); s--) {
        int from = random.nextInt(whole.length());
        stops.add(whole.substring(from, Math.min(whole.length(), from + 1 + random.nextInt(6))));
      }
      var atOnce = new StopStrings(stops);
      String expected = atOnce.accept(whole) + (atOnce.stop().isPresent() ? "" : atOnce.finish());

      StreamingDecoder decoder = tokenizer.newStreamingDecoder(false);
      var byId = new StopStrings(stops);
      var text = new StringBuilder();
      var released = new StringBuilder();
      for (int id : ids) {
        String piece = decoder.accept(id);
        text.append(piece);
        released.append(byId.accept(piece));
        assertThat(piece.isEmpty() || !Character.isHighSurrogate(piece.charAt(piece.length() - 1)))
            .as("seed %d, case %d: half a character", seed, i)
            .isTrue();
      }
      String tail = decoder.finish();
      text.append(tail);
      released.append(byId.accept(tail));
      stopped += byId.stop().isPresent() ? 1 : 0;
      assertThat(byId.stop()).as("seed %d, case %d", seed, i).isEqualTo(atOnce.stop());
      released.append(byId.stop().isPresent() ? "" : byId.finish());

      assertThat(text.toString()).as("seed %d, case %d", seed, i).isEqualTo(whole);
      assertThat(released.toString()).as("seed %d, case %d", seed, i).isEqualTo(expected);
    }
    assertThat(stopped).isGreaterThan(1_000);
  }

  /** Ids of text and any others, so that characters are broken off. */
  private static int[] ids(Random random, Tokenizer tokenizer) {
    int[] words = tokenizer.encode("The end 日本 😀 of\n it's 12 é");
    return random
        .ints(random.nextInt(20), 0, 2 * words.length)
        .map(i -> i < words.length ? words[i] : random.nextInt(tokenizer.vocabSize()))
        .toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mini", "mini-spm"})
  void dropsTheSpaceBeforeATextOnceForEveryStream(String name) throws IOException {
    Tokenizer tokenizer = Tokenizer.load(TestData.resource(name + "/tokenizer.json"));
    StreamingDecoder decoder = tokenizer.newStreamingDecoder(true);
    for (String text : List.of("Hello", " the end", "  two", "日")) {
      var streamed = new StringBuilder();
      Arrays.stream(tokenizer.encode(text)).mapToObj(decoder::accept).forEach(streamed::append);
      assertThat(streamed.append(decoder.finish()).toString()).isEqualTo(text);
    }
  }
}
