package io.github.bitnet4j.tokenizer;

import java.util.Arrays;

/**
 * A growing list of token ids that {@link Tokenizer#encode(String, EncodeOptions, TokenBuffer)}
 * appends to, for callers that encode often and do not want an array each time.
 *
 * <p>Belongs to one thread at a time.
 */
public final class TokenBuffer {
  private int[] ids;
  private int size;

  /** Creates an empty buffer. */
  public TokenBuffer() {
    this(64);
  }

  TokenBuffer(int capacity) {
    ids = new int[Math.max(capacity, 8)];
  }

  /** Returns the number of ids. */
  public int size() {
    return size;
  }

  /**
   * Returns an id.
   *
   * @throws IndexOutOfBoundsException if the index is negative or not below {@link #size}
   */
  public int get(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("index " + index + " of " + size + " ids");
    }
    return ids[index];
  }

  /** Appends an id. */
  public void add(int id) {
    reserve(1);
    ids[size++] = id;
  }

  /** Removes all ids and keeps the memory. */
  public void clear() {
    size = 0;
  }

  /** Returns the ids as a new array. */
  public int[] toArray() {
    return Arrays.copyOf(ids, size);
  }

  void addAll(int[] source, int count) {
    reserve(count);
    System.arraycopy(source, 0, ids, size, count);
    size += count;
  }

  private void reserve(int count) {
    if (ids.length - size < count) {
      ids = Arrays.copyOf(ids, Math.max(size + count, size + (size >> 1)));
    }
  }
}
