package io.github.bitnet4j.cli;

import io.github.bitnet4j.ChatMessage;
import io.github.bitnet4j.ContextOverflowException;
import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.Token;
import io.github.bitnet4j.TokenStream;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A conversation with a model that has a chat template. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    customSynopsis = "bitnet chat --model PATH [OPTION]...",
    description = {
      "Converses with a model that has a chat template.",
      "Every line of input is a message. /reset forgets the conversation; /exit or the end",
      "of the input ends it."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet chat --model bitnet-b1.58-2B-4T",
      "  bitnet chat --model bitnet-b1.58-2B-4T --system \"Answer in one sentence.\"",
      "  echo \"Why is the sky blue?\" | bitnet chat --model bitnet-b1.58-2B-4T"
    })
final class ChatCommand implements Callable<Integer> {
  private static final int DEFAULT_MAX_TOKENS = 1024;

  private final Terminal terminal;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "An instruction that stands before the conversation.")
  private @Nullable String system;

  @Mixin private final ModelOptions modelOptions = new ModelOptions();

  @Mixin private final SamplingOptions sampling = new SamplingOptions();

  ChatCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    GenerationConfig config = sampling.config(modelOptions.isDemo(), DEFAULT_MAX_TOKENS);
    try (Model model = modelOptions.load(terminal)) {
      if (model.tokenizer().chatTemplate().isEmpty()) {
        throw new IllegalStateException(
            model.info().path()
                + " has no chat template, so it cannot chat; to continue a text use:"
                + " bitnet generate --prompt TEXT");
      }
      try (Session session = model.newSession()) {
        return converse(session, config);
      }
    }
  }

  /** Returns the exit code: an error if a message got no reply. */
  private int converse(Session session, GenerationConfig config) throws IOException {
    int exitCode = ExitCode.OK;
    start(session);
    boolean first = true;
    for (String line = readLine(); line != null; line = readLine()) {
      String message = (first ? TextInput.withoutMark(line) : line).strip();
      first = false;
      switch (message) {
        case "" -> {}
        case "/exit" -> {
          return exitCode;
        }
        case "/reset" -> {
          session.reset();
          start(session);
        }
        default -> {
          try {
            reply(session, message, config);
          } catch (ContextOverflowException e) {
            exitCode = ExitCode.SOFTWARE;
            terminal.err().println("error: " + e.getMessage() + "; /reset starts anew");
          }
        }
      }
    }
    return exitCode;
  }

  private void start(Session session) {
    if (system != null) {
      session.addMessage(ChatMessage.system(system));
    }
  }

  private @Nullable String readLine() throws IOException {
    if (terminal.interactive()) {
      terminal.err().print("> ");
      terminal.err().flush();
    }
    return terminal.in().readLine();
  }

  private void reply(Session session, String message, GenerationConfig config) throws IOException {
    try (TokenStream tokens = session.streamChat(ChatMessage.user(message), config);
        CancelOnExit _ = new CancelOnExit(session)) {
      for (Token token : tokens) {
        terminal.print(token.text());
      }
      terminal.print(System.lineSeparator());
      String cut = cutOff(tokens.result().finishReason());
      if (!cut.isEmpty()) {
        terminal.err().println("[cut off: " + cut + "]");
      }
    }
  }

  /** Returns what has cut a reply off, if anything has. */
  private static String cutOff(FinishReason reason) {
    return switch (reason) {
      case LENGTH -> "--max-tokens is reached";
      case CONTEXT_FULL -> "the context is full; /reset starts anew";
      case TIME_LIMIT -> "--time-limit is over";
      case STOP_TOKEN, STOP_STRING, COMPLETE, CANCELLED -> "";
    };
  }
}
