package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.tokenizer.GgufVocabulary.Utf8Strings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A megabyte of hostile text. Quadratic time would be hours; the limit is far above what any
 * machine needs.
 */
class LinearTimeTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int MEGABYTE = 1 << 20;

  @ParameterizedTest
  @ValueSource(strings = {"mini/tokenizer.json", "mini-spm/tokenizer.json"})
  void encodesAMegabyteOfOneUnit(String file) throws IOException {
    Tokenizer tokenizer = Tokenizer.load(TestData.resource(file));
    for (String unit : List.of("a", " ", "the", "\n", "1", ".", "日", "\uD83D", "a ", "<|", "'s")) {
      String text = unit.repeat(MEGABYTE / unit.length());
      int[] ids = Assertions.assertTimeoutPreemptively(LIMIT, () -> tokenizer.encode(text), unit);
      assertThat(tokenizer.decode(ids)).isEqualTo(text.replace('\uD83D', '\uFFFD'));
    }
  }

  @Test
  void encodesADocumentThatIsOneWordToSentencePiece() throws IOException {
    Tokenizer words = Tokenizer.load(TestData.resource("mini-spm/tokenizer.json"));
    // A token with a space inside: now merges may cross words, and nothing may be cut.
    Tokenizer whole =
        Tokenizer.of(
            withToken(GgufMetadata.read(TestData.resource("mini-spm/vocab.gguf")), "Z\u2581"));
    assertThat(words).hasToString("Tokenizer[sentence-piece, BEFORE_SPACES, 800 ids, 3 special]");
    assertThat(whole).hasToString("Tokenizer[sentence-piece, NONE, 801 ids, 3 special]");
    String text =
        "In the beginning of the document they said: \"it is 12 Z quite long\".\n".repeat(17_000);

    int[] cut = Assertions.assertTimeoutPreemptively(LIMIT, () -> words.encode(text));
    int[] uncut = Assertions.assertTimeoutPreemptively(LIMIT, () -> whole.encode(text));

    assertThat(words.decode(cut)).isEqualTo(text);
    assertThat(whole.decode(uncut)).isEqualTo(text);
    assertThat(uncut).contains(800);
  }

  /** Returns the vocabulary with one more token, of the highest score. */
  private static GgufVocabulary withToken(GgufVocabulary file, String token) {
    int size = file.tokens().size();
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      tokens.add(new String(file.tokens().get(i), StandardCharsets.UTF_8));
    }
    tokens.add(token);
    float[] scores = Arrays.copyOf(file.scores(), size + 1);
    scores[size] = 1;
    int[] types = Arrays.copyOf(file.tokenTypes(), size + 1);
    types[size] = 1;
    return GgufVocabulary.builder(file.source(), file.model(), Utf8Strings.of(tokens))
        .scores(scores)
        .tokenTypes(types)
        .build();
  }
}
