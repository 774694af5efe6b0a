package io.github.bitnet4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how well a model predicts a text. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    customSynopsis = "bitnet perplexity (--text TEXT | --file FILE) [OPTION]...",
    description = {
      "Measures how well a model predicts a text.",
      "A text that is longer than the window is scored in windows. Each begins the stride after",
      "the one before and scores the tokens that this has not reached; so after the first window",
      "each token is predicted from at least the window less the stride."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet perplexity --file story.txt",
      "  bitnet perplexity --model bitnet-b1.58-2B-4T --file wiki.txt --window 2048 --stride 1024",
      "  bitnet perplexity --text \"The capital of France is Paris.\" --json"
    })
final class PerplexityCommand implements Callable<Integer> {
  private final Terminal terminal;

  @ArgGroup(multiplicity = "1")
  private final Input input = new Input();

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Most tokens that the model sees at once. Default: the context length.")
  private @Nullable Integer window;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description = "Tokens from window to window. Default: half a window.")
  private @Nullable Integer stride;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private final ModelOptions modelOptions = new ModelOptions();

  PerplexityCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The text to be scored. */
  private static final class Input {
    @Option(names = "--text", paramLabel = "TEXT", description = "The text.")
    private @Nullable String text;

    @Option(names = "--file", paramLabel = "FILE", description = "A file with the text, in UTF-8.")
    private @Nullable Path file;

    String read() throws IOException {
      if (text != null) {
        return text;
      }
      return TextInput.read(Objects.requireNonNull(file));
    }
  }

  /** What was measured. */
  private record Result(int tokens, double sum, int windows) {
    double perplexity() {
      return StrictMath.exp(-sum / tokens);
    }
  }

  @Override
  public Integer call() throws IOException {
    String text = input.read();
    try (Model model = modelOptions.load(terminal);
        Session session = model.newSession();
        CancelOnExit _ = new CancelOnExit(session)) {
      modelOptions.announceDemo(model, terminal);
      Tokenizer tokenizer = model.tokenizer();
      int[] ids = tokenizer.encode(text, new EncodeOptions(tokenizer.addsBos(), false));
      if (ids.length < 2) {
        throw new IllegalArgumentException("text: expected at least 2 tokens, found " + ids.length);
      }
      int window = window(model.info().contextLength());
      int stride = stride(window);
      Result result = new Windows(window, stride).score(session, ids);
      terminal.print(json ? toJson(result, window, stride) : toText(result, window, stride));
      return ExitCode.OK;
    }
  }

  private int window(int contextLength) {
    int given = window == null ? contextLength : window;
    if (given < 2 || given > contextLength) {
      throw new UsageException(
          "window: expected 2 to %d (the context length), found %d"
              .formatted(contextLength, given));
    }
    return given;
  }

  private int stride(int window) {
    int given = stride == null ? window / 2 : stride;
    if (given < 1 || given >= window) {
      throw new UsageException(
          "stride: expected 1 to %d (the window less one), found %d".formatted(window - 1, given));
    }
    return given;
  }

  /** How a long text is cut. */
  private record Windows(int window, int stride) {
    Result score(Session session, int[] ids) {
      double sum = 0;
      int windows = 0;
      int scored = 1; // the first token follows nothing
      for (int begin = 0; scored < ids.length; begin += stride) {
        int end = Math.min(ids.length, begin + window);
        int[] before = Arrays.copyOfRange(ids, begin, scored);
        for (double logprob :
            session.score(before, Arrays.copyOfRange(ids, scored, end)).logprobs()) {
          sum += logprob;
        }
        scored = end;
        windows++;
      }
      return new Result(ids.length - 1, sum, windows);
    }
  }

  private static String toText(Result result, int window, int stride) {
    return String.format(
        Locale.ROOT,
        "perplexity %.4f (%d tokens, mean log probability %.5f; %s of at most %d tokens%s)%n",
        result.perplexity(),
        result.tokens(),
        result.sum() / result.tokens(),
        result.windows() == 1 ? "1 window" : result.windows() + " windows",
        window,
        result.windows() == 1 ? "" : ", stride " + stride);
  }

  private static String toJson(Result result, int window, int stride) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("perplexity", result.perplexity());
      json.writeNumberField("tokens", result.tokens());
      json.writeNumberField("logprobSum", result.sum());
      json.writeNumberField("windows", result.windows());
      json.writeNumberField("window", window);
      json.writeNumberField("stride", stride);
      json.writeEndObject();
    }
    return text + System.lineSeparator();
  }
}
