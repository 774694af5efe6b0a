package io.github.bitnet4j.tokenizer;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The merges of byte pair encoding: for a pair of neighbouring ids its rank (lower merges first)
 * and the id of the whole. Filled by the loader, then only read.
 *
 * <p>Memory for Llama 3's 280147 merges: about 8 MB.
 */
final class MergeTable {
  static final int NO_MERGE = Integer.MAX_VALUE;

  private static final long EMPTY = -1;

  private long[] keys = new long[1 << 10];
  private int[] ranks = new int[1 << 10];
  private int[] results = new int[1 << 10];
  private int size;

  /** An odd factor drawn anew for every table, so that no file can be built whose pairs collide. */
  private final long factor = new SplittableRandom().nextLong() | 1;

  MergeTable() {
    Arrays.fill(keys, EMPTY);
  }

  /** Adds the merge of the next rank; of two merges of the same pair the later one counts. */
  void add(int left, int right, int result) {
    if (4L * (size + 1) > 3L * keys.length) {
      grow();
    }
    if (size == results.length) {
      results = Arrays.copyOf(results, size + (size >> 1));
    }
    long key = key(left, right);
    int slot = slotOf(key);
    keys[slot] = key;
    ranks[slot] = size;
    results[size++] = result;
  }

  /** Returns the rank of the merge of two ids, or {@link #NO_MERGE}. */
  int rank(int left, int right) {
    int slot = slotOf(key(left, right));
    return keys[slot] == EMPTY ? NO_MERGE : ranks[slot];
  }

  /** Returns what the merge of a rank gives. */
  int result(int rank) {
    return results[rank];
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  private int slotOf(long key) {
    int mask = keys.length - 1;
    int slot = (int) ((key * factor) >>> Long.numberOfLeadingZeros(mask));
    while (keys[slot] != key && keys[slot] != EMPTY) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldRanks = ranks;
    keys = new long[2 * oldKeys.length];
    ranks = new int[keys.length];
    Arrays.fill(keys, EMPTY);
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != EMPTY) {
        int slot = slotOf(oldKeys[i]);
        keys[slot] = oldKeys[i];
        ranks[slot] = oldRanks[i];
      }
    }
  }
}
