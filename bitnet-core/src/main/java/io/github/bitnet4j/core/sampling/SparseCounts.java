package io.github.bitnet4j.core.sampling;

import java.util.Arrays;

/** Counts by index, most of them 0. Forgetting them takes as long as there are others. */
final class SparseCounts {
  private int[] counts = {};
  private int[] indexes = {};
  private int size;

  /** Makes all counts 0, of indexes below a bound. */
  void clear(int bound) {
    for (int i = 0; i < size; i++) {
      counts[indexes[i]] = 0;
    }
    size = 0;
    if (counts.length < bound) {
      counts = new int[bound];
    }
  }

  int get(int index) {
    return counts[index];
  }

  /** Sets a count, which must be above 0. */
  void set(int index, int count) {
    if (counts[index] == 0) {
      if (size == indexes.length) {
        indexes = Arrays.copyOf(indexes, Math.max(64, 2 * size));
      }
      indexes[size++] = index;
    }
    counts[index] = count;
  }

  /** Returns how many counts are not 0. */
  int size() {
    return size;
  }

  /** Returns the index of one of those, in the order in which they became so. */
  int index(int i) {
    return indexes[i];
  }
}
