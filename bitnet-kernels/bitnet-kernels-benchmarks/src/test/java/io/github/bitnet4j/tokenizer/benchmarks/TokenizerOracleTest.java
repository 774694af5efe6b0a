package io.github.bitnet4j.tokenizer.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.tokenizer.EncodeOptions;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Random texts give the ids that other tokenizers give. */
class TokenizerOracleTest {
  private static final String[] PARTS = {
    " ",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u00A0",
    "\u3000",
    "\u2581",
    "'s",
    "'S",
    "'LL",
    "'re",
    "\u017F",
    "the",
    "ing",
    "Hello",
    "straße",
    "日本語",
    "中文",
    "한국어",
    "русский",
    "ελληνικά",
    "عربى",
    "हिन्दी",
    "ไทย",
    "e\u0301",
    "ǅ",
    "½",
    "Ⅷ",
    "٣٤",
    "12",
    "345",
    "6789",
    "😀",
    "👩‍👩‍👧",
    "🇫🇷",
    "\u200B",
    "\uFEFF",
    "...",
    "--",
    "(",
    ")",
    "{}",
    "=>",
    "$",
    "€",
    "_",
    "/*",
    "</",
    "\\",
    "\"",
    "<0x41>",
    "\0"
  };

  @ParameterizedTest
  @CsvSource({
    "djl, tokenizer/llama3/tokenizer.json.gz, 100000",
    "jtokkit, tokenizer/llama3/tokenizer.json.gz, 100000",
    "djl, tokenizer/llama2/tokenizer.json.gz, 100000",
    "djl, tokenizer/mini/tokenizer.json, 20000",
    "djl, tokenizer/mini-spm/tokenizer.json, 20000"
  })
  void agreesOnRandomTexts(String oracle, String vocabulary, int texts) throws IOException {
    Path file = SharedFiles.find(vocabulary).orElse(null);
    Assumptions.assumeTrue(file != null, "skipped: there is no ../shared/" + vocabulary);
    Path json = vocabulary.endsWith(".gz") ? SharedFiles.unpackTokenizerJson(file) : file;
    Tokenizer tokenizer = Tokenizer.load(json);
    String corpus = Files.readString(SharedFiles.get("tokenizer/corpus.txt"));
    boolean parsesSpecial = oracle.equals("djl");
    long seed = 20250607;
    Random random = new Random(seed);
    try (Library library = Library.load(oracle, json)) {
      for (int i = 0; i < texts; i++) {
        String text = text(random, tokenizer, corpus, parsesSpecial);
        int[] expected = library.encode(text);
        assertThat(tokenizer.encode(text, new EncodeOptions(false, parsesSpecial)))
            .as("seed %d, text %d: %s", seed, i, text)
            .isEqualTo(expected);
      }
    }
  }

  private static String text(
      Random random, Tokenizer tokenizer, String corpus, boolean parsesSpecial) {
    var text = new StringBuilder();
    int parts = random.nextInt(12);
    for (int p = 0; p < parts; p++) {
      switch (random.nextInt(6)) {
        case 0 -> text.appendCodePoint(codePoint(random));
        case 1 -> {
          int id = random.nextInt(tokenizer.vocabSize());
          if (parsesSpecial || !tokenizer.isSpecial(id)) {
            text.append(tokenizer.tokenText(id));
          }
        }
        case 2 -> {
          int from = random.nextInt(corpus.length() - 20);
          text.append(corpus, from, from + random.nextInt(20));
        }
        case 3 -> text.append(PARTS[random.nextInt(PARTS.length)].repeat(1 + random.nextInt(5)));
        default -> text.append(PARTS[random.nextInt(PARTS.length)]);
      }
    }
    // Cutting the corpus may have cut a pair; other libraries do not take unpaired surrogates.
    return text.toString()
        .replaceAll(
            "[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]", "");
  }

  /** Returns a code point, short ones more often; neither surrogate nor unassigned. */
  private static int codePoint(Random random) {
    int codePoint;
    do {
      codePoint = random.nextInt(1 << (1 + random.nextInt(18)));
    } while (!Character.isDefined(codePoint)
        || Character.getType(codePoint) == Character.SURROGATE);
    return codePoint;
  }
}
