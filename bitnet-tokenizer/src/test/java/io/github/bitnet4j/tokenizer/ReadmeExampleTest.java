package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
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
}
