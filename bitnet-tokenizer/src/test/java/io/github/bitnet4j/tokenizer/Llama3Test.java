package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.tokenizer.TestData.Case;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokenizer of BitNet b1.58 2B-4T, against golden cases that are not in the repository. */
class Llama3Test {
  @TempDir static Path folder;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    Path packed = TestData.shared("tokenizer/llama3/tokenizer.json.gz");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Files.copy(in, folder.resolve("tokenizer.json"));
    }
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
  void encodesLongTextsOfOnePiece() throws IOException, NoSuchAlgorithmException {
    for (Case golden : TestData.cases(TestData.shared("tokenizer/llama3/long-cases.jsonl"))) {
      String text =
          golden.text("prefix")
              + golden.text("unit").repeat(golden.number("repeat"))
              + golden.text("suffix");

      int[] ids = tokenizer.encode(text);

      String id = golden.text("id");
      assertThat(ids).as(id).hasSize(golden.number("n")).startsWith(golden.ids("head"));
      assertThat(Arrays.copyOfRange(ids, ids.length - 12, ids.length))
          .as(id)
          .isEqualTo(golden.ids("tail"));
      assertThat(sha256(ids)).as(id).isEqualTo(golden.text("sha256"));
    }
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

  private static String sha256(int[] ids) throws NoSuchAlgorithmException {
    ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(ids);
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
  }
}
