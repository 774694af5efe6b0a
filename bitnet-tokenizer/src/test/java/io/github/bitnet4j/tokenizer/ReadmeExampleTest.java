package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Keeps the example of this module's README true. */
class ReadmeExampleTest {
  @Test
  void theExampleOfTheReadmeRuns() throws IOException {
    Path folder = TestData.resource("demo/tokenizer.json").getParent();

    // README: begin
    Tokenizer tokenizer = Tokenizer.load(folder);
    int[] ids = tokenizer.encode("Once upon a time", new EncodeOptions(true, false));
    String text = tokenizer.decode(ids); // <|begin_of_text|>Once upon a time
    // README: end

    assertThat(ids).containsExactly(2045, 422, 434, 258, 396);
    assertThat(text).isEqualTo("<|begin_of_text|>Once upon a time");
  }

  @Test
  void theReadmeHasTheLinesOfThisTest() throws IOException {
    Path module = TestData.resource("demo/tokenizer.json");
    while (!Files.exists(module.resolve("README.md"))) {
      module = Objects.requireNonNull(module.getParent());
    }
    List<String> source =
        Files.readAllLines(
            module.resolve("src/test/java/io/github/bitnet4j/tokenizer/ReadmeExampleTest.java"));
    List<String> example =
        source.stream()
            .map(String::strip)
            .dropWhile(line -> !line.equals("// README: begin"))
            .skip(1)
            .takeWhile(line -> !line.equals("// README: end"))
            .toList();

    assertThat(example).hasSize(3);
    assertThat(Files.readAllLines(module.resolve("README.md"))).containsSequence(example);
  }
}
