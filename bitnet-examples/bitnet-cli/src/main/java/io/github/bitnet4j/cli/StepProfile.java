package io.github.bitnet4j.cli;

import io.github.bitnet4j.Session;
import io.github.bitnet4j.TraceListener;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the time of a forward pass goes: for each step of a layer its time in all layers together.
 * The time between two callbacks of a trace is that of the later step, so the steps make up the
 * whole pass. A traced pass computes the logits of every row, one that generates only those of the
 * last.
 *
 * @param rows tokens of the pass, at the first positions of an empty context
 * @param passes how many were averaged
 * @param steps in the order of computation
 */
record StepProfile(int rows, int passes, List<Step> steps) {
  StepProfile {
    steps = List.copyOf(steps);
  }

  /**
   * The time of a step.
   *
   * @param millis in all layers of one pass
   */
  record Step(String name, double millis) {}

  /**
   * Measures passes; one more comes before them and does not count.
   *
   * @param seconds after which no further pass begins; at least one is measured
   */
  static StepProfile measure(Session session, int[] ids, int passes, double seconds) {
    Clock clock = new Clock();
    clock.pass(session, ids);
    clock.nanos.clear();
    long start = System.nanoTime();
    int done = 0;
    do {
      clock.pass(session, ids);
      done++;
    } while (done < passes && (System.nanoTime() - start) / 1e9 < seconds);
    List<Step> steps = new ArrayList<>();
    for (Map.Entry<String, Long> step : clock.nanos.entrySet()) {
      steps.add(new Step(step.getKey(), step.getValue() / 1e6 / done));
    }
    return new StepProfile(ids.length, done, steps);
  }

  /** Returns the time of a pass. */
  double totalMillis() {
    return steps.stream().mapToDouble(Step::millis).sum();
  }

  private static final class Clock implements TraceListener {
    private final Map<String, Long> nanos = new LinkedHashMap<>();
    private long last;

    void pass(Session session, int[] ids) {
      last = System.nanoTime();
      session.trace(ids, this);
      add("end");
      session.reset();
    }

    @Override
    public void onFloats(String name, int rows, int columns, float[] values) {
      add(name);
    }

    @Override
    public void onBytes(String name, int rows, int columns, byte[] values) {
      add(name);
    }

    private void add(String name) {
      long now = System.nanoTime();
      nanos.merge(step(name), now - last, Long::sum);
      last = System.nanoTime(); // what this listener takes belongs to no step
    }

    /**
     * Returns {@code q_proj.act_int8} for {@code layers.3.q_proj.act_int8}, and for its scale. The
     * values of the head are reported together, when all are computed.
     */
    private static String step(String name) {
      if (name.equals("final_norm") || name.equals("logits")) {
        return "final_norm, logits";
      }
      String step = name.startsWith("layers.") ? name.substring(name.indexOf('.', 7) + 1) : name;
      return step.replace(".act_scale", ".act_int8");
    }
  }
}
