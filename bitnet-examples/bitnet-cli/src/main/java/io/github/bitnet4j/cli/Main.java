package io.github.bitnet4j.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * The program {@code bitnet}. The exit code is 0, or 1 if a model or an input cannot be used or
 * memory is exhausted, or 2 if the arguments are wrong, or 141 if the reader of the output has
 * closed it; a process that a signal ends has 128 and the signal's number.
 */
public final class Main {
  private static final Set<String> OWN_OPTIONS = Set.of("-h", "--help", "-V", "--version");

  private Main() {}

  /** Runs the command that the arguments name, {@code generate} if they name none. */
  public static void main(String[] args) {
    if (List.of(args).contains("--verbose")) {
      // slf4j-simple reads its configuration once, when the first logger is made.
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "info");
    }
    System.exit(run(Terminal.system(), args));
  }

  /** Runs a command and returns the exit code. */
  static int run(Terminal terminal, String... args) {
    String[] arguments = withCommand(args);
    BitnetCommand bitnet = new BitnetCommand();
    CommandLine line = new CommandLine(bitnet);
    addCommands(line, terminal, arguments[0]);
    line.setOut(new PrintWriter(terminal.out(), true, terminal.out().charset()))
        .setErr(new PrintWriter(terminal.err(), true, terminal.err().charset()))
        .setExpandAtFiles(false) // a prompt may begin with @
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(90)
        .setUsageHelpLongOptionsMaxWidth(26)
        .setParameterExceptionHandler((e, all) -> Failures.usage(e))
        .setExecutionExceptionHandler(
            (e, command, parsed) -> Failures.report(e, command, bitnet.verbose));
    OptionTypes.register(line);
    Optional<String> damage = Arguments.damage(args);
    if (damage.isPresent()) {
      return Failures.usage(new ParameterException(line, damage.get()));
    }
    try {
      return line.execute(arguments);
    } catch (Throwable e) { // picocli handles exceptions but not errors, such as out of memory
      CommandLine named = line.getSubcommands().get(arguments[0]);
      return Failures.report(e, named == null ? line : named, bitnet.verbose);
    }
  }

  /** Adds the named command, or all if none has this name: each takes 10 ms to be understood. */
  private static void addCommands(CommandLine line, Terminal terminal, String name) {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("generate", () -> new GenerateCommand(terminal));
    commands.put("chat", () -> new ChatCommand(terminal));
    commands.put("trace", () -> new TraceCommand(terminal));
    commands.put("perplexity", () -> new PerplexityCommand(terminal));
    commands.put("tokenize", () -> new TokenizeCommand(terminal));
    commands.put("detokenize", () -> new DetokenizeCommand(terminal));
    commands.put("inspect", () -> new InspectCommand(terminal));
    commands.put("check", () -> new CheckCommand(terminal));
    commands.put("convert", () -> new ConvertCommand(terminal));
    commands.put("synthesize", () -> new SynthesizeCommand(terminal));
    commands.put("bench", () -> new BenchCommand(terminal));
    if (commands.containsKey(name)) {
      commands.keySet().retainAll(Set.of(name));
    }
    commands.forEach((key, command) -> line.addSubcommand(key, command.get()));
  }

  private static String[] withCommand(String[] args) {
    boolean named = args.length > 0 && (!args[0].startsWith("-") || OWN_OPTIONS.contains(args[0]));
    return named
        ? args
        : Stream.concat(Stream.of("generate"), Stream.of(args)).toArray(String[]::new);
  }
}
