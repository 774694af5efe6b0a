package io.github.bitnet4j.cli;

import java.util.List;

/**
 * What {@code bench} measures.
 *
 * @param repetitions that count, if there is time
 * @param warmUpSeconds short passes before the first measurement; at least one
 * @param profiledRows tokens of the passes whose steps are timed; empty for none
 * @param profiledPasses how many of each
 */
record BenchPlan(
    List<Workload> workloads,
    int repetitions,
    double warmUpSeconds,
    List<Integer> profiledRows,
    int profiledPasses) {
  private static final int SHORT_CONTEXT = 16;

  /** Tokens before a decode of the full plan, unless told otherwise. */
  static final int LONG_CONTEXT = 2048;

  private static final int SESSIONS = 8;

  BenchPlan {
    workloads = List.copyOf(workloads);
    profiledRows = List.copyOf(profiledRows);
  }

  static BenchPlan full(int repetitions, int longContext, boolean profile) {
    return new BenchPlan(
        List.of(
            Workload.prefill(128),
            Workload.prefill(512),
            Workload.decode(64, SHORT_CONTEXT),
            Workload.decode(256, SHORT_CONTEXT),
            Workload.decode(64, longContext),
            Workload.speculation(256, SHORT_CONTEXT),
            Workload.together(SESSIONS, 64, SHORT_CONTEXT)),
        repetitions,
        3,
        profile ? List.of(1, 128) : List.of(),
        10);
  }

  static BenchPlan quick(int repetitions, boolean profile) {
    return new BenchPlan(
        List.of(Workload.prefill(128), Workload.decode(32, SHORT_CONTEXT)),
        repetitions,
        1,
        profile ? List.of(1, 128) : List.of(),
        3);
  }
}
