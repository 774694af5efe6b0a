package io.github.bitnet4j.core.constraint;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** A grammar made ready to run. Immutable and thread-safe. */
final class Program {
  final Node root;

  /** For each byte its class: bytes that no part of the grammar tells apart are in one. */
  final byte[] classOf = new byte[256];

  /** For each class one of its bytes. */
  final int[] sample;

  /** The number of references between its nodes. */
  final int size;

  final PlainText plainText;

  Program(Node root, Collection<ByteSet> sets, int size, WorkBudget budget) {
    this.root = root;
    this.size = size;
    List<ByteSet> splitters = new ArrayList<>(sets);
    splitters.add(ByteSet.range(' ', ' ')); // see Automaton.start
    int count = 1;
    int[] classes = new int[256];
    for (ByteSet set : splitters) {
      budget.spend(8);
      count = split(classes, set);
      if (count == classes.length) {
        break;
      }
    }
    sample = new int[count];
    for (int b = 255; b >= 0; b--) {
      classOf[b] = (byte) classes[b];
      sample[classes[b]] = b;
    }
    plainText = new PlainText(this);
  }

  /** Splits each class into the bytes in a set and the others; returns how many there are now. */
  private static int split(int[] classes, ByteSet set) {
    int[] renamed = new int[2 * classes.length]; // the new name + 1 of each half
    int count = 0;
    for (int b = 0; b < classes.length; b++) {
      int half = 2 * classes[b] + (set.contains(b) ? 1 : 0);
      if (renamed[half] == 0) {
        renamed[half] = ++count;
      }
      classes[b] = renamed[half] - 1;
    }
    return count;
  }
}
