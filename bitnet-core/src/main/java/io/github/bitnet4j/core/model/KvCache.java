package io.github.bitnet4j.core.model;

import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of the positions seen so far, outside the heap.
 *
 * <p>It grows in blocks of {@link #BLOCK} positions. A block holds all layers, and for each layer
 * and head the keys and then the values, in panels of {@link Kernels#panelMatMul}: positions are
 * the columns of keys, dimensions those of values.
 *
 * <pre>[layer][kv head] keys   [position / PANEL][dimension][position % PANEL]
 *                  values [dimension / PANEL][position][dimension % PANEL]</pre>
 *
 * <p>Belongs to one session and follows its thread rule; the workers of a forward pass read it
 * while the calling thread waits.
 */
public final class KvCache implements AutoCloseable {
  /** Positions in a block. */
  static final int BLOCK = 64;

  private static final int PANEL = Kernels.PANEL;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bits of a half float. */
  private static final int EXPONENT = 0x7C00;

  private static final int SIGN = 0x8000;

  private final DenseType type;
  private final int numKvHeads;
  private final int headDim;
  private final long keysBytes;
  private final long headBytes;
  private final int contextLength;
  private final long blockBytes;
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> blocks = new ArrayList<>();
  private final PassRequest request = new PassRequest(this);
  private int length;

  /**
   * Creates an empty cache.
   *
   * @param contextLength largest number of positions
   */
  public KvCache(ModelConfig config, int contextLength, KvCacheType type) {
    this.type = denseType(type);
    numKvHeads = config.numKvHeads();
    headDim = config.headDim();
    this.contextLength = contextLength;
    keysBytes = this.type.rowBytes(BLOCK) * headDim;
    headBytes = headBytes(config, this.type);
    blockBytes = blockBytes(config, this.type);
  }

  /** Returns the memory that a number of positions take, in bytes. */
  public static long bytes(ModelConfig config, int positions, KvCacheType type) {
    return (positions + BLOCK - 1L) / BLOCK * blockBytes(config, denseType(type));
  }

  private static DenseType denseType(KvCacheType type) {
    return switch (type) {
      case F32 -> DenseType.F32;
      case F16 -> DenseType.F16;
    };
  }

  private static long blockBytes(ModelConfig config, DenseType type) {
    return (long) config.numLayers() * config.numKvHeads() * headBytes(config, type);
  }

  private static long headBytes(ModelConfig config, DenseType type) {
    return type.rowBytes(BLOCK) * (config.headDim() + valuePanels(config) * PANEL);
  }

  /** Returns the panels that the values of a head take; the last one may be padded. */
  static int valuePanels(ModelConfig config) {
    return Math.ceilDiv(config.headDim(), PANEL);
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

  /** Returns the place for what a forward pass is asked for; a cache is in one at a time. */
  PassRequest request() {
    return request;
  }

  MemorySegment block(int position) {
    return blocks.get(position / BLOCK);
  }

  /** Returns how elements are stored. */
  DenseType type() {
    return type;
  }

  /**
   * Returns where in its block the keys of {@link Kernels#PANEL} positions start, {@code [headDim x
   * PANEL]}.
   *
   * @param position the first of them
   */
  long keyPanelBytes(int layer, int kvHead, int position) {
    return headBytes * (layer * numKvHeads + kvHead)
        + type.rowBytes(PANEL) * headDim * (position % BLOCK / PANEL);
  }

  /**
   * Returns where in a block the values of {@link Kernels#PANEL} dimensions start, {@code [BLOCK x
   * PANEL]}; what the last panel has beyond headDim is 0.
   */
  long valuePanelBytes(int layer, int kvHead, int panel) {
    return headBytes * (layer * numKvHeads + kvHead)
        + keysBytes
        + type.rowBytes(PANEL) * BLOCK * panel;
  }

  /**
   * Stores the keys and values of one position of a layer, all heads side by side.
   *
   * @throws NonFiniteValueException if half precision cannot hold one
   */
  void put(int layer, int position, float[] keys, float[] values, int offset) {
    MemorySegment block = block(position);
    long column = columnBytes(position % PANEL);
    long rowBytes = type.rowBytes(PANEL);
    long row = rowBytes * (position % BLOCK);
    for (int head = 0; head < numKvHeads; head++) {
      int from = offset + head * headDim;
      long keyPanel = keyPanelBytes(layer, head, position);
      for (int d = 0; d < headDim; d++) {
        long valuePanel = valuePanelBytes(layer, head, d / PANEL);
        set(block, keyPanel + rowBytes * d + column, keys[from + d]);
        set(block, valuePanel + row + columnBytes(d % PANEL), values[from + d]);
      }
    }
  }

  /** Returns where an element is in a row of a panel. */
  private long columnBytes(int column) {
    return switch (type) {
      case F16 -> Short.BYTES * (column < PANEL / 2 ? 2L * column : 2L * column - PANEL + 1);
      default -> (long) Float.BYTES * column;
    };
  }

  private void set(MemorySegment block, long at, float x) {
    switch (type) {
      case F16 -> block.set(SHORT, at, half(x));
      default -> block.set(FLOAT, at, x);
    }
  }

  private static short half(float x) {
    short half = Float.floatToFloat16(x);
    return switch (half & EXPONENT) {
      case 0 -> (short) (half & SIGN); // processors take a hundred cycles to read a subnormal
      case EXPONENT ->
          throw new NonFiniteValueException(
              "expected keys and values below 65520 in magnitude, found "
                  + x
                  + "; a cache of type F32 holds any float");
      default -> half;
    };
  }

  /** Releases the memory. */
  @Override
  public void close() {
    arena.close();
  }
}
