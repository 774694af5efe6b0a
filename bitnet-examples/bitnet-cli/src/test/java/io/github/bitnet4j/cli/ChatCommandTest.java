package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatCommandTest {
  /** That of bitnet-b1.58-2B-4T, as a JSON string. */
  private static final String TEMPLATE =
      "\"{% set loop_messages = messages %}{% for message in loop_messages %}{% set content ="
          + " message['role'] | capitalize + ': '+ message['content'] | trim + '<|eot_id|>' %}{{"
          + " content }}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}\"";

  @TempDir private Path folder;

  @Test
  void suggestsGenerateForAModelWithoutTemplate() {
    Result result = Cli.runWithInput("Hello\n", "chat");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .startsWith("error: " + Cli.DEMO_MODEL + " has no chat template")
        .contains("bitnet generate")
        .hasLineCount(1);
  }

  @Nested
  @Disabled("until the evaluator of chat templates is there")
  class WithTemplate {
    @Test
    void repliesToEveryLine() throws IOException {
      Result result = chat("Hello\n\n  Tell me a story.  \n", "--max-tokens", "8");
      assertThat(result.exitCode()).as(result.err()).isZero();
      assertThat(result.out().lines().filter(line -> !line.isBlank()))
          .hasSizeGreaterThanOrEqualTo(2);
      assertThat(result.err())
          .isEqualToNormalizingNewlines("[cut off: --max-tokens is reached]\n".repeat(2));
    }

    @Test
    void remembersTheConversationUntilItIsReset() throws IOException {
      String once = chat("Hello\n", "--max-tokens", "8").out();
      assertThat(chat("Hello\n/exit\nHello\n", "--max-tokens", "8").out()).isEqualTo(once);
      assertThat(chat("Hello\n/reset\nHello\n", "--max-tokens", "8").out()).isEqualTo(once + once);
      assertThat(chat("Hello\nHello\n", "--max-tokens", "8").out())
          .startsWith(once)
          .isNotEqualTo(once + once);
    }

    @Test
    void systemTextStandsBeforeTheConversationAlsoAfterReset() throws IOException {
      String[] args = {"--system", "You tell stories of dogs.", "--max-tokens", "8"};
      String once = chat("Hello\n", args).out();
      assertThat(once).isNotEqualTo(chat("Hello\n", "--max-tokens", "8").out());
      assertThat(chat("Hello\n/reset\nHello\n", args).out()).isEqualTo(once + once);
    }

    @Test
    void saysIfAMessageDoesNotFitAndGoesOn() throws IOException {
      String tooLong = "word ".repeat(100) + "\n";
      Result result = chat(tooLong + "Hello\n", "--context", "40", "--max-tokens", "8");
      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.err()).startsWith("error: prompt: expected at most 40 tokens");
      assertThat(result.out()).isEqualTo(chat("Hello\n", "--max-tokens", "8").out());
    }

    /** Chats with the demo model, given a chat template. */
    private Result chat(String input, String... options) throws IOException {
      if (!Files.exists(folder.resolve("config.json"))) {
        for (String file : List.of("config.json", "model.safetensors", "tokenizer.json")) {
          Files.copy(Cli.DEMO_MODEL.resolve(file), folder.resolve(file));
        }
        String config = Files.readString(Cli.DEMO_MODEL.resolve("tokenizer_config.json"));
        Files.writeString(
            folder.resolve("tokenizer_config.json"),
            config.replaceFirst(
                "\\{", "{\"chat_template\": " + TEMPLATE.replace("$", "\\$") + ","));
      }
      String[] args =
          Stream.concat(Stream.of("chat", "--model", folder.toString()), Stream.of(options))
              .toArray(String[]::new);
      return Cli.runWithInput(input, args);
    }
  }
}
