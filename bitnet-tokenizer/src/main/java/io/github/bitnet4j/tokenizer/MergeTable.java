package io.github.bitnet4j.tokenizer;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The merges of byte pair encoding: for a pair of neighbouring ids its rank (lower merges first)
 * and the id of the whole. Filled by the loader, then only read.
 *
 * <p>A merge is one long, the rank in its upper half and the id in its lower. Memory for Llama 3's
 * 280147 merges: about 8 MB.
 */
final class MergeTable {
  /** What {@link #find} returns for two ids that do not merge. */
  static final long NO_MERGE = Long.MAX_VALUE;

  /** The rank of {@link #NO_MERGE}: above all ranks. */
  static final int NO_RANK = Integer.MAX_VALUE;

  private static final long EMPTY = -1;

  private long[] keys = new long[1 << 11];
  private long[] merges = new long[1 << 11];
  private int used;

  /** An odd factor drawn anew for every table, so that no file can be built whose pairs collide. */
  private final long factor = new SplittableRandom().nextLong() | 1;

  MergeTable() {
    Arrays.fill(keys, EMPTY);
  }

  /** Adds a merge; of two merges of the same pair the later one counts. */
  void add(int left, int right, int rank, int result) {
    if (4L * (used + 1) > 3L * keys.length) {
      grow();
    }
    long key = key(left, right);
    int slot = slotOf(key);
    if (keys[slot] == EMPTY) {
      keys[slot] = key;
      used++;
    }
    merges[slot] = (long) rank << 32 | result;
  }

  /** Returns the merge of two ids, or {@link #NO_MERGE}. */
  long find(int left, int right) {
    int slot = slotOf(key(left, right));
    return keys[slot] == EMPTY ? NO_MERGE : merges[slot];
  }

  /** Returns the rank of a merge. */
  static int rank(long merge) {
    return (int) (merge >>> 32);
  }

  /** Returns the id that a merge gives. */
  static int result(long merge) {
    return (int) merge;
  }

  /** Returns the ids that merges give. */
  IntStream results() {
    return IntStream.range(0, keys.length)
        .filter(i -> keys[i] != EMPTY)
        .map(i -> result(merges[i]));
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
    long[] oldMerges = merges;
    keys = new long[TokenTable.grown(oldKeys.length)];
    merges = new long[keys.length];
    Arrays.fill(keys, EMPTY);
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != EMPTY) {
        int slot = slotOf(oldKeys[i]);
        keys[slot] = oldKeys[i];
        merges[slot] = oldMerges[i];
      }
    }
  }
}
