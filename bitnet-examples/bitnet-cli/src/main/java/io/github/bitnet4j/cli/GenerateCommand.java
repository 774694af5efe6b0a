package io.github.bitnet4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Logprobs;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelInfo;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.Token;
import io.github.bitnet4j.TokenStream;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Continues a text or token ids. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    customSynopsis = "bitnet generate [--prompt TEXT | --ids ID,ID,...] [OPTION]...",
    description = {
      "Continues a text.",
      "The text goes to standard output, everything else to standard error."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet generate",
      "  bitnet generate --prompt \"The big dog\" --max-tokens 50 --seed 7",
      "  bitnet generate --model bitnet-b1.58-2B-4T --prompt \"The capital of France is\"",
      "  bitnet generate --prompt \"Tom is a\" --choice \" cat\" --choice \" dog\"",
      "  bitnet generate --prompt \"Lily in JSON:\" --json-schema person.schema.json",
      "  bitnet generate --ids 2045,1024,7 --temperature 0 --json"
    })
final class GenerateCommand implements Callable<Integer> {
  private static final String DEMO_PROMPT = "Once upon a time";
  private static final int DEFAULT_MAX_TOKENS = 256;

  private final Terminal terminal;

  @ArgGroup private @Nullable PromptOptions prompt;

  @Mixin private final ModelOptions modelOptions = new ModelOptions();

  @Mixin private final SamplingOptions sampling = new SamplingOptions();

  @Option(names = "--json", description = "Print one JSON object instead of the text.")
  private boolean json;

  @Option(
      names = "--logprobs",
      paramLabel = "N",
      description =
          "With --json: add the log probability of each token and of the N likeliest ones there.")
  private @Nullable Integer logprobs;

  GenerateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    PromptOptions prompt = promptOrDemo();
    prompt.check();
    if (logprobs != null && !json) {
      throw new UsageException("logprobs: expected --json with it");
    }
    GenerationConfig config =
        sampling.config(modelOptions.isDemo(), DEFAULT_MAX_TOKENS, this::setLogprobs);
    try (Model model = modelOptions.load(terminal);
        Session session = model.newSession();
        TokenStream tokens = prompt.stream(session, config);
        CancelOnExit _ = new CancelOnExit(session)) {
      modelOptions.announceDemo(model, terminal);
      if (json) {
        tokens.forEach(token -> {});
        terminal.print(toJson(tokens.result(), model.info(), config) + System.lineSeparator());
      } else {
        print(model, prompt, tokens);
        terminal.err().println(statistics(tokens.result(), model.info(), config));
      }
      return ExitCode.OK;
    }
  }

  private void setLogprobs(GenerationConfig.Builder config) {
    if (logprobs != null) {
      config.logprobs(logprobs);
    }
  }

  private PromptOptions promptOrDemo() {
    if (prompt != null) {
      return prompt;
    }
    if (modelOptions.isDemo()) {
      return PromptOptions.ofText(DEMO_PROMPT);
    }
    throw PromptOptions.missing();
  }

  private void print(Model model, PromptOptions prompt, TokenStream tokens) throws IOException {
    Optional<Tokenizer> tokenizer = tokenizer(model);
    if (tokenizer.isPresent()) {
      terminal.print(prompt.text(tokenizer.get()));
    }
    for (Token token : tokens) {
      terminal.print(tokenizer.isPresent() ? token.text() : token.id() + " ");
    }
    terminal.print(System.lineSeparator());
  }

  /** Returns the tokenizer; a model without one takes and gives ids. */
  private static Optional<Tokenizer> tokenizer(Model model) {
    try {
      return Optional.of(model.tokenizer());
    } catch (IllegalStateException e) {
      return Optional.empty();
    }
  }

  private static String statistics(Generation result, ModelInfo info, GenerationConfig config) {
    String end =
        switch (result.finishReason()) {
          case STOP_TOKEN, COMPLETE -> "";
          case STOP_STRING -> ", ended by --stop";
          case LENGTH -> ", ended by --max-tokens";
          case CONTEXT_FULL -> ", the context of %d tokens is full".formatted(info.contextLength());
          case TIME_LIMIT -> ", ended by --time-limit";
          case CANCELLED -> ", cancelled";
        };
    return String.format(
        Locale.ROOT,
        "[%d tokens%s; %.1f tokens/s%s; kernels %s (%s), %s%s]",
        result.ids().length,
        end,
        result.stats().decodeTokensPerSecond(),
        guesses(result.stats()),
        info.kernels(),
        info.vectorBits() == 0 ? "no vectors" : info.vectorBits() + " bits",
        info.threads() == 1 ? "1 thread" : info.threads() + " threads",
        config.temperature() == 0 ? "" : ", seed " + result.seed());
  }

  private static String guesses(Generation.Stats stats) {
    return stats.draftedTokens() == 0
        ? ""
        : ", %d of %d guesses right".formatted(stats.acceptedTokens(), stats.draftedTokens());
  }

  private static String toJson(Generation result, ModelInfo info, GenerationConfig config)
      throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      int[] promptIds = result.promptIds();
      int[] ids = result.ids();
      json.writeStartObject();
      json.writeFieldName("promptIds");
      json.writeArray(promptIds, 0, promptIds.length);
      json.writeFieldName("ids");
      json.writeArray(ids, 0, ids.length);
      json.writeStringField("text", result.text());
      json.writeStringField("finishReason", result.finishReason().name());
      json.writeNumberField("seed", result.seed());
      json.writeStringField("kernels", info.kernels());
      json.writeStringField("kernelsReason", info.kernelsReason());
      json.writeNumberField("vectorBits", info.vectorBits());
      json.writeNumberField("threads", info.threads());
      json.writeNumberField("prefillTokensPerSecond", result.stats().prefillTokensPerSecond());
      json.writeNumberField("decodeTokensPerSecond", result.stats().decodeTokensPerSecond());
      json.writeNumberField("draftedTokens", result.stats().draftedTokens());
      json.writeNumberField("acceptedTokens", result.stats().acceptedTokens());
      json.writeNumberField("loadMillis", info.loadTime().toMillis());
      if (config.logprobs().isPresent()) {
        writeLogprobs(json, result.logprobs());
      }
      json.writeEndObject();
    }
    return text.toString();
  }

  private static void writeLogprobs(JsonGenerator json, List<Logprobs> tokens) throws IOException {
    json.writeArrayFieldStart("logprobs");
    for (Logprobs token : tokens) {
      json.writeStartObject();
      json.writeNumberField("id", token.id());
      json.writeNumberField("logprob", token.logprob());
      json.writeArrayFieldStart("alternatives");
      for (Logprobs.Alternative other : token.alternatives()) {
        json.writeStartObject();
        json.writeNumberField("id", other.id());
        json.writeNumberField("logprob", other.logprob());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
