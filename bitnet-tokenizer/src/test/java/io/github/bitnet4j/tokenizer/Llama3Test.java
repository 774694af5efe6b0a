package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.tokenizer.TestData.Case;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokenizer of BitNet b1.58 2B-4T, against golden cases that are not in the repository. */
class Llama3Test {
  @TempDir static Path folder;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    TestData.unpacked("tokenizer/llama3/tokenizer.json.gz", folder);
    Files.copy(
        TestData.shared("tokenizer/llama3/tokenizer_config.json"),
        folder.resolve("tokenizer_config.json"));
    tokenizer = Tokenizer.load(folder);
  }

  @Test
  void encodesAndDecodesTheGoldenCases() throws IOException {
    List<Case> cases = TestData.cases(TestData.shared("tokenizer/llama3/cases.jsonl"));

    assertThat(cases).hasSize(2047);
    TestData.assertCases(tokenizer, cases);
  }

  @Test
  void classifiesTheDigitsOfUnicode16() throws IOException {
    List<Case> cases = TestData.cases(TestData.shared("tokenizer/llama3/unicode16-cases.jsonl"));

    assertThat(cases).hasSize(20);
    TestData.assertCases(tokenizer, cases);
  }

  @Test
  void encodesLongTextsOfOnePiece() throws IOException {
    List<Case> cases = TestData.cases(TestData.shared("tokenizer/llama3/long-cases.jsonl"));

    assertThat(cases).isNotEmpty();
    TestData.assertLongCases(tokenizer, cases);
  }

  @Test
  void readsTheRankFileOfTiktokenToTheSameIds() throws IOException {
    Path ranks = folder.resolve("tokenizer.model");
    var lines = new StringBuilder();
    for (int id = 0; id < 128_000; id++) {
      lines
          .append(Base64.getEncoder().encodeToString(tokenizer.tokenBytes(id)))
          .append(' ')
          .append(id)
          .append('\n');
    }
    Files.writeString(ranks, lines);

    Tokenizer tiktoken = Tokenizer.load(ranks);

    assertThat(tiktoken.bosId()).hasValue(128_000);
    assertThat(tiktoken.specialTokens()).isEqualTo(tokenizer.specialTokens());
    TestData.assertCases(tiktoken, TestData.cases(TestData.shared("tokenizer/llama3/cases.jsonl")));
    String corpus = Files.readString(TestData.shared("tokenizer/corpus.txt"));
    assertThat(tiktoken.encode(corpus)).isEqualTo(tokenizer.encode(corpus));
  }

  @Test
  void decodesTheGoldenCasesAtOnceAndAsAStream() throws IOException {
    List<Case> cases = TestData.cases(TestData.shared("tokenizer/llama3/decode-cases.jsonl"));

    assertThat(cases).hasSize(300);
    for (Case golden : cases) {
      int i = golden.number("i");
      int[] ids = golden.ids("ids");
      assertThat(tokenizer.decode(ids)).as("case %d", i).isEqualTo(golden.text("text"));
      StreamingDecoder all = tokenizer.newStreamingDecoder(false);
      assertThat(Arrays.stream(ids).mapToObj(all::accept).toList())
          .as("pieces of case %d", i)
          .isEqualTo(golden.texts("pieces"));
      assertThat(all.finish()).as("tail of case %d", i).isEqualTo(golden.text("tail"));
      StreamingDecoder ordinary = tokenizer.newStreamingDecoder(true);
      var text = new StringBuilder();
      for (int id : ids) {
        text.append(ordinary.accept(id));
      }
      assertThat(text.append(ordinary.finish()).toString())
          .as("case %d without special tokens", i)
          .isEqualTo(golden.optionalText("text_skip_special").orElse(golden.text("text")));
    }
  }

  @Test
  void encodesTheCorpusAtOnceAndInPieces() throws IOException {
    String corpus = Files.readString(TestData.shared("tokenizer/corpus.txt"));

    assertThat(tokenizer.encode(corpus)).hasSize(573_913);
    int total = 0;
    for (int from = 0; from < corpus.length(); ) {
      int to = Math.min(from + 4000, corpus.length());
      if (to < corpus.length() && Character.isLowSurrogate(corpus.charAt(to))) {
        to--;
      }
      total += tokenizer.encode(corpus.substring(from, to)).length;
      from = to;
    }
    assertThat(total).isEqualTo(574_216);
  }

  @Test
  void knowsTheSpecialTokensAndTheConfiguration() {
    assertThat(tokenizer.vocabSize()).isEqualTo(128_256);
    assertThat(tokenizer.idOf("<|begin_of_text|>")).hasValue(128_000);
    assertThat(tokenizer.idOf("<|end_of_text|>")).hasValue(128_001);
    assertThat(tokenizer.idOf("<|eot_id|>")).hasValue(128_009);
    assertThat(tokenizer.bosId()).hasValue(128_000);
    assertThat(tokenizer.addsBos()).isTrue();
    assertThat(tokenizer.eosId()).hasValue(128_009);
    assertThat(tokenizer.chatTemplateSource())
        .hasValueSatisfying(t -> assertThat(t).contains("capitalize"));
    for (int id = 0; id < 128_256; id++) {
      assertThat(tokenizer.isSpecial(id)).isEqualTo(id >= 128_000);
    }
  }
}
