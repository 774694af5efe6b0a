package io.github.bitnet4j.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** Turns token ids into text, a JSON object a line. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Turns token ids into text.",
      "Reads one JSON object a line, {\"ids\": [...]}, and writes {\"text\": \"...\"} for each.",
      "Bytes that are no UTF-8 become U+FFFD."
    },
    footerHeading = "%nExample:%n",
    footer = "  echo '{\"ids\": [422, 434, 258, 396]}' | bitnet detokenize")
final class DetokenizeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final TokenizerOptions tokenizer = new TokenizerOptions();

  DetokenizeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    Tokenizer loaded = tokenizer.load();
    JsonLines.answer(
        terminal,
        "ids",
        DetokenizeCommand::ids,
        (json, ids) -> json.writeStringField("text", loaded.decode(ids)));
    return ExitCode.OK;
  }

  private static int[] ids(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw new IllegalArgumentException("ids: expected an array, found " + json.currentToken());
    }
    int[] ids = new int[16];
    int count = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw new IllegalArgumentException(
            "ids: expected whole numbers, found " + json.currentToken());
      }
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count++] = json.getIntValue();
    }
    return Arrays.copyOf(ids, count);
  }
}
