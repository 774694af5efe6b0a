package io.github.bitnet4j.core.threads;

/** Work that can be cut into ranges of independent units. */
@FunctionalInterface
public interface RangeTask {
  /**
   * Does the units from {@code from} to {@code to - 1}.
   *
   * @param worker index of the running thread in its team, for scratch memory; 0 is the caller
   */
  void run(int from, int to, int worker);
}
