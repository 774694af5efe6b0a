package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.core.format.InputFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * Decides whether a model can be used, and reports what is doubtful about it. Stateless and
 * thread-safe.
 *
 * <p>First its files are opened and what needs no weights is checked: the tokenizer and its round
 * trip, the chat template with typical conversations, stop tokens. Then the model is loaded, which
 * verifies all that a loader must reject: containers, configuration, shapes, every trit, scale,
 * norm and embedding. Checks of values that are possible but unlikely follow: shares of zeros,
 * scales that look inverted, float weights far from trits. Last is a self-test: a short forward
 * pass must give finite values that do not explode from layer to layer, and the same bits with the
 * scalar kernels.
 *
 * <p>What cannot be found: nothing in a file tells whether its I2_S tensors were written on an ARM
 * machine, or, but for bitnet-b1.58-2B-4T, whose scales are known, whether its scales are
 * reciprocals. Such models pass and write gibberish.
 *
 * <pre>{@code
 * CheckReport report = ModelChecker.check(Path.of("model.gguf"), LoadOptions.defaults());
 * System.out.println(report.verdict());
 * }</pre>
 */
public final class ModelChecker {
  private ModelChecker() {}

  /**
   * Checks a model.
   *
   * @param path a Hugging Face directory, a GGUF file (of a split model, any of its files), or a
   *     directory with one GGUF model
   * @param options threads, kernels and progress; how to read I2_S
   * @return the findings; a model that cannot be opened or read is a finding, too
   * @throws io.github.bitnet4j.KernelUnavailableException if the options name a kernel provider
   *     that cannot run here
   */
  public static CheckReport check(Path path, LoadOptions options) {
    Findings findings = new Findings();
    try {
      InputFiles.of(path)
          .reading(
              () -> {
                check(path, options, findings);
                return findings;
              });
    } catch (IOException e) {
      findings.error("model", String.valueOf(e.getMessage()));
    }
    return new CheckReport(path, findings.all());
  }

  private static void check(Path path, LoadOptions options, Findings findings) throws IOException {
    SelfTest selfTest;
    try (Arena arena = Arena.ofConfined()) {
      ModelSource source = ModelSource.open(path, arena, options);
      TokenizerChecks.check(source, findings); // before the weights, which take minutes
      try (Model model = Model.load(path, options)) {
        WeightChecks.check(source, findings);
        selfTest = new SelfTest(model, findings);
      }
    }
    // The first model is closed by now: two of a large one may not fit into memory.
    selfTest.compareWithScalar(path, options);
  }
}
