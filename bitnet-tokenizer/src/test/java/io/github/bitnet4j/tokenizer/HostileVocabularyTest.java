package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.tokenizer.GgufVocabulary.Utf8Strings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Vocabularies of strangers: refused with the place of the fault, or usable; never anything else.
 */
class HostileVocabularyTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"mini-spm/tokenizer.json", "mini-spm/tokenizer.model", "ranks"})
  void loadsOrRefusesDamagedFiles(String name) throws IOException {
    byte[] original =
        name.equals("ranks")
            ? ranks(TestData.mini()).getBytes(StandardCharsets.UTF_8)
            : Files.readAllBytes(TestData.resource(name));
    Path file = folder.resolve("vocabulary");
    long seed = 4711;
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 500; i++) {
      Files.write(file, damage(original, random));
      refused +=
          usableOrRefused(
              () ->
                  name.equals("ranks")
                      ? Tokenizer.loadTiktoken(file, GPT2, Map.of())
                      : Tokenizer.load(file),
              file.toString(),
              "seed " + seed + ", file " + i);
    }
    assertThat(refused).isBetween(100, 499);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mini/vocab.gguf", "mini-spm/vocab.gguf"})
  void loadsOrRefusesDamagedVocabulariesOfGguf(String name) throws IOException {
    GgufVocabulary original = GgufMetadata.read(TestData.resource(name));
    long seed = 815;
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 500; i++) {
      GgufVocabulary damaged = damage(original, random);
      refused +=
          usableOrRefused(
              () -> Tokenizer.of(damaged), original.source(), "seed " + seed + ", file " + i);
    }
    assertThat(refused).isBetween(100, 499);
  }

  private interface Loading {
    Tokenizer load() throws IOException;
  }

  /** Returns 1 if the vocabulary is refused, 0 if it can be used. */
  private static int usableOrRefused(Loading loading, String source, String description) {
    return Assertions.assertTimeoutPreemptively(
        LIMIT,
        () -> {
          Tokenizer tokenizer;
          try {
            tokenizer = loading.load();
          } catch (TokenizerFormatException e) {
            assertThat(e).as(description).hasMessageStartingWith(source + ": ");
            return 1;
          }
          String text = "Hello <|eot_id|></s> world, it's 12345 日本\n\n xyzzy \0\uD83D";
          TokenSpans spans = tokenizer.encodeWithSpans(text, new EncodeOptions(true, true));
          assertThat(spans.starts()).as(description).hasSameSizeAs(spans.ids());
          tokenizer.decode(IntStream.range(0, tokenizer.vocabSize()).toArray());
          return 0;
        },
        description);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      textBlock =
          """
          pre ~ default ~ tokenizer.ggml.pre: expected llama-bpe
          pre ~ none ~ tokenizer.ggml.pre: expected the name of a splitter, found nothing
          model ~ bert ~ tokenizer.ggml.model: expected gpt2 or llama, found "bert"
          token 300 ~ Ġt ~ expected each token once, found "Ġt" again
          token 0 ~ !! ~ expected a token for each of the 256 bytes, found none for byte 33
          token 760 ~ <|eot_id|> ~ expected each name once
          merge 0 ~ Ġ ~ tokenizer.ggml.merges[0]: expected two tokens, found "Ġ"
          merge 0 ~ Ġ Ġ Ġ ~ tokenizer.ggml.merges[0]: expected two tokens
          merge 3 ~ zq zq ~ tokenizer.ggml.merges[3]: expected two tokens that together are a token
          merge 3 ~ Z ZZ ~ tokenizer.ggml.merges[3]: expected two tokens that together are a token
          type 0 ~ 7 ~ tokenizer.ggml.tokens[0]: expected a token type from 1 to 6, found 7
          type 0 ~ 6 ~ expected a byte from <0x00> to <0xFF>, found "!"
          types ~ 5 ~ tokenizer.ggml.token_type: expected a type for each of 768 tokens, found 5
          bos ~ 768 ~ tokenizer.ggml.bos_token_id: expected an id below 768, found 768
          bos ~ -1 ~ tokenizer.ggml.bos_token_id: expected an id below 768, found -1
          """)
  void refusesByteLevelVocabulariesOfGguf(String what, String value, String message)
      throws IOException {
    assertRefused(
        change(GgufMetadata.read(TestData.resource("mini/vocab.gguf")), what, value), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      textBlock =
          """
          token 5 ~ <0x-1> ~ expected a byte from <0x00> to <0xFF>, found "<0x-1>"
          token 5 ~ <0x1FF> ~ expected a byte from <0x00> to <0xFF>
          token 5 ~ <0x03> ~ expected each token once, found "<0x03>" again
          token 700 ~ \u2581the ~ expected each token once
          score 400 ~ NaN ~ tokenizer.ggml.scores: expected finite scores, found NaN for token 400
          score 400 ~ Infinity ~ expected finite scores
          scores ~ 10 ~ tokenizer.ggml.scores: expected a score for each of 800 tokens, found 10
          long ~ 300 ~ expected tokens of at most 256 bytes
          """)
  void refusesSentencePieceVocabulariesOfGguf(String what, String value, String message)
      throws IOException {
    assertRefused(
        change(GgufMetadata.read(TestData.resource("mini-spm/vocab.gguf")), what, value), message);
  }

  @Test
  void refusesTokensOfGgufThatAreNoText() throws IOException {
    GgufVocabulary original = GgufMetadata.read(TestData.resource("mini/vocab.gguf"));
    var changes = new Change(original);
    changes.tokens.set(9, new byte[] {(byte) 0xFF});

    assertRefused(changes.apply(), "tokenizer.ggml.tokens[9]: expected UTF-8, found other bytes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      textBlock =
          """
          !!!! 5 ~ line 1: expected a token in Base64, a space and a rank
          YQ== -1 ~ a rank from 0 to 4194303
          YQ== 4194304 ~ a rank from 0 to 4194303
          YQ== 99999999999 ~ a rank from 0 to 4194303
          YQ== ~ a rank from 0 to 4194303
          YQ== 1 2 ~ a rank from 0 to 4194303
          YQ== 5 ~ expected a token for each of the 256 bytes
          """)
  void refusesRankFiles(String line, String message) throws IOException {
    Path file = Files.writeString(folder.resolve("ranks"), line + "\n");

    assertThatThrownBy(() -> Tokenizer.loadTiktoken(file, GPT2, Map.of()))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }

  @Test
  void refusesRankFilesWithContradictions() throws IOException {
    String ranks = ranks(TestData.mini());
    Path file = Files.writeString(folder.resolve("ranks"), ranks);
    assertThat(Tokenizer.loadTiktoken(file, GPT2, Map.of("<s>", 800)).encode("<s>")).isNotEmpty();
    assertThatThrownBy(() -> Tokenizer.loadTiktoken(file, GPT2, Map.of("<s>", 3)))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageContaining("expected an unused id, found 3");
    assertThatThrownBy(() -> Tokenizer.loadTiktoken(file, "[a-z]+", Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Tokenizer.load(file))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageContaining("expected the 128000 ranks of Llama 3");

    Files.writeString(file, ranks + "YQ== 999\n");
    assertThatThrownBy(() -> Tokenizer.loadTiktoken(file, GPT2, Map.of()))
        .hasMessageContaining("expected each token once, found \"a\" again");
  }

  private static String ranks(Tokenizer tokenizer) {
    var lines = new StringBuilder();
    for (int id = 0; id < 751; id++) {
      lines
          .append(Base64.getEncoder().encodeToString(tokenizer.tokenBytes(id)))
          .append(' ')
          .append(id)
          .append('\n');
    }
    return lines.toString();
  }

  private static byte[] damage(byte[] original, Random random) {
    byte[] bytes = original.clone();
    switch (random.nextInt(4)) {
      case 0 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      case 1 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      case 2 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      default -> {
        int length = 1 + random.nextInt(100);
        System.arraycopy(
            original,
            random.nextInt(bytes.length - length),
            bytes,
            random.nextInt(bytes.length - length),
            length);
      }
    }
    return bytes;
  }

  private static GgufVocabulary damage(GgufVocabulary original, Random random) {
    var change = new Change(original);
    int id = random.nextInt(change.tokens.size());
    switch (random.nextInt(6)) {
      case 0 -> change.tokens.set(id, change.tokens.get(random.nextInt(change.tokens.size())));
      case 1 -> change.tokens.set(id, damage(Arrays.copyOf(change.tokens.get(id), 101), random));
      case 2 -> change.types[id] = random.nextInt(8);
      case 3 -> {
        if (change.scores.length > 0) {
          change.scores[id] = Float.intBitsToFloat(random.nextInt());
        }
      }
      case 4 -> change.bos = random.nextInt(2000) - 1000;
      default -> {
        if (!change.merges.isEmpty()) {
          int merge = random.nextInt(change.merges.size());
          change.merges.set(merge, change.tokens.get(id));
        } else {
          change.types = Arrays.copyOf(change.types, id);
        }
      }
    }
    return change.apply();
  }

  private static GgufVocabulary change(GgufVocabulary original, String what, String value) {
    var change = new Change(original);
    String[] words = what.split(" ", 2);
    int index = words.length == 1 ? -1 : Integer.parseInt(words[1]);
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    switch (words[0]) {
      case "pre" -> change.pre = value;
      case "model" -> change.model = value;
      case "token" -> change.tokens.set(index, bytes);
      case "merge" -> change.merges.set(index, bytes);
      case "type" -> change.types[index] = Integer.parseInt(value);
      case "types" -> change.types = Arrays.copyOf(change.types, Integer.parseInt(value));
      case "score" -> change.scores[index] = Float.parseFloat(value);
      case "scores" -> change.scores = Arrays.copyOf(change.scores, Integer.parseInt(value));
      case "long" ->
          change.tokens.set(
              600, "x".repeat(Integer.parseInt(value)).getBytes(StandardCharsets.UTF_8));
      case "bos" -> change.bos = Integer.parseInt(value);
      default -> throw new IllegalArgumentException(what);
    }
    return change.apply();
  }

  private static void assertRefused(GgufVocabulary vocabulary, String message) {
    assertThatThrownBy(() -> Tokenizer.of(vocabulary))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageStartingWith(vocabulary.source() + ": ")
        .hasMessageContaining(message);
  }

  /** A vocabulary whose parts can be changed. */
  private static final class Change {
    private final GgufVocabulary original;
    private final List<byte[]> tokens;
    private final List<byte[]> merges;
    private String model;
    private String pre;
    private float[] scores;
    private int[] types;
    private int bos;

    Change(GgufVocabulary original) {
      this.original = original;
      tokens = list(original.tokens());
      merges = list(original.merges());
      model = original.model();
      pre = original.pre().orElse("none");
      scores = original.scores().clone();
      types = original.tokenTypes().clone();
      bos = original.bosId().orElseThrow();
    }

    GgufVocabulary apply() {
      var builder =
          GgufVocabulary.builder(original.source(), model, strings(tokens))
              .merges(strings(merges))
              .scores(scores)
              .tokenTypes(types)
              .bosId(bos);
      return (pre.equals("none") ? builder : builder.pre(pre)).build();
    }

    private static List<byte[]> list(Utf8Strings strings) {
      List<byte[]> list = new ArrayList<>();
      for (int i = 0; i < strings.size(); i++) {
        list.add(strings.get(i));
      }
      return list;
    }

    private static Utf8Strings strings(List<byte[]> list) {
      return new Utf8Strings() {
        @Override
        public int size() {
          return list.size();
        }

        @Override
        public byte[] get(int index) {
          return list.get(index);
        }
      };
    }
  }
}
