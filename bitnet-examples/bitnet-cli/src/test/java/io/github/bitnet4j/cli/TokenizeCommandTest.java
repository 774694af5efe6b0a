package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.cli.Cli.Result;
import java.nio.file.Path;
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
  void saysWhenThereIsNoTokenizer(@TempDir Path folder) {
    Result result = Cli.runWithInput("", "tokenize", "--tokenizer", folder.toString());
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains(folder.toString());
  }
}
