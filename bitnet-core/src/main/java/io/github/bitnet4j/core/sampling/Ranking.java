package io.github.bitnet4j.core.sampling;

/** Orders candidates as far as someone asks: largest logit first, the lower id of equal ones. */
final class Ranking {
  /**
   * A binary heap, largest number first: an integer in the order of the logits above, the
   * complement of the index below, so that of two equal ones the lower index is the larger number.
   */
  private long[] heap = {};

  private int heapSize;
  private int count;

  /** Starts over with these candidates. */
  void fill(Logits logits) {
    count = logits.count();
    heapSize = count;
    if (heap.length < count) {
      heap = new long[count];
    }
    float[] values = logits.values();
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(values[i] + 0f); // makes -0 a 0
      int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE); // turns the order of negative floats
      heap[i] = ((long) ordered << 32) | (~i & 0xFFFFFFFFL);
    }
    for (int i = count / 2 - 1; i >= 0; i--) {
      sift(i);
    }
  }

  /** Returns the index of a rank, 0 for the largest logit; ranks must be asked for in order. */
  int index(int rank) {
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
