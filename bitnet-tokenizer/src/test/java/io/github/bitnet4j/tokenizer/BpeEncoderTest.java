package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class BpeEncoderTest {
  @Test
  void mergesPiecesOfEveryLengthLikeTheDefinition() throws IOException {
    Tokenizer tokenizer = TestData.mini();
    Map<String, Integer> ranks = mergeRanks();
    long seed = 42;
    Random random = new Random(seed);
    for (int i = 0; i < 400; i++) {
      // One piece: letters only. Few different ones, so that pairs overlap and ranks tie.
      int length = 1 + random.nextInt(i % 4 == 0 ? 300 : 80);
      String letters = i % 2 == 0 ? "theandigh" : "lolé";
      var text = new StringBuilder();
      for (int c = 0; c < length; c++) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      List<String> tokens = new ArrayList<>();
      for (int id : tokenizer.encode(text.toString())) {
        tokens.add(latin1(tokenizer.tokens(), id));
      }
      assertThat(tokens)
          .as("seed %d, text %d: %s", seed, i, text)
          .isEqualTo(merge(text.toString(), ranks));
    }
  }

  @Test
  void takesNoQuadraticTimeForOneLongPiece() throws IOException {
    Tokenizer tokenizer = TestData.demo();
    String text = "a".repeat(1 << 20);

    // Quadratic time would be hours here; the limit is far above what any machine needs.
    int[] ids =
        Assertions.assertTimeoutPreemptively(Duration.ofMinutes(1), () -> tokenizer.encode(text));

    assertThat(tokenizer.decode(ids)).isEqualTo(text);
  }

  /** Returns one character for each byte of a token. */
  private static String latin1(TokenTable tokens, int id) {
    var text = new StringBuilder();
    for (int i = 0; i < tokens.length(id); i++) {
      text.append((char) (tokens.byteAt(id, i) & 0xFF));
    }
    return text.toString();
  }

  /** The definition: merge the leftmost pair of the lowest rank until there is none. */
  private static List<String> merge(String text, Map<String, Integer> ranks) {
    List<String> symbols = new ArrayList<>();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      symbols.add(String.valueOf((char) (b & 0xFF)));
    }
    while (true) {
      int best = Integer.MAX_VALUE;
      int at = -1;
      for (int i = 0; i + 1 < symbols.size(); i++) {
        int rank = ranks.getOrDefault(symbols.get(i) + "|" + symbols.get(i + 1), Integer.MAX_VALUE);
        if (rank < best) {
          best = rank;
          at = i;
        }
      }
      if (at < 0) {
        return symbols;
      }
      symbols.set(at, symbols.get(at) + symbols.remove(at + 1));
    }
  }

  /** Ranks by "left|right", with one Latin-1 character for each byte. */
  private static Map<String, Integer> mergeRanks() throws IOException {
    var file = (JsonObject) JsonReader.read(TestData.resource("mini/tokenizer.json"));
    var model = (JsonObject) Objects.requireNonNull(file.get("model"));
    Map<String, Integer> ranks = new HashMap<>();
    for (JsonValue merge : ((JsonArray) Objects.requireNonNull(model.get("merges"))).elements()) {
      var key = new StringBuilder();
      for (char c : ((JsonString) merge).value().toCharArray()) {
        key.append(c == ' ' ? '|' : (char) ByteAlphabet.byteOf(c));
      }
      ranks.put(key.toString(), ranks.size());
    }
    return ranks;
  }
}
