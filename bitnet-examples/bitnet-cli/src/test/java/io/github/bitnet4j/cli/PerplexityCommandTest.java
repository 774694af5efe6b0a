package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Score;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.cli.Cli.Result;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PerplexityCommandTest {
  private static final String TEXT = "Once upon a time, there was a little girl named Lily. ";

  @TempDir Path folder;

  private static Map<String, Double> json(String... args) throws IOException {
    Result result = Cli.run(args);
    assertThat(result.exitCode()).as(result.err()).isZero();
    Map<String, Double> numbers = new HashMap<>();
    try (JsonParser json = new JsonFactory().createParser(result.out())) {
      json.nextToken();
      for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
        json.nextToken();
        numbers.put(name, json.getDoubleValue());
      }
    }
    return numbers;
  }

  private static Model demo() throws IOException {
    return Model.load(Cli.DEMO_MODEL, LoadOptions.builder().kernels("scalar").threads(1).build());
  }

  @Test
  void aTextThatFitsIsScoredAtOnce() throws IOException {
    Path file = Files.writeString(folder.resolve("story.txt"), TEXT.repeat(3));
    Map<String, Double> ofFile = json("perplexity", "--file", file.toString(), "--json");
    assertThat(json("perplexity", "--text", TEXT.repeat(3), "--json")).isEqualTo(ofFile);
    try (Model model = demo();
        Session session = model.newSession()) {
      Score score = session.score(TEXT.repeat(3));
      assertThat(ofFile)
          .containsEntry("perplexity", score.perplexity())
          .containsEntry("logprobSum", score.sum())
          .containsEntry("tokens", (double) score.tokens())
          .containsEntry("windows", 1.0)
          .containsEntry("window", 384.0)
          .containsEntry("stride", 192.0);
      Result text = Cli.run("perplexity", "--text", TEXT.repeat(3));
      assertThat(text.out())
          .matches(
              "perplexity [0-9.]{5,} \\(%d tokens, mean log probability -[0-9.]+; 1 window of at most 384 tokens\\)\\R"
                  .formatted(score.tokens()));
      assertThat(text.err()).contains("Demo model");
    }
  }

  @ParameterizedTest
  @CsvSource({"20, 10", "20, 19", "33, 1", "2, 1"})
  void aLongTextIsScoredInWindows(int window, int stride) throws IOException {
    Map<String, Double> numbers =
        json(
            "perplexity",
            "--text",
            TEXT.repeat(3),
            "--json",
            "--window",
            "" + window,
            "--stride",
            "" + stride);
    try (Model model = demo();
        Session session = model.newSession()) {
      int[] ids = model.tokenizer().encode(TEXT.repeat(3), new EncodeOptions(true, false));
      double sum = 0;
      for (int i = 1; i < ids.length; i++) { // each token from the first window that reaches it
        int begin = Math.max(0, Math.ceilDiv(i + 1 - window, stride)) * stride;
        sum +=
            session
                .score(Arrays.copyOfRange(ids, begin, i), Arrays.copyOfRange(ids, i, i + 1))
                .sum();
      }
      assertThat(numbers.get("logprobSum")).isCloseTo(sum, within(1e-9));
      assertThat(numbers.get("perplexity"))
          .isCloseTo(Math.exp(-sum / (ids.length - 1)), within(1e-9));
      assertThat(numbers)
          .containsEntry("tokens", ids.length - 1.0)
          .containsEntry("windows", 1.0 + Math.ceilDiv(Math.max(0, ids.length - window), stride));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--text x --window 1 | window: expected 2 to 384 (the context length), found 1",
        "--text x --window 385 | window: expected 2 to 384 (the context length), found 385",
        "--text x --window 9 --stride 9 | stride: expected 1 to 8 (the window less one), found 9",
        "--text x --stride 0 | stride: expected 1 to 383 (the window less one), found 0",
        "--text x --file pom.xml | --text=TEXT, --file=FILE are mutually exclusive",
        "--json | (--text=TEXT | --file=FILE)",
      })
  void reportsWrongArguments(String args, String message) {
    Result result = Cli.run(("perplexity " + args).split(" "));
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).contains("error: ").contains(message);
  }

  @Test
  void reportsUnusableTexts() throws IOException {
    Path binary = folder.resolve("binary");
    Files.write(binary, "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
    String[][] calls = {
      {"--file=" + binary, binary + ": expected text in UTF-8, found other bytes"},
      {"--file=" + folder.resolve("none"), "none: does not exist"},
      {"--text=", "text: expected at least 2 tokens, found 1"},
    };
    for (String[] call : calls) {
      Result result = Cli.run("perplexity", call[0]);
      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.out()).isEmpty();
      assertThat(result.err()).contains("error: ").contains(call[1]);
    }
  }
}
