package io.github.bitnet4j.cli;

import java.util.List;

/**
 * Repeated measurements of one thing.
 *
 * @param values one or more, in the order they were taken
 */
record Samples(List<Double> values) {
  Samples {
    values = List.copyOf(values);
    if (values.isEmpty()) {
      throw new IllegalArgumentException("values: expected at least one, found none");
    }
  }

  /**
   * Returns measurements without the first, which warms up what it measures, unless there is no
   * other.
   */
  static Samples warm(List<Double> values) {
    return new Samples(values.size() == 1 ? values : values.subList(1, values.size()));
  }

  /** Returns the middle value; of an even number the mean of the two in the middle. */
  double median() {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  double min() {
    return values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
  }

  double max() {
    return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }
}
