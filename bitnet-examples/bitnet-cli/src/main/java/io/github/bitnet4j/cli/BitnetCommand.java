package io.github.bitnet4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The program itself: its help, its version, and the options of all commands. */
@Command(
    name = "bitnet",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "[COMMAND]",
    description = {
      "Runs BitNet b1.58 language models on plain CPUs.",
      "Without a command it generates; without a model it uses the demo model."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet",
      "  bitnet --prompt \"The big dog\" --temperature 0.7 --seed 7",
      "  bitnet chat --model bitnet-b1.58-2B-4T",
      "  bitnet generate --help",
      "",
      "Exit codes: 0 done; 1 a model or an input cannot be used, or memory is exhausted;",
      "2 wrong arguments; 130 interrupted (128 and the number of the signal); 141 the reader of",
      "the output has closed it."
    })
final class BitnetCommand {
  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show log lines, and where an error came from.")
  boolean verbose;
}
