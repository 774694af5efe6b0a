package io.github.bitnet4j.core.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of the positions seen so far, in float32 outside the heap.
 *
 * <p>It grows in blocks of {@link #BLOCK} positions. A block holds all layers; within it the
 * positions of one head are contiguous:
 *
 * <pre>[layer][key or value][kv head][position in block][headDim]</pre>
 *
 * <p>Belongs to one session and follows its thread rule; the workers of a forward pass read it
 * while the calling thread waits.
 */
public final class KvCache implements AutoCloseable {
  /** Positions in a block. */
  static final int BLOCK = 64;

  private final int numKvHeads;
  private final int headDim;
  private final int contextLength;
  private final long blockBytes;
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> blocks = new ArrayList<>();
  private int length;

  /**
   * Creates an empty cache.
   *
   * @param contextLength largest number of positions
   */
  public KvCache(ModelConfig config, int contextLength) {
    numKvHeads = config.numKvHeads();
    headDim = config.headDim();
    this.contextLength = contextLength;
    blockBytes = blockBytes(config);
  }

  /** Returns the memory that a number of positions take, in bytes. */
  public static long bytes(ModelConfig config, int positions) {
    return (positions + BLOCK - 1L) / BLOCK * blockBytes(config);
  }

  private static long blockBytes(ModelConfig config) {
    return 2L * config.numLayers() * config.kvWidth() * BLOCK * Float.BYTES;
  }

  /** Returns the number of positions that are filled. */
  public int length() {
    return length;
  }

  /** Returns the largest number of positions. */
  public int contextLength() {
    return contextLength;
  }

  /** Returns the memory taken now, in bytes. */
  public long bytes() {
    return blocks.size() * blockBytes;
  }

  /** Forgets all positions from {@code newLength} on; keeps the memory. */
  public void truncate(int newLength) {
    if (newLength < 0 || newLength > length) {
      throw new IllegalArgumentException(
          "newLength: expected 0 to " + length + ", found " + newLength);
    }
    length = newLength;
  }

  /** Makes room for positions below {@code newLength}. They count only after {@link #advance}. */
  void reserve(int newLength) {
    if (newLength > contextLength) {
      throw new IllegalArgumentException(
          "expected at most " + contextLength + " positions, found " + newLength);
    }
    while ((long) blocks.size() * BLOCK < newLength) {
      blocks.add(arena.allocate(blockBytes, 64));
    }
  }

  /** Counts positions as filled. */
  void advance(int newLength) {
    length = newLength;
  }

  MemorySegment block(int position) {
    return blocks.get(position / BLOCK);
  }

  /**
   * Returns where, in bytes within its block, the keys of a head start: a row for each position.
   */
  long keysOffset(int layer, int kvHead) {
    return ((long) layer * 2 * numKvHeads + kvHead) * BLOCK * headDim;
  }

  /** Returns where, in floats within its block, the values of a head start. */
  long valuesOffset(int layer, int kvHead) {
    return keysOffset(layer, kvHead + numKvHeads);
  }

  /** Stores the keys and values of one position of a layer, all heads side by side. */
  void put(int layer, int position, float[] keys, float[] values, int offset) {
    MemorySegment block = block(position);
    long row = (long) (position % BLOCK) * headDim;
    for (int head = 0; head < numKvHeads; head++) {
      int from = offset + head * headDim;
      copy(keys, from, block, keysOffset(layer, head) + row);
      copy(values, from, block, valuesOffset(layer, head) + row);
    }
  }

  private void copy(float[] source, int from, MemorySegment block, long to) {
    MemorySegment.copy(source, from, block, ValueLayout.JAVA_FLOAT, to * Float.BYTES, headDim);
  }

  /** Releases the memory. */
  @Override
  public void close() {
    arena.close();
  }
}
