package io.github.bitnet4j.core.constraint;

/**
 * A set of byte values, as bits: value v is bit {@code v % 64} of the word {@code v / 64}.
 * Immutable.
 */
record ByteSet(long word0, long word1, long word2, long word3) {
  static final ByteSet NONE = new ByteSet(0, 0, 0, 0);

  /** Returns the values from {@code first} to {@code last}. */
  static ByteSet range(int first, int last) {
    long[] words = new long[4];
    for (int value = first; value <= last; value++) {
      words[value >> 6] |= 1L << value;
    }
    return new ByteSet(words[0], words[1], words[2], words[3]);
  }

  ByteSet union(ByteSet other) {
    return new ByteSet(
        word0 | other.word0, word1 | other.word1, word2 | other.word2, word3 | other.word3);
  }

  boolean isEmpty() {
    return (word0 | word1 | word2 | word3) == 0;
  }

  boolean contains(int value) {
    long word =
        switch (value >> 6) {
          case 0 -> word0;
          case 1 -> word1;
          case 2 -> word2;
          default -> word3;
        };
    return (word >>> value & 1) != 0;
  }
}
