package io.github.bitnet4j.cli;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.core.tools.CheckReport;
import io.github.bitnet4j.core.tools.CheckReport.Finding;
import io.github.bitnet4j.core.tools.ModelChecker;
import io.github.bitnet4j.tokenizer.file.Printable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says whether models can be used, and what is doubtful about them. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Checks models: files, configuration, every weight, the tokenizer, and a short run.",
      "Prints what was found and a verdict."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet check bitnet-b1.58-2B-4T",
      "  bitnet check --quiet *.gguf",
      "",
      "Exit code 1 if a model was rejected."
    })
final class CheckCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "GGUF files, or folders of Hugging Face models.")
  private List<Path> files = List.of();

  @Option(
      names = "--quiet",
      description = "Print one line for each model: OK path, or REJECTED path: reason.")
  private boolean quiet;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute. Default: one for each processor.")
  private @Nullable Integer threads;

  @Option(
      names = "--arm-i2s",
      description = "Read I2_S tensors in the layout that bitnet.cpp writes on ARM machines.")
  private boolean armI2s;

  @Option(
      names = "--quantize-masters",
      description =
          "Quantize float weights although nothing says that the model was trained for it: master"
              + " weights of BitNet b1.58. An ordinary model then writes gibberish.")
  private boolean quantizeMasters;

  CheckCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    boolean rejected = false;
    for (Path file : files) {
      CheckReport report = check(file);
      rejected |= !report.accepted();
      terminal.print(quiet ? line(report) : text(report));
    }
    return rejected ? ExitCode.SOFTWARE : ExitCode.OK;
  }

  private CheckReport check(Path file) {
    LoadProgress progress = new LoadProgress(terminal, "Checking");
    LoadOptions.Builder options =
        LoadOptions.builder()
            .armI2sLayout(armI2s)
            .quantizeMasters(quantizeMasters)
            .progress(progress);
    try {
      if (threads != null) {
        options.threads(threads);
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    try {
      return ModelChecker.check(file, options.build());
    } finally {
      progress.erase();
    }
  }

  private static String line(CheckReport report) {
    return report
        .rejection()
        .map(finding -> FileVerdict.rejected(report.path(), finding.message()))
        .orElseGet(() -> FileVerdict.ok(report.path()));
  }

  private static String text(CheckReport report) {
    StringBuilder text =
        new StringBuilder(Printable.message(report.path().toString()) + System.lineSeparator());
    for (Finding finding : report.findings()) {
      text.append("  ").append(finding).append(System.lineSeparator());
    }
    return text.append(report.verdict()).append(System.lineSeparator()).toString();
  }
}
