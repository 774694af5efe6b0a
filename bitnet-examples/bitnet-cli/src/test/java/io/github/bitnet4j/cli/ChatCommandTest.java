package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
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

  @Test
  void repliesToEveryLine() throws IOException {
    Result result = chat("Hello\n\n  Tell me a story.  \n", "--max-tokens", "8");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out().lines().filter(line -> !line.isBlank())).hasSizeGreaterThanOrEqualTo(2);
    assertThat(result.err())
        .isEqualToNormalizingNewlines("[cut off: --max-tokens is reached]\n".repeat(2));
  }

  @Test
  void remembersTheConversationUntilItIsReset() throws IOException {
    String[] args = {"--max-tokens", "8", "--temperature", "1", "--seed", "3"};
    String once = chat("Hello\n", args).out();
    assertThat(chat("Hello\n/exit\nHello\n", args).out()).isEqualTo(once);
    assertThat(chat("Hello\n/reset\nHello\n", args).out()).isEqualTo(once + once);
    assertThat(chat("Hello\nHello\n", args).out()).startsWith(once).isNotEqualTo(once + once);
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

  @Test
  void reportsATemplateThatCannotBeUsedInOneLine() throws IOException {
    Result malformed = chatWith("\"{% nonsense %}\"", "Hello\n");
    assertThat(malformed.exitCode()).isEqualTo(1);
    assertThat(malformed.err()).startsWith("error: ").contains("nonsense").hasLineCount(1);
    Result refusing = chatWith("\"{{ raise_exception('only in pairs') }}\"", "Hello\n");
    assertThat(refusing.exitCode()).isEqualTo(1);
    assertThat(refusing.err()).startsWith("error: ").contains("only in pairs").hasLineCount(1);
  }

  private Result chat(String input, String... options) throws IOException {
    return chatWith(TEMPLATE, input, options);
  }

  /** Chats with the demo model, given a chat template. */
  private Result chatWith(String template, String input, String... options) throws IOException {
    for (String file : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Files.copy(
          Cli.DEMO_MODEL.resolve(file), folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    String config = Files.readString(Cli.DEMO_MODEL.resolve("tokenizer_config.json"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"chat_template\": " + template + "," + config.substring(config.indexOf('{') + 1));
    String[] args =
        Stream.concat(Stream.of("chat", "--model", folder.toString()), Stream.of(options))
            .toArray(String[]::new);
    return Cli.runWithInput(input, args);
  }
}
