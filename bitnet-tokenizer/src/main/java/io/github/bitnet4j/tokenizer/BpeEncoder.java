package io.github.bitnet4j.tokenizer;

import java.util.Arrays;

/**
 * Encodes ordinary text piece by piece. Holds the scratch memory of one call of {@code encode}, so
 * it belongs to one thread and keeps nothing afterwards.
 *
 * <p>Inside a piece the pair of lowest rank is merged first, the leftmost of equals, until no
 * neighbours merge. Short pieces scan for that pair; long ones keep the pairs in a heap, which
 * makes a piece of n bytes O(n log n).
 */
final class BpeEncoder {
  /** Below this the scan is faster than the heap, whatever the merges. */
  private static final int SHORT_PIECE_BYTES = 64;

  private static final int NONE = -1;

  private final BpeModel model;
  private final IntList out;

  private byte[] bytes = new byte[SHORT_PIECE_BYTES];
  private int[] ids = new int[SHORT_PIECE_BYTES];

  /** The rank of the merge of a symbol with its right neighbour. */
  private int[] ranks = new int[SHORT_PIECE_BYTES];

  /** Left and right neighbours of the symbols of a long piece. */
  private int[] previous = {};

  private int[] next = {};

  BpeEncoder(BpeModel model, IntList out) {
    this.model = model;
    this.out = out;
  }

  /** Appends the ids of the text from {@code from} to {@code to}. */
  void encode(String text, int from, int to) {
    int start = from;
    while (start < to) {
      int end = model.preTokenizer().pieceEnd(text, start, to);
      encodePiece(text, start, end);
      start = end;
    }
  }

  private void encodePiece(String text, int from, int to) {
    int length = toUtf8(text, from, to);
    if (model.ignoreMerges()) {
      int id = model.tokens().find(bytes, length);
      if (id >= 0) {
        out.add(id);
        return;
      }
    }
    if (ids.length < length) {
      int capacity = Math.max(length, 2 * ids.length);
      ids = new int[capacity];
      ranks = new int[capacity];
    }
    for (int i = 0; i < length; i++) {
      ids[i] = model.byteIds()[bytes[i] & 0xFF];
    }
    for (int i = 0; i + 1 < length; i++) {
      ranks[i] = model.merges().rank(ids[i], ids[i + 1]);
    }
    if (length <= SHORT_PIECE_BYTES) {
      mergeShort(length);
    } else {
      mergeLong(length);
    }
  }

  /** Writes the UTF-8 bytes to {@link #bytes}, U+FFFD for unpaired surrogates; returns how many. */
  private int toUtf8(String text, int from, int to) {
    long maxLength = 3L * (to - from);
    if (bytes.length < maxLength) {
      bytes = new byte[Math.toIntExact(Math.max(maxLength, 2L * bytes.length))];
    }
    int n = 0;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        bytes[n++] = (byte) c;
      } else if (c < 0x800) {
        bytes[n++] = (byte) (0xC0 | c >> 6);
        bytes[n++] = (byte) (0x80 | c & 0x3F);
      } else if (Character.isHighSurrogate(c)
          && i + 1 < to
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        int codePoint = Character.toCodePoint(c, text.charAt(++i));
        bytes[n++] = (byte) (0xF0 | codePoint >> 18);
        bytes[n++] = (byte) (0x80 | codePoint >> 12 & 0x3F);
        bytes[n++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
        bytes[n++] = (byte) (0x80 | codePoint & 0x3F);
      } else {
        char unit = Character.isSurrogate(c) ? '\uFFFD' : c;
        bytes[n++] = (byte) (0xE0 | unit >> 12);
        bytes[n++] = (byte) (0x80 | unit >> 6 & 0x3F);
        bytes[n++] = (byte) (0x80 | unit & 0x3F);
      }
    }
    return n;
  }

  private void mergeShort(int length) {
    MergeTable merges = model.merges();
    int n = length;
    while (true) {
      int best = MergeTable.NO_MERGE;
      int at = 0;
      for (int i = 0; i + 1 < n; i++) {
        if (ranks[i] < best) {
          best = ranks[i];
          at = i;
        }
      }
      if (best == MergeTable.NO_MERGE) {
        break;
      }
      n--;
      System.arraycopy(ids, at + 2, ids, at + 1, n - at - 1);
      System.arraycopy(ranks, at + 1, ranks, at, n - at - 1);
      ids[at] = merges.result(best);
      if (at + 1 < n) {
        ranks[at] = merges.rank(ids[at], ids[at + 1]);
      }
      if (at > 0) {
        ranks[at - 1] = merges.rank(ids[at - 1], ids[at]);
      }
    }
    for (int i = 0; i < n; i++) {
      out.add(ids[i]);
    }
  }

  /**
   * Symbols are a linked list of the positions where they start. The heap holds pairs as rank and
   * position of the left symbol; an entry is stale if that symbol's current rank is another one.
   */
  private void mergeLong(int length) {
    MergeTable merges = model.merges();
    if (next.length < length) {
      next = new int[ids.length];
      previous = new int[ids.length];
    }
    var heap = new LongHeap(length);
    ranks[length - 1] = MergeTable.NO_MERGE;
    for (int i = 0; i < length; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
      push(heap, i);
    }
    next[length - 1] = NONE;
    while (!heap.isEmpty()) {
      long top = heap.pop();
      int left = (int) top;
      int rank = (int) (top >>> 32);
      if (ranks[left] != rank) {
        continue;
      }
      int right = next[left];
      int after = next[right];
      ids[left] = merges.result(rank);
      next[left] = after;
      // The right symbol is gone: its entries are stale.
      ranks[right] = MergeTable.NO_MERGE;
      if (after == NONE) {
        ranks[left] = MergeTable.NO_MERGE;
      } else {
        previous[after] = left;
        ranks[left] = merges.rank(ids[left], ids[after]);
        push(heap, left);
      }
      int before = previous[left];
      if (before != NONE) {
        ranks[before] = merges.rank(ids[before], ids[left]);
        push(heap, before);
      }
    }
    for (int i = 0; i != NONE; i = next[i]) {
      out.add(ids[i]);
    }
  }

  private void push(LongHeap heap, int left) {
    if (ranks[left] != MergeTable.NO_MERGE) {
      heap.push((long) ranks[left] << 32 | left);
    }
  }

  /** A binary heap, smallest value first. */
  private static final class LongHeap {
    private long[] values;
    private int size;

    LongHeap(int capacity) {
      values = new long[capacity];
    }

    boolean isEmpty() {
      return size == 0;
    }

    void push(long value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size + (size >> 1) + 1);
      }
      int at = size++;
      while (at > 0) {
        int parent = (at - 1) >>> 1;
        if (values[parent] <= value) {
          break;
        }
        values[at] = values[parent];
        at = parent;
      }
      values[at] = value;
    }

    long pop() {
      long top = values[0];
      long last = values[--size];
      int at = 0;
      for (int child = 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && values[child + 1] < values[child]) {
          child++;
        }
        if (values[child] >= last) {
          break;
        }
        values[at] = values[child];
        at = child;
      }
      values[at] = last;
      return top;
    }
  }
}
