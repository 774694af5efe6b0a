package io.github.bitnet4j.core.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** A set of Unicode characters, never with surrogates. Immutable. */
final class CodePoints {
  static final CodePoints NONE = new CodePoints(List.of());
  static final CodePoints ALL = range(0, Character.MAX_CODE_POINT);

  /** A range of code points, both ends included. */
  record Range(int first, int last) {}

  /** Ascending, and not touching each other. */
  private final List<Range> ranges;

  private CodePoints(List<Range> ranges) {
    this.ranges = ranges;
  }

  static CodePoints range(int first, int last) {
    return of(List.of(new Range(first, last)));
  }

  static CodePoints of(int... codePoints) {
    return of(Arrays.stream(codePoints).mapToObj(c -> new Range(c, c)).toList());
  }

  /** Returns the characters in some ranges, which may overlap. */
  static CodePoints of(List<Range> some) {
    List<Range> sorted = new ArrayList<>();
    for (Range range : some) {
      addPart(sorted, range.first, Math.min(range.last, Character.MIN_SURROGATE - 1));
      addPart(sorted, Math.max(range.first, Character.MAX_SURROGATE + 1), range.last);
    }
    sorted.sort(Comparator.comparingInt(Range::first));
    List<Range> merged = new ArrayList<>();
    for (Range range : sorted) {
      Range before = merged.isEmpty() ? null : merged.getLast();
      if (before != null && range.first <= before.last + 1) {
        merged.set(merged.size() - 1, new Range(before.first, Math.max(before.last, range.last)));
      } else {
        merged.add(range);
      }
    }
    return new CodePoints(List.copyOf(merged));
  }

  private static void addPart(List<Range> ranges, int first, int last) {
    if (first <= last) {
      ranges.add(new Range(first, last));
    }
  }

  List<Range> ranges() {
    return ranges;
  }

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  boolean contains(int codePoint) {
    int low = 0;
    int high = ranges.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Range range = ranges.get(middle);
      if (codePoint < range.first) {
        high = middle - 1;
      } else if (codePoint > range.last) {
        low = middle + 1;
      } else {
        return true;
      }
    }
    return false;
  }

  /** Returns the only character of this set, -1 if there is none or more than one. */
  int single() {
    return ranges.size() == 1 && ranges.getFirst().first == ranges.getFirst().last
        ? ranges.getFirst().first
        : -1;
  }

  CodePoints union(CodePoints other) {
    List<Range> both = new ArrayList<>(ranges);
    both.addAll(other.ranges);
    return of(both);
  }

  CodePoints complement() {
    List<Range> gaps = new ArrayList<>();
    int next = 0;
    for (Range range : ranges) {
      addPart(gaps, next, range.first - 1);
      next = range.last + 1;
    }
    addPart(gaps, next, Character.MAX_CODE_POINT);
    return of(gaps);
  }

  CodePoints minus(CodePoints other) {
    return complement().union(other).complement();
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof CodePoints other && ranges.equals(other.ranges);
  }

  @Override
  public int hashCode() {
    return ranges.hashCode();
  }

  @Override
  public String toString() {
    return ranges.toString();
  }
}
