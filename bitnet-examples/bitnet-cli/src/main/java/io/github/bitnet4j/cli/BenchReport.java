package io.github.bitnet4j.cli;

import io.github.bitnet4j.ModelInfo;
import java.util.List;
import java.util.Optional;

/**
 * What {@code bench} found.
 *
 * @param runs for each number of threads
 * @param seconds what all of it took
 */
record BenchReport(
    Machine machine, ModelInfo model, FirstTokens fresh, List<Run> runs, double seconds) {
  BenchReport {
    runs = List.copyOf(runs);
  }

  /**
   * The first tokens of fresh JVMs.
   *
   * @param jvms none if they were skipped
   * @param skipped why they were, or why there are fewer than asked for; empty if not
   */
  record FirstTokens(int threads, List<FreshJvm> jvms, String skipped) {
    FirstTokens {
      jvms = List.copyOf(jvms);
    }

    Samples firstTokenMillis() {
      return new Samples(jvms.stream().map(FreshJvm::firstTokenMillis).toList());
    }

    Samples loadMillis() {
      return new Samples(jvms.stream().map(FreshJvm::loadMillis).toList());
    }
  }

  /**
   * The measurements with a number of threads.
   *
   * @param bandwidth reading memory, in GB/s
   * @param loadMillis loading, the files being in the system's cache
   * @param notes what else was skipped
   */
  record Run(
      int threads,
      Samples bandwidth,
      Samples loadMillis,
      List<Speed> speeds,
      List<StepProfile> profiles,
      List<String> notes) {
    Run {
      notes = List.copyOf(notes);
      speeds = List.copyOf(speeds);
      profiles = List.copyOf(profiles);
    }

    /** Returns the bytes of weights that a decode reads per second, in GB/s. */
    static double weightRate(Speed speed, ModelInfo model) {
      return speed.rate().orElseThrow().median() * model.weightBytesPerToken() / 1e9;
    }
  }

  /**
   * The speed of a workload.
   *
   * @param rate tokens per second, if it was measured
   * @param skipped why not, or why not as often as asked; empty if it was
   */
  record Speed(Workload workload, Optional<Samples> rate, String skipped) {}
}
