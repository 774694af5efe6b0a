package io.github.bitnet4j.cli;

import io.github.bitnet4j.Generation;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelInfo;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.cli.BenchReport.Run;
import io.github.bitnet4j.cli.BenchReport.Speed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Measures a model with one number of threads.
 *
 * <p>The first repetition of each measurement warms up and does not count. Before a workload
 * begins, its time is estimated from what was measured so far; it is skipped if it would take more
 * than half of the time that is left, and repeated less often than asked if it would take more than
 * its share.
 */
final class BenchRun {
  /** Share of the time left that loading and the step profile may take at most. */
  private static final double SMALL_SHARE = 0.1;

  /** A traced pass computes all logits: it takes longer than a prefill by about this. */
  private static final double PROFILE_COST = 2;

  private static final double FASTER = 1.2;

  private static final Workload FIRST_DECODE = Workload.decode(8, 8);
  private static final Workload FIRST_PREFILL = Workload.prefill(16);

  private final Path path;
  private final LoadOptions options;
  private final BenchPlan plan;
  private final TimeBudget budget;

  /** How many runs share the time that is left, this one included. */
  private final int runsLeft;

  private double prefillRate;
  private double decodeRate;

  BenchRun(Path path, LoadOptions options, BenchPlan plan, TimeBudget budget, int runsLeft) {
    this.path = path;
    this.options = options;
    this.plan = plan;
    this.budget = budget;
    this.runsLeft = runsLeft;
  }

  /** What a run found, and the model it found it with. */
  record Result(Run run, ModelInfo model) {}

  Result measure(int threads) throws IOException {
    Samples bandwidth;
    try (ReadBandwidth memory = new ReadBandwidth()) {
      bandwidth = memory.measure(threads, plan.repetitions());
    }
    Samples load = load();
    try (Model model = Model.load(path, options);
        Session session = model.newSession()) {
      ModelInfo info = model.info();
      int[] ids = new Random(1).ints(info.contextLength(), 0, info.vocabSize()).toArray();
      warmUp(session, ids);
      List<Speed> speeds = new ArrayList<>();
      List<Workload> workloads = plan.workloads();
      for (int i = 0; i < workloads.size(); i++) {
        double share = budget.left() / runsLeft / (workloads.size() - i);
        speeds.add(speed(model, ids, workloads.get(i), share));
      }
      List<String> notes = new ArrayList<>();
      List<StepProfile> profiles = profiles(session, ids, notes);
      return new Result(new Run(threads, bandwidth, load, speeds, profiles, notes), info);
    }
  }

  private Samples load() throws IOException {
    List<Double> millis = new ArrayList<>();
    double end = budget.left() * (1 - SMALL_SHARE);
    do {
      try (Model model = Model.load(path, options)) {
        millis.add(model.info().loadTime().toNanos() / 1e6);
      }
    } while (millis.size() <= plan.repetitions() && budget.left() > end);
    return Samples.warm(millis);
  }

  /**
   * Makes the JVM compile what is measured, and learns how fast it is: until it gets no faster, or
   * its share of the time is spent.
   */
  private void warmUp(Session session, int[] ids) {
    if (FIRST_PREFILL.positions() > ids.length) {
      return;
    }
    double share = Math.max(plan.warmUpSeconds(), SMALL_SHARE * budget.left() / runsLeft);
    long start = System.nanoTime();
    double elapsed;
    boolean faster;
    do {
      double prefillBefore = prefillRate;
      double decodeBefore = decodeRate;
      remember(FIRST_PREFILL.run(List.of(session), ids));
      remember(FIRST_DECODE.run(List.of(session), ids));
      faster = prefillRate > FASTER * prefillBefore || decodeRate > FASTER * decodeBefore;
      elapsed = (System.nanoTime() - start) / 1e9;
    } while (elapsed < plan.warmUpSeconds() || faster && elapsed < share);
  }

  private Speed speed(Model model, int[] ids, Workload workload, double share) {
    if (workload.positions() > ids.length) {
      return skipped(
          workload,
          "the context holds %d tokens, it takes %d".formatted(ids.length, workload.positions()));
    }
    double estimate = estimate(workload);
    if (estimate > budget.left() / 2) {
      return skipped(
          workload,
          "it would take about %.0f s, and %.0f s are left; see --max-seconds"
              .formatted(estimate, budget.left()));
    }
    List<Session> sessions = new ArrayList<>();
    try {
      for (int i = 0; i < workload.sessions(); i++) {
        sessions.add(model.newSession());
      }
      return measure(sessions, ids, workload, share);
    } finally {
      sessions.forEach(Session::close);
    }
  }

  private Speed measure(List<Session> sessions, int[] ids, Workload workload, double share) {
    List<Double> rates = new ArrayList<>();
    long start = System.nanoTime();
    double next;
    do {
      List<Generation.Stats> stats = workload.run(sessions, ids);
      rates.add(workload.rate(stats));
      if (sessions.size() == 1) {
        remember(stats);
      }
      double tokens = (double) workload.tokens() * sessions.size();
      next = (System.nanoTime() - start) / 1e9 + tokens / rates.getLast();
    } while (rates.size() <= plan.repetitions() && next <= share);
    Samples rate = Samples.warm(rates);
    String note =
        rate.values().size() >= plan.repetitions()
            ? ""
            : "%d repetitions instead of %d within %.0f s; see --max-seconds"
                .formatted(rate.values().size(), plan.repetitions(), share);
    return new Speed(workload, Optional.of(rate), note);
  }

  private static Speed skipped(Workload workload, String reason) {
    return new Speed(workload, Optional.empty(), "skipped: " + reason);
  }

  /** Returns the seconds that a workload takes, prompt included. */
  private double estimate(Workload workload) {
    boolean isPrefill = workload.kind() == Workload.Kind.PREFILL;
    int prompt = workload.sessions() * (isPrefill ? workload.tokens() : workload.context());
    int decoded = isPrefill ? 0 : workload.sessions() * workload.tokens();
    return (prefillRate == 0 ? 0 : prompt / prefillRate)
        + (decodeRate == 0 ? 0 : decoded / decodeRate);
  }

  private void remember(List<Generation.Stats> ofOneSession) {
    Generation.Stats stats = ofOneSession.getFirst();
    if (stats.prefillTokens() >= FIRST_PREFILL.tokens()) {
      prefillRate = stats.prefillTokensPerSecond();
    }
    if (stats.decodeTokens() > 0) {
      decodeRate = stats.decodeTokensPerSecond();
    }
  }

  private List<StepProfile> profiles(Session session, int[] ids, List<String> notes) {
    List<StepProfile> profiles = new ArrayList<>();
    for (int rows : plan.profiledRows()) {
      int[] traced = Arrays.copyOf(ids, Math.min(rows, ids.length));
      double estimate = 2 * PROFILE_COST * estimate(Workload.prefill(rows)); // one does not count
      if (estimate > budget.left() / 2) {
        notes.add(
            "steps of a pass, %d rows: skipped: it would take about %.0f s, and %.0f s are left; see --max-seconds"
                .formatted(rows, estimate, budget.left()));
      } else {
        double seconds = budget.left() * SMALL_SHARE;
        profiles.add(StepProfile.measure(session, traced, plan.profiledPasses(), seconds));
      }
    }
    return profiles;
  }
}
