package io.github.bitnet4j.core.logits;

import org.jspecify.annotations.Nullable;

/** Orders indexes as far as someone asks: largest key first, the lower index of equal ones. */
public final class Ranking {
  /**
   * A binary heap, largest number first: an integer in the order of the keys above, the complement
   * of the index below, so that of two equal ones the lower index is the larger number.
   */
  private long[] heap = {};

  private int heapSize;
  private int count;

  /**
   * Starts over.
   *
   * @param keys the key of each index; no NaN
   * @param indexes the indexes, in any order; null for those from 0 on
   * @param count how many
   */
  public void fill(float[] keys, int @Nullable [] indexes, int count) {
    this.count = count;
    heapSize = count;
    if (heap.length < count) {
      heap = new long[count];
    }
    for (int i = 0; i < count; i++) {
      int index = indexes == null ? i : indexes[i];
      int bits = Float.floatToRawIntBits(keys[index] + 0f); // makes -0 a 0
      int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE); // turns the order of negative floats
      heap[i] = ((long) ordered << 32) | (~index & 0xFFFFFFFFL);
    }
    for (int i = count / 2 - 1; i >= 0; i--) {
      sift(i);
    }
  }

  /** Returns the index of a rank, 0 for the largest key; ranks must be asked for in order. */
  public int index(int rank) {
    int at = count - 1 - rank; // what was taken off the heap stands behind it
    if (at < heapSize) {
      heapSize--;
      long first = heap[0];
      heap[0] = heap[at];
      heap[at] = first;
      sift(0);
    }
    return ~(int) heap[at];
  }

  private void sift(int index) {
    long value = heap[index];
    int i = index;
    for (int child = 2 * i + 1; child < heapSize; child = 2 * i + 1) {
      if (child + 1 < heapSize && heap[child + 1] > heap[child]) {
        child++;
      }
      if (heap[child] <= value) {
        break;
      }
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = value;
  }
}
