package io.github.bitnet4j.cli;

import io.github.bitnet4j.core.tools.Conversion;
import io.github.bitnet4j.core.tools.ConvertOptions;
import io.github.bitnet4j.core.tools.ModelConverter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Converts models between Hugging Face folders and GGUF files. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Converts a model between a Hugging Face folder and a GGUF file, or between the",
      "ternary types of GGUF. Weights stay what they are, to the bit. The output gets its",
      "name only when it is complete and has been read back."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet convert bitnet-b1.58-2B-4T model.gguf",
      "  bitnet convert model.gguf small.gguf --type tq1_0 --embedding q6_k",
      "  bitnet convert model.gguf folder --type hf"
    })
final class ConvertCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(index = "0", paramLabel = "IN", description = "Model file or folder.")
  private Path in = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "File or folder to be written.")
  private Path out = Path.of("");

  @Mixin private final OutputOptions output = new OutputOptions();

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

  ConvertCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    LoadProgress progress = new LoadProgress(terminal, "Converting");
    ConvertOptions options = output.build(out, armI2s, quantizeMasters, progress);
    output.check(out);
    Conversion conversion;
    try {
      conversion = ModelConverter.convert(in, out, options);
    } finally {
      progress.erase();
    }
    for (String warning : conversion.warnings()) {
      terminal.err().println("warning: " + warning);
    }
    terminal.err().printf(Locale.ROOT, "%s: %.1f MB%n", out, conversion.bytes() / 1e6);
    return ExitCode.OK;
  }
}
