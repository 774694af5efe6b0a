package io.github.bitnet4j.tokenizer;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The bytes of every token by id, and the id of a token by its bytes: one byte array, and an
 * open-addressing table of ids over it. Filled by the loader, then only read.
 *
 * <p>Memory for Llama 3's 128256 tokens: about 3 MB.
 */
final class TokenTable {
  /** The largest id a file may use; arrays by id grow with it, so a small file must not choose. */
  static final int MAX_ID = (1 << 22) - 1;

  private static final int HOLE = -1;

  private byte[] blob = new byte[1 << 16];
  private int blobSize;
  private int[] starts = new int[1 << 10];
  private int[] lengths = new int[1 << 10];
  private int size;

  /** Ids plus one; 0 is an empty slot. At most half of the slots are used. */
  private int[] slots = new int[1 << 12];

  private int used;

  /**
   * The base of the polynomial hash modulo 2^61 - 1. It is drawn anew for every table, so that no
   * file can be built whose tokens collide; lookups do not depend on it.
   */
  private final long base = new SplittableRandom().nextLong(1L << 32, (1L << 61) - 1);

  TokenTable() {
    Arrays.fill(lengths, HOLE);
  }

  /** Returns the number of ids: every id is below it. */
  int size() {
    return size;
  }

  /** Returns whether the id, 0 to {@link #MAX_ID}, has a token. */
  boolean contains(int id) {
    return id < size && lengths[id] != HOLE;
  }

  /** Returns the number of bytes of a token; 0 for an id without one. */
  int length(int id) {
    return Math.max(lengths[id], 0);
  }

  /** Returns one byte of a token. */
  byte byteAt(int id, int index) {
    return blob[starts[id] + index];
  }

  /** Returns the bytes of a token; none for an id without one. */
  byte[] bytes(int id) {
    return contains(id)
        ? Arrays.copyOfRange(blob, starts[id], starts[id] + lengths[id])
        : new byte[0];
  }

  /** Returns whether the token has exactly these bytes. */
  boolean matches(int id, byte[] bytes, int offset, int length) {
    return lengths[id] == length
        && Arrays.equals(blob, starts[id], starts[id] + length, bytes, offset, offset + length);
  }

  /** Sets the bytes of an id that {@link #find} does not return for them. */
  void putHidden(int id, byte[] bytes, int length) {
    if (id >= size) {
      grow(id + 1);
    }
    if (blob.length - blobSize < length) {
      blob = Arrays.copyOf(blob, Math.max(blob.length * 2, blobSize + length));
    }
    System.arraycopy(bytes, 0, blob, blobSize, length);
    starts[id] = blobSize;
    lengths[id] = length;
    blobSize += length;
  }

  /** Sets the bytes of an id; returns false, and sets nothing, if {@link #find} finds them. */
  boolean put(int id, byte[] bytes, int length) {
    int hash = hash(bytes, 0, length);
    if (find(hash, bytes, 0, length) >= 0) {
      return false;
    }
    putHidden(id, bytes, length);
    if (2 * (used + 1) > slots.length) {
      rehash();
    }
    insert(id, hash);
    used++;
    return true;
  }

  /** Returns the id of the token with the first {@code length} of these bytes, or -1. */
  int find(byte[] bytes, int length) {
    return find(bytes, 0, length);
  }

  /** Returns the id of the token with {@code length} of these bytes from an offset on, or -1. */
  int find(byte[] bytes, int offset, int length) {
    return find(hash(bytes, offset, length), bytes, offset, length);
  }

  private int find(int hash, byte[] bytes, int offset, int length) {
    int mask = slots.length - 1;
    for (int slot = hash & mask; ; slot = (slot + 1) & mask) {
      int id = slots[slot] - 1;
      if (id < 0 || matches(id, bytes, offset, length)) {
        return id;
      }
    }
  }

  private void grow(int newSize) {
    if (newSize > lengths.length) {
      int old = lengths.length;
      int capacity = Math.max(newSize, 2 * old);
      starts = Arrays.copyOf(starts, capacity);
      lengths = Arrays.copyOf(lengths, capacity);
      Arrays.fill(lengths, old, capacity, HOLE);
    }
    size = newSize;
  }

  private void rehash() {
    int[] old = slots;
    slots = new int[grown(old.length)];
    for (int entry : old) {
      if (entry != 0) {
        int id = entry - 1;
        insert(id, hash(blob, starts[id], lengths[id]));
      }
    }
  }

  /**
   * Returns the size of a hash table that follows a size. Vocabularies of usual size take few steps
   * there, of which each hashes all over again; a larger table only doubles.
   */
  static int grown(int size) {
    return size < 1 << 18 ? 4 * size : 2 * size;
  }

  private void insert(int id, int hash) {
    int mask = slots.length - 1;
    int slot = hash & mask;
    while (slots[slot] != 0) {
      slot = (slot + 1) & mask;
    }
    slots[slot] = id + 1;
  }

  /** Evaluates the polynomial whose coefficients are seven bytes and their number each. */
  private int hash(byte[] bytes, int offset, int length) {
    int end = offset + length;
    long hash = 0;
    for (int i = offset; i < end; ) {
      int chunkEnd = Math.min(i + 7, end);
      long chunk = (long) chunkEnd - i;
      while (i < chunkEnd) {
        chunk = chunk << 8 | bytes[i++] & 0xFF;
      }
      hash += chunk;
      // Both factors are below 2^62: the product's bits 61 and up, plus its lower 61 bits, is it
      // modulo 2^61 - 1, up to one subtraction.
      long high = Math.multiplyHigh(hash, base);
      long low = hash * base;
      hash = (low & ((1L << 61) - 1)) + ((low >>> 61) | (high << 3));
      hash = (hash & ((1L << 61) - 1)) + (hash >>> 61);
    }
    return (int) (hash ^ (hash >>> 32));
  }
}
