package io.github.bitnet4j.core.logits;

/** Sets of token ids as bits: id i is bit {@code i % 64} of the word {@code i / 64}. */
public final class TokenMask {
  private TokenMask() {}

  /** Returns an empty set for a number of ids. */
  public static long[] none(int vocabSize) {
    return new long[(vocabSize + 63) >> 6];
  }

  /** Adds an id. */
  public static void add(long[] mask, int id) {
    mask[id >> 6] |= 1L << id;
  }

  /** Returns whether an id is in a set. */
  public static boolean contains(long[] mask, int id) {
    return (mask[id >> 6] >>> id & 1) != 0;
  }

  /** Returns the number of ids in a set. */
  public static int count(long[] mask) {
    int count = 0;
    for (long word : mask) {
      count += Long.bitCount(word);
    }
    return count;
  }
}
