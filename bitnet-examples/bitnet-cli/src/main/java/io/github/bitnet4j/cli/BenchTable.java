package io.github.bitnet4j.cli;

import io.github.bitnet4j.ModelInfo;
import io.github.bitnet4j.cli.BenchReport.FirstTokens;
import io.github.bitnet4j.cli.BenchReport.Run;
import io.github.bitnet4j.cli.BenchReport.Speed;
import java.util.ArrayList;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;

/** Lays out what {@code bench} found, for people. */
final class BenchTable {
  private final BenchReport report;
  private final Formatter text = new Formatter(Locale.ROOT);

  private BenchTable(BenchReport report) {
    this.report = report;
  }

  static String of(BenchReport report) {
    return new BenchTable(report).lines();
  }

  private String lines() {
    header();
    fresh();
    speeds();
    for (Run run : report.runs()) {
      for (StepProfile profile : run.profiles()) {
        profile(run, profile);
      }
    }
    text.format("%n");
    text.format("%.0f s in all%n", report.seconds());
    return text.toString();
  }

  private void header() {
    ModelInfo model = report.model();
    Machine machine = report.machine();
    text.format("model    %s%n", model.path());
    text.format(
        "         %s, %.1f M parameters, context %d%n",
        model.architecture(), model.parameterCount() / 1e6, model.contextLength());
    text.format(
        "machine  %s, %d processors, %s%n", machine.cpu(), machine.processors(), machine.system());
    text.format("JDK      %s%n", machine.jdk());
    text.format(
        "kernels  %s (%s)%n",
        model.kernels(), model.vectorBits() == 0 ? "no vectors" : model.vectorBits() + " bits");
    text.format(
        "weights  %s read for a token, of linear layers and head%n",
        megabytes(model.weightBytesPerToken()));
    text.format(
        "memory   %s of files, %s of kernels' own copies%n",
        megabytes(model.mappedBytes()), megabytes(model.preparedBytes()));
  }

  private void fresh() {
    FirstTokens fresh = report.fresh();
    if (!fresh.skipped().isEmpty()) {
      text.format("fresh    JVM skipped: %s%n", fresh.skipped());
    }
    if (fresh.jvms().isEmpty()) {
      return;
    }
    Samples first = fresh.firstTokenMillis();
    text.format(
        "fresh    JVM, %s: first token after %.0f ms (%.0f to %.0f, n %d), %.0f ms of them"
            + " loading%n",
        threads(fresh.threads()),
        first.median(),
        first.min(),
        first.max(),
        first.values().size(),
        fresh.loadMillis().median());
    FreshJvm last = fresh.jvms().getLast();
    if (last.residentAfterLoad() >= 0) {
      text.format(
          "         resident %s after load, %s after %d tokens, with a KV cache of %s%n",
          megabytes(last.residentAfterLoad()),
          megabytes(last.residentAfterDecode()),
          FirstToken.TOKENS,
          megabytes(last.kvCacheBytes()));
    }
  }

  private static String threads(int number) {
    return number == 1 ? "1 thread" : number + " threads";
  }

  private void speeds() {
    List<List<String>> lines = new ArrayList<>();
    lines.add(
        List.of("measurement", "threads", "median", "min", "max", "unit", "n", "weights", "of bw"));
    List<String> notes = new ArrayList<>();
    for (Run run : report.runs()) {
      lines.add(cells("read bandwidth", run.threads(), run.bandwidth(), "GB/s"));
      lines.add(cells("load, warm", run.threads(), run.loadMillis(), "ms"));
      run.notes().forEach(note -> notes.add(threads(run.threads()) + ", " + note));
      for (Speed speed : run.speeds()) {
        speed.rate().ifPresent(rate -> lines.add(speed(run, speed, rate)));
        if (!speed.skipped().isEmpty()) {
          notes.add(
              "%s, %s: %s"
                  .formatted(speed.workload().name(), threads(run.threads()), speed.skipped()));
        }
      }
    }
    text.format("%n");
    text.format("%s", TextTable.of(lines, 1));
    notes.forEach(note -> text.format("%s%n", note));
  }

  private List<String> speed(Run run, Speed speed, Samples rate) {
    List<String> cells =
        new ArrayList<>(cells(speed.workload().name(), run.threads(), rate, "tokens/s"));
    if (speed.workload().readsWeightsForEachToken()) {
      double weightRate = Run.weightRate(speed, report.model());
      cells.add(number(weightRate) + " GB/s");
      cells.add("%.0f %%".formatted(100 * weightRate / run.bandwidth().median()));
    }
    return cells;
  }

  private static List<String> cells(String name, int threads, Samples samples, String unit) {
    return List.of(
        name,
        String.valueOf(threads),
        number(samples.median()),
        number(samples.min()),
        number(samples.max()),
        unit,
        String.valueOf(samples.values().size()));
  }

  private void profile(Run run, StepProfile profile) {
    double total = profile.totalMillis();
    text.format("%n");
    text.format(
        "%s, %s, mean of %d: %s ms%n",
        profile.rows() == 1 ? "pass over 1 token" : "pass over " + profile.rows() + " tokens",
        threads(run.threads()),
        profile.passes(),
        number(total));
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("step, all layers", "ms", "%"));
    for (StepProfile.Step step : profile.steps()) {
      lines.add(
          List.of(
              step.name(),
              String.format(Locale.ROOT, "%.3f", step.millis()),
              String.format(Locale.ROOT, "%.1f", 100 * step.millis() / total)));
    }
    text.format("%s", TextTable.of(lines, 1));
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value);
  }
}
