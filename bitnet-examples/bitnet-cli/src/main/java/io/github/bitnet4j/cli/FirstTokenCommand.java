package io.github.bitnet4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.TokenStream;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/**
 * What {@link FreshJvm} runs: loads a model, generates a token and says so at once, generates some
 * more and says what memory it takes.
 */
@Command(name = "first-token", hidden = true, description = "For bench: the first token of a JVM.")
final class FirstTokenCommand implements Callable<Integer> {
  static final int PROMPT_TOKENS = 8;
  static final int TOKENS = 16;

  private final Terminal terminal;

  @Mixin private final ModelOptions modelOptions = new ModelOptions();

  FirstTokenCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    try (Model model = modelOptions.load(terminal);
        Session session = model.newSession()) {
      Map<String, Long> first = new LinkedHashMap<>();
      first.put("loadMicros", model.info().loadTime().toNanos() / 1000);
      first.put("residentAfterLoad", Machine.residentBytes().orElse(-1));
      int[] ids = new Random(1).ints(PROMPT_TOKENS, 0, model.info().vocabSize()).toArray();
      GenerationConfig config =
          GenerationConfig.builder().maxTokens(TOKENS).ignoreStopTokens(true).build();
      try (TokenStream stream = session.stream(ids, config)) {
        Iterator<?> tokens = stream.iterator();
        tokens.next();
        print(first);
        while (tokens.hasNext()) {
          tokens.next();
        }
      }
      Map<String, Long> then = new LinkedHashMap<>();
      then.put("residentAfterDecode", Machine.residentBytes().orElse(-1));
      then.put("kvCacheBytes", session.kvCacheBytes());
      print(then);
      return ExitCode.OK;
    }
  }

  private void print(Map<String, Long> numbers) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      for (Map.Entry<String, Long> number : numbers.entrySet()) {
        json.writeNumberField(number.getKey(), number.getValue());
      }
      json.writeEndObject();
    }
    terminal.print(text + "\n");
  }
}
