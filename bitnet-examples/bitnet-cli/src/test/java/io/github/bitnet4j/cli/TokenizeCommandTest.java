package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.cli.Cli.Result;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeCommandTest {
  @Test
  void answersEachLineWithIds() {
    String in =
        """
        {"text": "Once upon a time"}

        {"id": "x", "other": [1, {"text": "no"}], "text": ""}
        """;
    Result result = Cli.runWithInput(in, "tokenize");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo("{\"ids\":[422,434,258,396]}\n{\"ids\":[]}\n");
  }

  @Test
  void readsSpecialTokensAndPutsTheFirstTokenOnlyWhenAsked() {
    String in = "{\"text\": \"<|end_of_text|>\"}\n";
    assertThat(Cli.runWithInput(in, "tokenize", "--special", "--bos").out())
        .isEqualTo("{\"ids\":[2045,2046]}\n");
    assertThat(Cli.runWithInput(in, "tokenize").out()).doesNotContain("2045", "2046");
  }

  @Test
  void keepsLoneSurrogatesAsReplacementCharacters() {
    String in = "{\"text\": \"a\\ud83d\"}\n";
    String replaced = "{\"text\": \"a\\ufffd\"}\n";
    assertThat(Cli.runWithInput(in, "tokenize").out())
        .isEqualTo(Cli.runWithInput(replaced, "tokenize").out());
  }

  @Test
  void detokenizeIsTheOtherWay() {
    String text = "{\"text\":\"Tom \\u00E4\\u4E16 \\uD83D\\uDE00\"}\n";
    Result ids = Cli.runWithInput(text, "tokenize");
    Result result = Cli.runWithInput(ids.out(), "detokenize");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo(text);
  }

  @Test
  void namesTheLineThatIsWrong() {
    Result noJson = Cli.runWithInput("{\"text\": \"a\"}\nhello\n", "tokenize");
    assertThat(noJson.exitCode()).isEqualTo(1);
    assertThat(noJson.err()).contains("line 2: expected a JSON object");
    Result noKey = Cli.runWithInput("{\"ids\": [1]}\n", "tokenize");
    assertThat(noKey.err()).contains("line 1: expected an object with the key \"text\"");
    Result tooHigh = Cli.runWithInput("{\"ids\": [99999]}\n", "detokenize");
    assertThat(tooHigh.exitCode()).isEqualTo(1);
    assertThat(tooHigh.err()).contains("line 1: token id 99999 is not in the range 0 to 2047");
  }

  @Test
  void skipsAByteOrderMarkBeforeTheFirstLine() {
    String line = "{\"text\": \"Hi\"}\n";
    Result result = Cli.runWithInput("\uFEFF" + line, "tokenize");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo(Cli.runWithInput(line, "tokenize").out());
    assertThat(Cli.runWithInput("\uFEFF{\"ids\": [422]}\n", "detokenize").exitCode()).isZero();
  }

  @Test
  void readsTheVocabularyOfGgufFilesWithoutWeights(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("vocab.gguf");
    Files.write(file, vocabularyOnly());
    for (String option : List.of("--tokenizer", "--model")) {
      Result ids = Cli.runWithInput("{\"text\": \"ab\"}\n", "tokenize", option, file.toString());
      assertThat(ids.exitCode()).as(ids.err()).isZero();
      assertThat(ids.out()).isEqualTo("{\"ids\":[256]}\n");
      Result text = Cli.runWithInput(ids.out(), "detokenize", option, file.toString());
      assertThat(text.out()).isEqualTo("{\"text\":\"ab\"}\n");
    }
  }

  /** Returns a GGUF file of GPT-2's 256 letters for bytes and one merge, without tensors. */
  private static byte[] vocabularyOnly() {
    List<String> tokens = new ArrayList<>();
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean shown = (b > 32 && b < 127) || (b > 160 && b != 173);
      tokens.add(Character.toString(shown ? b : next++));
    }
    tokens.add("ab");
    ByteBuffer out = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
    out.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(0).putLong(4);
    string(out, "tokenizer.ggml.model").putInt(8);
    string(out, "gpt2");
    string(out, "tokenizer.ggml.pre").putInt(8);
    string(out, "gpt-2");
    string(out, "tokenizer.ggml.tokens").putInt(9).putInt(8).putLong(tokens.size());
    tokens.forEach(token -> string(out, token));
    string(out, "tokenizer.ggml.merges").putInt(9).putInt(8).putLong(1);
    string(out, "a b");
    return Arrays.copyOf(out.array(), out.position());
  }

  private static ByteBuffer string(ByteBuffer out, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return out.putLong(utf8.length).put(utf8);
  }

  @Test
  void saysWhenThereIsNoTokenizer(@TempDir Path folder) {
    Result result = Cli.runWithInput("", "tokenize", "--tokenizer", folder.toString());
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains(folder.toString());
  }
}
