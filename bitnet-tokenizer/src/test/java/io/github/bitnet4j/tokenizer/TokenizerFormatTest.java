package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What tokenizer.json and tokenizer_config.json may say, and how everything else is refused. */
class TokenizerFormatTest {
  private static final String SPLIT =
      """
      {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":\
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}\
      | ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},\
      "behavior":"Isolated","invert":false},\
      {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}\
      """
          .replace("\\", "\\\\");
  private static final String BYTE_LEVEL = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false}";

  /** A token for every byte, then "ab" 256 and "abc" 257. */
  private static final String VOCAB =
      IntStream.range(0, 256)
              .mapToObj(
                  b -> {
                    char c = ByteAlphabet.charOf(b);
                    return (c == '"' || c == '\\' ? "\"\\" : "\"") + c + "\":" + b;
                  })
              .collect(Collectors.joining(","))
          + ",\"ab\":256,\"abc\":257";

  private static final String FILE =
      """
      {"normalizer": null,
       "added_tokens": [],
       "pre_tokenizer": %s,
       "post_processor": null,
       "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE", "vocab": {%s}, "merges": ["a b", "ab c"]}}
      """
          .formatted(SPLIT, VOCAB);

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("tokenizer.json");
  }

  @Test
  void readsTheBaseOfTheseTests() throws IOException {
    Tokenizer tokenizer = load(FILE);

    assertThat(tokenizer.vocabSize()).isEqualTo(258);
    assertThat(tokenizer.encode("abcab a")).containsExactly(257, 256, ' ', 'a');
    assertThat(tokenizer.bosId()).isEmpty();
    assertThat(tokenizer.addsBos()).isFalse();
    assertThat(tokenizer.encode("a", new EncodeOptions(true, true))).containsExactly('a');
  }

  @Test
  void readsMergesAsPairsAndBeforeTheVocabulary() throws IOException {
    String pairs = FILE.replace("[\"a b\", \"ab c\"]", "[[\"a\",\"b\"], [\"ab\",\"c\"]]");
    String early =
        FILE.replace(", \"merges\": [\"a b\", \"ab c\"]", "")
            .replace("\"vocab\"", "\"merges\": [\"a b\", \"ab c\"], \"vocab\"");

    assertThat(load(pairs).encode("abcab")).containsExactly(257, 256);
    assertThat(load(early).encode("abcab")).containsExactly(257, 256);
    assertRefused(early.replace("ab c", "ab x"), "model.merges");
  }

  @Test
  void usesWholeTokensOnlyWhereMergesAreIgnored() throws IOException {
    String lone = FILE.replace("\"abc\":257", "\"abc\":257,\"xyz\":258");

    assertThat(load(lone).encode("xyz")).containsExactly('x', 'y', 'z');
    assertThat(load(lone.replace("\"vocab\"", "\"ignore_merges\": true, \"vocab\"")).encode("xyz"))
        .containsExactly(258);
  }

  @Test
  void splitsLikeGpt2WhenByteLevelDoesIt() throws IOException {
    Tokenizer tokenizer = load(FILE.replace(SPLIT, BYTE_LEVEL));

    assertThat(tokenizer.encode(".ab")).containsExactly('.', 256);
    assertThat(tokenizer.encode("\nab")).containsExactly('\n', 256);
  }

  @Test
  void findsAddedTokensByTheRulesOfHuggingFace() throws IOException {
    Tokenizer tokenizer =
        load(
            FILE.replace(
                "\"added_tokens\": []",
                """
                "added_tokens": [
                  {"id": 300, "content": "<s>", "special": true},
                  {"id": 301, "content": "<s>>", "special": true},
                  {"id": 302, "content": "<b", "special": false},
                  {"id": 303, "content": "word", "single_word": true},
                  {"id": 304, "content": "[L]", "lstrip": true},
                  {"id": 305, "content": "[R]", "rstrip": true},
                  {"id": 306, "content": "s>", "normalized": true},
                  {"id": 307, "content": "é日", "normalized": false}]\
                """));

    assertThat(tokenizer.vocabSize()).isEqualTo(308);
    assertThat(special(tokenizer, "<s>><s>a")).containsExactly(301, 300, 'a');
    assertThat(tokenizer.encode("<b<b")).as("not special").containsExactly(302, 302);
    assertThat(special(tokenizer, "s><s>")).as("normalized come second").containsExactly(306, 300);
    assertThat(tokenizer.encode("as>")).containsExactly('a', 306);
    assertThat(tokenizer.encode("word words a word")).startsWith(303, ' ', 'w').endsWith(' ', 303);
    assertThat(tokenizer.encode("a  [L]  b")).containsExactly('a', 304, ' ', ' ', 'b');
    assertThat(tokenizer.encode("a [R]  b")).containsExactly('a', ' ', 305, 'b');
    assertThat(tokenizer.decode(tokenizer.encode("é日"))).isEqualTo("é日");
    assertThat(tokenizer.encode("é日")).containsExactly(307);
    assertThat(tokenizer.decode('a', 280, 'b')).as("ids without a token").isEqualTo("ab");
  }

  @Test
  void readsTheConfigurationBesideTheFile() throws IOException {
    String tokens =
        FILE.replace(
            "\"added_tokens\": []",
            "\"added_tokens\": [{\"id\":258,\"content\":\"<s>\",\"special\":true}]");
    config("{\"bos_token\": {\"content\": \"<s>\"}, \"eos_token\": \"abc\"}");
    Tokenizer plain = load(tokens);
    assertThat(plain.bosId()).hasValue(258);
    assertThat(plain.addsBos()).isFalse();
    assertThat(plain.eosId()).hasValue(257);

    config("{\"bos_token\": \"<s>\", \"eos_token\": null, \"add_bos_token\": true}");
    assertThat(load(tokens).addsBos()).isTrue();
    assertThat(load(tokens).eosId()).isEmpty();

    config("{\"bos_token\": null, \"add_bos_token\": true}");
    assertThat(load(tokens).addsBos()).isFalse();
  }

  @Test
  void keepsTheDefaultChatTemplateEvenIfItCannotBeParsed() throws IOException {
    config("{\"chat_template\": \"{% no such thing\"}");
    Tokenizer tokenizer = load(FILE);
    assertThat(tokenizer.chatTemplateSource()).hasValue("{% no such thing");
    assertThatThrownBy(tokenizer::chatTemplate).isInstanceOf(RuntimeException.class);

    config(
        "{\"chat_template\": [{\"name\":\"tool_use\",\"template\":\"t\"},"
            + "{\"name\":\"default\",\"template\":\"d\"}]}");
    assertThat(load(FILE).chatTemplateSource()).hasValue("d");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          {"bos_token": "<nope>"} ~ bos_token: expected a token of the vocabulary
          {"eos_token": 3} ~ eos_token
          {"add_bos_token": "yes"} ~ add_bos_token: expected true or false
          {"chat_template": 3} ~ chat_template
          [] ~ expected an object
          {"a":1,"a":2} ~ line 1
          """)
  void refusesConfigurations(String json, String message) throws IOException {
    config(json);

    assertThatThrownBy(() -> load(FILE))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageContaining("tokenizer_config.json: ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          "normalizer": null ~ "normalizer": {"type":"NFKC"} ~ normalizer: expected null or NFC, found "NFKC"
          "BPE" ~ "Unigram" ~ model.type: expected BPE, found "Unigram"
          "BPE" ~ 3 ~ expected a string, found a number
          "invert":false ~ "invert":true ~ invert: expected false
          Isolated ~ Removed ~ behavior: expected Isolated, found "Removed"
          {1,3} ~ {1,4} ~ pattern.Regex: expected the expression of Llama 3
          "add_prefix_space":false ~ "add_prefix_space":true ~ add_prefix_space: expected false
          "use_regex":false ~ "use_regex":true ~ use_regex: expected false
          "type":"Split" ~ "type":"Digits" ~ pre_tokenizer
          "post_processor": null ~ "post_processor": {"type":"RobertaProcessing"} \
            ~ post_processor: expected
          "decoder": {"type": "ByteLevel"} ~ "decoder": {"type": "Metaspace"} \
            ~ decoder: expected ByteLevel, found "Metaspace"
          "vocab" ~ "dropout": 0.1, "vocab" ~ model.dropout
          "vocab" ~ "end_of_word_suffix": "</w>", "vocab" ~ model.end_of_word_suffix
          "vocab" ~ "ignore_merges": 1, "vocab" ~ model.ignore_merges
          "vocab" ~ "type": "BPE", "vocab" ~ expected each key once
          "vocab" ~ "vocabulary" ~ model.vocab: expected an object, found nothing
          "merges" ~ "merge" ~ model.merges: expected an array, found nothing
          "abc":257 ~ "abc":4194304 ~ expected an integer from 0 to 4194303
          "abc":257 ~ "abc":-1 ~ expected an integer from 0
          "abc":257 ~ "abc":257.5 ~ expected an integer
          "abc":257 ~ "abc":99999999999999999999 ~ expected an integer from 0
          "abc":257 ~ "abc":"257" ~ expected an integer, found a string
          "abc":257 ~ "abc":256 ~ model.vocab: expected each id once, found 256 again for "abc"
          "abc":257 ~ "ab":257 ~ model.vocab: expected each token once, found "ab" again
          "abc":257 ~ "日":257,"日":258 ~ model.vocab: expected each token once
          "abc":257 ~ "abc":257,"\\ud800":258 ~ unpaired surrogate
          "abc":257 ~ "abd":257 ~ model.merges: expected two tokens that together are a token
          "z":122 ~ "zz":122 ~ expected a token for each of the 256 bytes, found none for byte 122
          "ab c" ~ "ab q q" ~ model.merges: expected two tokens, found "ab q q"
          "ab c" ~ "abc" ~ model.merges: expected two tokens, found
          "ab c" ~ ["ab"] ~ expected an array of 2 strings, found 1
          "ab c" ~ ["a","b","c"] ~ expected an array of 2 strings, found more
          "ab c" ~ ["","c"] ~ model.merges: expected two tokens that together
          "ab c" ~ 3 ~ expected an array, found a number
          "added_tokens": [] ~ "added_tokens": {} ~ added_tokens: expected an array
          "added_tokens": [] ~ "added_tokens": [3] ~ added_tokens[0]: expected an object
          "added_tokens": [] ~ "added_tokens": [{"id":258,"content":""}] ~ added_tokens[0].content
          "added_tokens": [] ~ "added_tokens": [{"id":1e9,"content":"x"}] ~ added_tokens[0].id
          "added_tokens": [] ~ "added_tokens": [{"id":5,"content":"<s>"}] \
            ~ expected an unused id, found 5
          "added_tokens": [] ~ "added_tokens": [{"id":258,"content":"abc"}] \
            ~ expected the id of the vocabulary, 257
          "added_tokens": [] ~ "added_tokens": [{"id":258,"content":"<"},{"id":259,"content":"<"}] \
            ~ added_tokens
          "added_tokens": [] ~ "added_tokens": [{"id":258,"content":"<s>","special":3}] \
            ~ added_tokens[0].special
          "added_tokens": [] ~ "added_tokens": [{"id":258,"content":"\\ud800"}] ~ unpaired surrogate
          """)
  void refusesFiles(String original, String changed, String message) throws IOException {
    assertThat(FILE).contains(original);

    assertRefused(FILE.replace(original, changed), message);
  }

  @Test
  void refusesTemplatesOfThePostProcessorThatItCannotFollow() throws IOException {
    String template =
        "{\"type\":\"TemplateProcessing\",\"single\":[%s{\"Sequence\":{\"id\":\"A\"}}],"
            + "\"special_tokens\":{\"ab\":{\"ids\":[256]},\"no\":{\"ids\":[999]}}}";
    String ab = "{\"SpecialToken\":{\"id\":\"ab\"}},";
    assertThat(load(postProcessor(template.formatted(ab))).bosId()).hasValue(256);
    assertThat(load(postProcessor(template.formatted(""))).bosId()).isEmpty();

    assertRefused(postProcessor(template.formatted(ab + ab)), "post_processor.single");
    assertRefused(
        postProcessor(template.formatted(ab.replace("ab", "no"))), "post_processor.special_tokens");
    assertRefused(
        postProcessor(template.formatted(ab.replace("ab", "xx"))), "post_processor.special_tokens");
    assertRefused(postProcessor("{\"type\":\"TemplateProcessing\"}"), "post_processor.single");
    assertRefused(
        postProcessor("{\"type\":\"TemplateProcessing\",\"single\":[]}"), "expected a Sequence");
    assertRefused(
        postProcessor("{\"type\":\"TemplateProcessing\",\"single\":[3]}"), "SpecialToken");
  }

  @Test
  void saysWhereTheFaultIs() throws IOException {
    Files.writeString(file, FILE.replace("\"ab c\"", "\"ab x\""));

    assertThatThrownBy(() -> Tokenizer.load(folder))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageStartingWith(file + ": line 6, column ")
        .hasMessageEndingWith("found \"ab\" and \"x\"");
  }

  @Test
  void reportsAMissingFile() {
    assertThatThrownBy(() -> Tokenizer.load(folder)).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    byte[] whole = FILE.strip().getBytes(StandardCharsets.UTF_8);
    for (int length = 0; length < whole.length; length += 1 + whole.length / 100) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Tokenizer.load(file))
          .as("first %d bytes", length)
          .isInstanceOf(TokenizerFormatException.class);
    }
  }

  @Test
  void loadsOrRefusesDamagedFiles() throws IOException {
    byte[] original = Files.readAllBytes(TestData.resource("mini/tokenizer.json"));
    long seed = 1234;
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 400; i++) {
      byte[] damaged = damage(original, random);
      Files.write(file, damaged);
      try {
        Tokenizer tokenizer = Tokenizer.load(file);
        String text = "Hello <|eot_id|> world, it's 12345 日本\n\n xyzzy";
        assertThat(tokenizer.encode(text)).as("seed %d, file %d", seed, i).isNotEmpty();
        tokenizer.decode(IntStream.range(0, tokenizer.vocabSize()).toArray());
      } catch (TokenizerFormatException e) {
        refused++;
        assertThat(e).as("seed %d, file %d", seed, i).hasMessageStartingWith(file + ": ");
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ", file " + i, e);
      }
    }
    assertThat(refused).isBetween(100, 400);
  }

  private static byte[] damage(byte[] original, Random random) {
    byte[] bytes = original.clone();
    switch (random.nextInt(4)) {
      case 0 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      case 1 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      case 2 -> {
        int length = 1 + random.nextInt(200);
        int from = random.nextInt(bytes.length - length);
        int to = random.nextInt(bytes.length - length);
        System.arraycopy(original, from, bytes, to, length);
      }
      default -> {
        String digits = "0123456789-.eE\"\\{}[]:,";
        for (int k = 0; k < 3; k++) {
          bytes[random.nextInt(bytes.length)] =
              (byte) digits.charAt(random.nextInt(digits.length()));
        }
      }
    }
    return bytes;
  }

  private static String postProcessor(String json) {
    return FILE.replace("\"post_processor\": null", "\"post_processor\": " + json);
  }

  private static int[] special(Tokenizer tokenizer, String text) {
    return tokenizer.encode(text, new EncodeOptions(false, true));
  }

  private void config(String json) throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), json);
  }

  private Tokenizer load(String json) throws IOException {
    Files.writeString(file, json);
    return Tokenizer.load(folder);
  }

  private void assertRefused(String json, String message) throws IOException {
    Files.writeString(file, json);
    assertThatThrownBy(() -> Tokenizer.load(file))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }
}
