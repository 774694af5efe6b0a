package io.github.bitnet4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Turns texts into token ids, a JSON object a line. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Turns texts into token ids.",
      "Reads one JSON object a line, {\"text\": \"...\"}, and writes {\"ids\": [...]} for each.",
      "Lone surrogates written as escapes are kept."
    },
    footerHeading = "%nExample:%n",
    footer = "  echo '{\"text\": \"Once upon a time\"}' | bitnet tokenize --bos")
final class TokenizeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private final TokenizerOptions tokenizer = new TokenizerOptions();

  @Option(
      names = "--special",
      description = "Read the names of special tokens as those tokens. Default: as plain text.")
  private boolean special;

  @Option(names = "--bos", description = "Put the beginning-of-sequence token first.")
  private boolean bos;

  TokenizeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    Tokenizer loaded = tokenizer.load();
    EncodeOptions options = new EncodeOptions(bos, special);
    JsonLines.answer(
        terminal,
        "text",
        TokenizeCommand::text,
        (json, text) -> writeIds(json, loaded.encode(text, options)));
    return ExitCode.OK;
  }

  private static String text(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw new IllegalArgumentException("text: expected a string, found " + json.currentToken());
    }
    return json.getText();
  }

  private static void writeIds(JsonGenerator json, int[] ids) throws IOException {
    json.writeFieldName("ids");
    json.writeArray(ids, 0, ids.length);
  }
}
