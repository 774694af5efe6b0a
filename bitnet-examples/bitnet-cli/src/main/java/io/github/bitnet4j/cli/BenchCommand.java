package io.github.bitnet4j.cli;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.ModelInfo;
import io.github.bitnet4j.cli.BenchReport.FirstTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** Measures how fast a model is, and what memory it takes. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Measures a model on this machine: prompts of 128 and 512 tokens, decoding of 64 and 256",
      "tokens after a short context and of 64 after 2048, speculation, eight sessions at the",
      "same time, loading, the first token of a fresh JVM, memory, and how much of the memory's",
      "bandwidth decoding uses. Prints medians and what they vary between. Prompts are random",
      "ids."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bitnet bench --model bitnet-b1.58-2B-4T",
      "  bitnet bench --model random-2b-4t --threads 1,2,4 --json",
      "  bitnet bench --model random-2b-4t --context 4000 --max-seconds 1800",
      "  bitnet bench --model random-2b-4t --quick --profile"
    })
final class BenchCommand implements Callable<Integer> {
  private static final int QUICK_REPETITIONS = 2;
  private static final int QUICK_SECONDS = 60;
  private static final int REPETITIONS = 5;
  private static final int SECONDS = 600;

  /** Share of the time that fresh JVMs may take at most. */
  private static final double FRESH_SHARE = 0.2;

  private final Terminal terminal;

  @Option(
      names = "--model",
      paramLabel = "PATH",
      description = "Hugging Face model folder or GGUF file. Default: the demo model.")
  private @Nullable Path model;

  @Option(
      names = "--threads",
      paramLabel = "N,N",
      split = ",",
      description = "Numbers of threads. Default: 1, and one for each processor.")
  private @Nullable List<Integer> threads;

  @Option(
      names = "--kernels",
      paramLabel = "NAME",
      description = "Kernels to compute with: vector, scalar. Default: the fastest.")
  private @Nullable String kernels;

  @Option(
      names = "--kv-cache",
      paramLabel = "TYPE",
      description = "Type of cached keys and values: f32, f16. Default: f32.")
  private @Nullable String kvCache;

  @Option(
      names = "--quantize-masters",
      description =
          "Quantize float weights although nothing says that the model was trained for it: master"
              + " weights of BitNet b1.58. An ordinary model then writes gibberish.")
  private boolean quantizeMasters;

  @Option(
      names = "--repetitions",
      paramLabel = "N",
      description = "Repetitions of each measurement. Default: 5; 2 with --quick.")
  private @Nullable Integer repetitions;

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Tokens of the long context. Default: " + BenchPlan.LONG_CONTEXT + ".")
  private @Nullable Integer context;

  @Option(
      names = "--max-seconds",
      paramLabel = "N",
      description = "What does not fit is skipped, and said so. Default: 600; 60 with --quick.")
  private @Nullable Integer maxSeconds;

  @Option(names = "--quick", description = "Only prefill of 128 and decode of 32 tokens.")
  private boolean quick;

  @Option(
      names = "--profile",
      description = "Also time the steps of a pass over 1 token and of one over 128.")
  private boolean profile;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  BenchCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    int count = positive("repetitions", repetitions, quick ? QUICK_REPETITIONS : REPETITIONS);
    int longContext = positive("context", context, BenchPlan.LONG_CONTEXT);
    BenchPlan plan =
        quick ? BenchPlan.quick(count, profile) : BenchPlan.full(count, longContext, profile);
    TimeBudget budget =
        new TimeBudget(positive("max-seconds", maxSeconds, quick ? QUICK_SECONDS : SECONDS));
    List<Integer> numbers = threads();
    List<LoadOptions> options = numbers.stream().map(this::options).toList();
    Path path = model == null ? ModelOptions.demo() : model;

    FirstTokens fresh = fresh(path, numbers.getLast(), count, budget);
    List<BenchReport.Run> runs = new ArrayList<>();
    List<ModelInfo> models = new ArrayList<>();
    for (int i = 0; i < numbers.size(); i++) {
      BenchRun.Result result =
          new BenchRun(path, options.get(i), plan, budget, numbers.size() - i)
              .measure(numbers.get(i));
      runs.add(result.run());
      models.add(result.model());
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    BenchReport report = new BenchReport(Machine.current(), models.getLast(), fresh, runs, seconds);
    terminal.print(json ? BenchJson.of(report) + System.lineSeparator() : BenchTable.of(report));
    return ExitCode.OK;
  }

  private FirstTokens fresh(Path path, int threads, int repetitions, TimeBudget budget) {
    List<String> child = new ArrayList<>();
    child.add(path.toString());
    child.add(String.valueOf(threads));
    child.add(kvCache == null ? "f32" : kvCache);
    child.add(String.valueOf(quantizeMasters));
    if (kernels != null) {
      child.add(kernels);
    }
    List<FreshJvm> measured = new ArrayList<>();
    double end = budget.left() * (1 - FRESH_SHARE);
    String note = "";
    try {
      double before;
      do {
        before = budget.left();
        measured.add(FreshJvm.start(child, Math.max(1, before - end)));
      } while (measured.size() < repetitions && 2 * budget.left() - before > end);
    } catch (IOException e) {
      note = Objects.requireNonNullElse(e.getMessage(), e.toString());
    }
    if (note.isEmpty() && measured.size() < repetitions) {
      note =
          "for %d of %d; see --max-seconds".formatted(repetitions - measured.size(), repetitions);
    }
    return new FirstTokens(threads, measured, note);
  }

  /** Returns the numbers of threads, ascending. */
  private List<Integer> threads() {
    return List.copyOf(
        threads == null
            ? new TreeSet<Integer>(Arrays.asList(1, Runtime.getRuntime().availableProcessors()))
            : new TreeSet<>(threads));
  }

  private LoadOptions options(int threads) {
    LoadOptions.Builder options = LoadOptions.builder().quantizeMasters(quantizeMasters);
    try {
      options.threads(threads);
      if (kernels != null) {
        options.kernels(kernels);
      }
      if (kvCache != null) {
        options.kvCache(ModelOptions.kvCacheType(kvCache));
      }
      return options.build();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private static int positive(String name, @Nullable Integer given, int otherwise) {
    int value = given == null ? otherwise : given;
    if (value < 1) {
      throw new UsageException(name + ": expected 1 or more, found " + value);
    }
    return value;
  }
}
