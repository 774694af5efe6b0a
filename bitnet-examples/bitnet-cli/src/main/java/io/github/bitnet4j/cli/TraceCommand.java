package io.github.bitnet4j.cli;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceComparison;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows, stores and compares the intermediate values of one forward pass. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    customSynopsis = "bitnet trace (--prompt TEXT | --ids ID,ID,...) [OPTION]...",
    description = {
      "Shows the intermediate values of a forward pass.",
      "Prints the L2 norm of each at every position. With --compare, names the first step",
      "that departs from a reference; the exit code is then 1."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet trace --prompt \"Once upon a time\"",
      "  bitnet trace --ids 2045,1024,7 --out ours.safetensors",
      "  bitnet trace --ids 2045,1024,7 --compare reference.safetensors --tolerance 1e-4"
    })
final class TraceCommand implements Callable<Integer> {
  private final Terminal terminal;

  @ArgGroup private @Nullable PromptOptions prompt;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Write the values to this safetensors file.")
  private @Nullable Path out;

  @Option(
      names = "--compare",
      paramLabel = "FILE",
      description = "Compare with this trace: a safetensors file with the same tensor names.")
  private @Nullable Path reference;

  @Option(
      names = "--tolerance",
      paramLabel = "D",
      defaultValue = "1e-5",
      description =
          "Largest relative L2 distance that counts as equal. int8 values must always be"
              + " identical. Default: ${DEFAULT-VALUE}.")
  private double tolerance;

  @Mixin private final ModelOptions modelOptions = new ModelOptions();

  TraceCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (!(tolerance >= 0)) {
      throw new UsageException("tolerance: expected 0 or more, found " + tolerance);
    }
    if (prompt == null) {
      throw PromptOptions.missing();
    }
    prompt.check();
    if (out != null) {
      TextInput.checkOutput("--out", out);
    }
    // Read first: a wrong file is reported before the model works.
    Optional<Trace> theirs =
        reference == null ? Optional.empty() : Optional.of(Trace.read(reference));
    Trace ours = record();
    if (out != null) {
      ours.write(out);
    }
    Optional<TraceComparison> comparison = theirs.map(trace -> ours.compare(trace, tolerance));
    terminal.print(TraceTable.of(ours, comparison));
    return comparison.isPresent() ? verdict(comparison.get(), ours) : ExitCode.OK;
  }

  private Trace record() throws IOException {
    PromptOptions given = prompt;
    if (given == null) {
      throw PromptOptions.missing();
    }
    try (Model model = modelOptions.load(terminal);
        Session session = model.newSession()) {
      int[] ids = given.ids(model);
      modelOptions.announceDemo(model, terminal);
      return Trace.record(session, ids);
    }
  }

  private int verdict(TraceComparison comparison, Trace ours) throws IOException {
    if (comparison.steps().isEmpty()) {
      throw new IOException(
          reference
              + ": expected a two-dimensional F32 or I8 tensor with the name of a step, such as "
              + ours.steps().getFirst().name()
              + ", found none; nothing is compared");
    }
    Optional<TraceComparison.Step> departure = comparison.firstDeparture();
    if (departure.isEmpty()) {
      terminal.print(
          "OK: %d of %d steps compared, all within %s%n"
              .formatted(
                  comparison.steps().size(), ours.steps().size(), TraceTable.number(tolerance)));
      return ExitCode.OK;
    }
    TraceComparison.Step step = departure.get();
    terminal.print(
        "DEPARTS at %s: relative L2 distance %s, %d int8 mismatches (tolerance %s)%n"
            .formatted(
                step.name(),
                TraceTable.number(step.relativeL2()),
                step.int8Mismatches(),
                TraceTable.number(tolerance)));
    return ExitCode.SOFTWARE;
  }
}
