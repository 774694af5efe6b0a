package io.github.bitnet4j.core.constraint;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** A grammar made ready to run. Immutable and thread-safe. */
final class Program {
  final Node root;

  /** For each byte its class: bytes that no part of the grammar tells apart are in one. */
  final byte[] classOf = new byte[256];

  /** For each class one of its bytes. */
  final int[] sample;

  final PlainText plainText;

  Program(Node root, Set<ByteSet> sets) {
    this.root = root;
    int count = 1;
    int[] classes = new int[256];
    for (ByteSet set : sets) {
      Map<Integer, Integer> split = new HashMap<>();
      for (int b = 0; b < 256; b++) {
        int key = 2 * classes[b] + (set.contains(b) ? 1 : 0);
        classes[b] = split.computeIfAbsent(key, _ -> split.size());
      }
      count = split.size();
    }
    sample = new int[count];
    for (int b = 255; b >= 0; b--) {
      classOf[b] = (byte) classes[b];
      sample[classes[b]] = b;
    }
    plainText = new PlainText(this);
  }
}
