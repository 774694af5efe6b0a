package io.github.bitnet4j.core.trace;

import java.util.List;
import java.util.Optional;

/**
 * How a trace compares with a reference.
 *
 * @param steps the steps that both have, in the order of computation
 */
public record TraceComparison(List<Step> steps) {
  /** Copies the list. */
  public TraceComparison {
    steps = List.copyOf(steps);
  }

  /** Returns the first step that departs from the reference: where to look for the fault. */
  public Optional<Step> firstDeparture() {
    return steps.stream().filter(Step::departs).findFirst();
  }

  /**
   * How one step compares.
   *
   * @param name of the step
   * @param relativeL2 the L2 norm of the difference over that of the reference; infinite if the
   *     shapes differ or a value is not finite
   * @param int8Mismatches number of int8 values that differ; 0 for float steps
   * @param departs whether the difference is more than was allowed
   */
  public record Step(String name, double relativeL2, int int8Mismatches, boolean departs) {
    static Step compare(TraceStep ours, TraceStep theirs, double tolerance) {
      if (ours.rows() != theirs.rows()
          || ours.columns() != theirs.columns()
          || ours.isInt8() != theirs.isInt8()) {
        return new Step(ours.name(), Double.POSITIVE_INFINITY, 0, true);
      }
      double difference = 0;
      double norm = 0;
      int mismatches = 0;
      float[] a = ours.values();
      float[] b = theirs.values();
      for (int i = 0; i < a.length; i++) {
        double d = (double) a[i] - b[i];
        difference += d * d;
        norm += (double) b[i] * b[i];
        if (ours.isInt8() && d != 0) {
          mismatches++;
        }
      }
      double relative = difference == 0 ? 0 : Math.sqrt(difference / norm);
      if (Double.isNaN(relative)) {
        relative = Double.POSITIVE_INFINITY;
      }
      boolean departs = ours.isInt8() ? mismatches > 0 : relative > tolerance;
      return new Step(ours.name(), relative, mismatches, departs);
    }
  }
}
