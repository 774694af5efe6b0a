package io.github.bitnet4j.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

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
  private final IdSink out;
  private final @Nullable SpanSink spans;

  private byte[] bytes = new byte[SHORT_PIECE_BYTES];
  private int[] ids = new int[SHORT_PIECE_BYTES];

  /** The merge of a symbol with its right neighbour, see {@link MergeTable}. */
  private long[] merges = new long[SHORT_PIECE_BYTES];

  /** Left and right neighbours of the symbols of a long piece. */
  private int[] previous = {};

  private int[] next = {};

  /** Creates an encoder that also says where in the text the tokens are, if asked. */
  BpeEncoder(BpeModel model, IdSink out, @Nullable SpanSink spans) {
    this.model = model;
    this.out = out;
    this.spans = spans;
  }

  /**
   * Encodes the text from {@code from} to {@code to}.
   *
   * @param prefix whether a space is put before it
   */
  void encode(String text, int from, int to, boolean prefix) {
    boolean space = prefix;
    int start = from;
    while (start < to) {
      int end = model.preTokenizer().pieceEnd(text, start, to);
      encodePiece(text, start, end, space);
      space = false;
      start = end;
    }
  }

  private void encodePiece(String text, int from, int to, boolean prefix) {
    int length = toUtf8(text, from, to, prefix);
    if (ids.length < length) {
      int capacity = Math.max(length, 2 * ids.length);
      ids = new int[capacity];
      merges = new long[capacity];
    }
    ByteSplit split = model.byteSplit();
    if (split != ByteSplit.NONE && split.end(bytes, 0, length) < length) {
      encodeParts(split, text, from, to, length);
      return;
    }
    int n = encodeBytes(length);
    out.accept(ids, n);
    if (spans != null && n > 0) {
      locate(spans, text, from, to, prefix, n, !isWhole(length, n));
    }
  }

  /** Encodes the parts of a piece that {@link ByteSplit} cuts; they may end inside characters. */
  private void encodeParts(ByteSplit split, String text, int from, int to, int length) {
    byte[] piece = Arrays.copyOf(bytes, length);
    int[] pieceIds = new int[length];
    int count = 0;
    for (int start = 0; start < length; ) {
      int end = split.end(piece, start, length);
      System.arraycopy(piece, start, bytes, 0, end - start);
      int n = encodeBytes(end - start);
      System.arraycopy(ids, 0, pieceIds, count, n);
      count += n;
      start = end;
    }
    System.arraycopy(piece, 0, bytes, 0, length);
    System.arraycopy(pieceIds, 0, ids, 0, count);
    out.accept(ids, count);
    if (spans != null && count > 0) {
      locate(spans, text, from, to, /* prefix= */ false, count, /* merged= */ true);
    }
  }

  private boolean isWhole(int length, int n) {
    return model.ignoreMerges() && n == 1 && model.tokens().length(ids[0]) == length;
  }

  /** Encodes the first bytes, which are one piece, to {@link #ids}; returns how many ids. */
  private int encodeBytes(int length) {
    int whole = model.ignoreMerges() ? model.tokens().find(bytes, length) : -1;
    if (whole >= 0) {
      ids[0] = whole;
      return 1;
    }
    int n = model.kind() == BpeKind.BYTE_LEVEL ? byteSymbols(length) : characterSymbols(length);
    return n <= SHORT_PIECE_BYTES ? mergeShort(n) : mergeLong(n);
  }

  /** Sets symbols and merges to those of the bytes, without those that have no token. */
  private int byteSymbols(int length) {
    int[] byteIds = model.byteIds();
    int n = 0;
    for (int i = 0; i < length; i++) {
      int id = byteIds[bytes[i] & 0xFF];
      ids[n] = id;
      n += id >= 0 ? 1 : 0;
    }
    if (n == length) {
      long[] pairs = model.bytePairs();
      for (int i = 0; i + 1 < n; i++) {
        merges[i] = pairs[(bytes[i] & 0xFF) << 8 | bytes[i + 1] & 0xFF];
      }
    } else {
      findMerges(n);
    }
    return n;
  }

  /**
   * Sets symbols and merges to those of the characters, and to the bytes of those that are no
   * token.
   */
  private int characterSymbols(int length) {
    int[] asciiIds = model.asciiIds();
    int n = 0;
    for (int i = 0; i < length; ) {
      int charLength = Utf8.length(bytes[i]);
      int id = charLength == 1 ? asciiIds[bytes[i]] : model.tokens().find(bytes, i, charLength);
      if (id >= 0) {
        ids[n++] = id;
      } else {
        for (int k = 0; k < charLength; k++) {
          ids[n++] = model.byteIds()[bytes[i + k] & 0xFF];
        }
      }
      i += charLength;
    }
    findMerges(n);
    return n;
  }

  private void findMerges(int symbols) {
    for (int i = 0; i + 1 < symbols; i++) {
      merges[i] = model.merges().find(ids[i], ids[i + 1]);
    }
  }

  /** Writes the UTF-8 bytes to {@link #bytes}, U+FFFD for unpaired surrogates; returns how many. */
  private int toUtf8(String text, int from, int to, boolean prefix) {
    long maxLength = 3L * (to - from) + 1;
    if (bytes.length < maxLength) {
      bytes = new byte[Math.toIntExact(Math.max(maxLength, 2L * bytes.length))];
    }
    boolean marksSpaces = model.kind() == BpeKind.SENTENCE_PIECE;
    int n = 0;
    if (prefix) {
      bytes[n++] = ' ';
    }
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        bytes[n++] = (byte) c;
      } else if (!Character.isSurrogate(c)) {
        n = Utf8.put(marksSpaces && c == BpeKind.SPACE_MARK ? ' ' : c, bytes, n);
      } else if (Character.isHighSurrogate(c)
          && i + 1 < to
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        n = Utf8.put(Character.toCodePoint(c, text.charAt(++i)), bytes, n);
      } else {
        n = Utf8.put('\uFFFD', bytes, n);
      }
    }
    return n;
  }

  /** Reports for each token of a piece the characters that its bytes belong to. */
  private void locate(
      SpanSink sink, String text, int from, int to, boolean prefix, int n, boolean merged) {
    boolean byteLevel = model.kind() == BpeKind.BYTE_LEVEL;
    int at = from; // the character that holds the next byte
    int end = from; // where the character of the byte before ends
    int left =
        prefix ? 1 : 0; // bytes of it that are left; the space before the text is no character
    int index = 0; // of the next byte
    for (int i = 0; i < n; i++) {
      int start = -1;
      for (int count = model.tokens().length(ids[i]); count > 0; ) {
        if (left == 0) {
          at = end;
          boolean mark = text.charAt(at) == BpeKind.SPACE_MARK && !byteLevel;
          left = mark ? 1 : Utf8.length(text, at, to);
          end = at + (left == 4 ? 2 : 1);
        }
        left--;
        if (!byteLevel || !merged || model.byteIds()[bytes[index] & 0xFF] >= 0) {
          start = start < 0 ? at : start;
          count--;
        }
        index++;
      }
      sink.accept(start, end);
    }
  }

  private int mergeShort(int length) {
    int n = length;
    while (true) {
      int best = MergeTable.NO_RANK;
      int at = 0;
      for (int i = 0; i + 1 < n; i++) {
        int rank = MergeTable.rank(merges[i]);
        if (rank < best) {
          best = rank;
          at = i;
        }
      }
      if (best == MergeTable.NO_RANK) {
        return n;
      }
      n--;
      int result = MergeTable.result(merges[at]);
      System.arraycopy(ids, at + 2, ids, at + 1, n - at - 1);
      System.arraycopy(merges, at + 1, merges, at, n - at - 1);
      ids[at] = result;
      if (at + 1 < n) {
        merges[at] = model.merges().find(result, ids[at + 1]);
      }
      if (at > 0) {
        merges[at - 1] = model.merges().find(ids[at - 1], result);
      }
    }
  }

  /**
   * Symbols are a linked list of the positions where they start. The heap holds pairs as rank and
   * position of the left symbol; an entry is stale if that symbol's current rank is another one.
   */
  private int mergeLong(int length) {
    if (next.length < length) {
      next = new int[ids.length];
      previous = new int[ids.length];
    }
    var heap = new LongHeap(length);
    merges[length - 1] = MergeTable.NO_MERGE;
    for (int i = 0; i < length; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
      push(heap, i);
    }
    next[length - 1] = NONE;
    while (!heap.isEmpty()) {
      long top = heap.pop();
      int left = (int) top;
      if (MergeTable.rank(merges[left]) != (int) (top >>> 32)) {
        continue;
      }
      int right = next[left];
      int after = next[right];
      ids[left] = MergeTable.result(merges[left]);
      next[left] = after;
      // The right symbol is gone: its entries are stale.
      merges[right] = MergeTable.NO_MERGE;
      if (after == NONE) {
        merges[left] = MergeTable.NO_MERGE;
      } else {
        previous[after] = left;
        merges[left] = model.merges().find(ids[left], ids[after]);
        push(heap, left);
      }
      int before = previous[left];
      if (before != NONE) {
        merges[before] = model.merges().find(ids[before], ids[left]);
        push(heap, before);
      }
    }
    int n = 0;
    for (int i = 0; i != NONE; i = next[i]) {
      ids[n++] = ids[i];
    }
    return n;
  }

  private void push(LongHeap heap, int left) {
    int rank = MergeTable.rank(merges[left]);
    if (rank != MergeTable.NO_RANK) {
      heap.push((long) rank << 32 | left);
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
