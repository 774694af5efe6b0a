package io.github.bitnet4j.core.cache;

import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Kernels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of the positions seen so far, outside the heap.
 *
 * <p>It grows in blocks of {@link #BLOCK} positions. A block holds all layers, and for each layer
 * the keys of all heads and then their values, in panels of {@link Kernels#panelMatMul}: positions
 * are the columns of keys, dimensions those of values.
 *
 * <pre>[layer] keys   [kv head][position / PANEL][dimension][position % PANEL]
 *         values [kv head][dimension / PANEL][position][dimension % PANEL]</pre>
 *
 * <p>So decode, which needs all keys of a layer and then all values, reads long pieces: memory
 * reaches its full speed only in these.
 *
 * <p>A {@link #fork} shares the blocks. Memory is written in {@link #put} only, after {@link
 * #reserve} has put a copy in the place of each block that others share.
 *
 * <p>Between {@link #mark} and {@link #rollback} or {@link #unmark} it holds the blocks that are
 * written over, so that it can go back.
 *
 * <p>Belongs to one session and follows its thread rule; the workers of a forward pass read it
 * while the calling thread waits.
 */
public final class KvCache implements AutoCloseable {
  /** Positions in a block. */
  public static final int BLOCK = 64;

  private static final int PANEL = Kernels.PANEL;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bits of a half float. */
  private static final int EXPONENT = 0x7C00;

  private static final int SIGN = 0x8000;

  private final DenseType type;
  private final int numLayers;
  private final int numKvHeads;
  private final int headDim;
  private final long keysBytes;
  private final long valuesBytes;
  private final int contextLength;
  private final long blockBytes;
  private final KvMemory memory;
  private final List<KvBlock> blocks = new ArrayList<>();
  private int length;

  /** The length to go back to. */
  private int markedLength;

  /** Positions below this are as they were at the mark; 0 without a mark. */
  private int intact;

  /** The blocks as they were at the mark, from this number on. */
  private final List<KvBlock> kept = new ArrayList<>();

  private int firstKept;

  /** Reads the content of a block. */
  @FunctionalInterface
  public interface BlockSource {
    /** Fills the whole block. */
    void read(MemorySegment block) throws IOException;
  }

  /** Creates an empty cache with memory of its own. */
  public KvCache(ModelConfig config, int contextLength, KvCacheType type) {
    this(config, contextLength, type, new KvMemory());
  }

  /**
   * Creates an empty cache.
   *
   * @param contextLength largest number of positions
   */
  public KvCache(ModelConfig config, int contextLength, KvCacheType type, KvMemory memory) {
    this.memory = memory;
    this.type = denseType(type);
    numLayers = config.numLayers();
    numKvHeads = config.numKvHeads();
    headDim = config.headDim();
    this.contextLength = contextLength;
    keysBytes = keysBytes(config, this.type);
    valuesBytes = valuesBytes(config, this.type);
    blockBytes = blockBytes(config, this.type);
  }

  private KvCache(KvCache other) {
    memory = other.memory;
    type = other.type;
    numLayers = other.numLayers;
    numKvHeads = other.numKvHeads;
    headDim = other.headDim;
    contextLength = other.contextLength;
    keysBytes = other.keysBytes;
    valuesBytes = other.valuesBytes;
    blockBytes = other.blockBytes;
    length = other.length;
    other.blocks.subList(0, blocksOf(length)).forEach(block -> blocks.add(block.retain()));
  }

  /** Returns a cache with the same positions, which shares the blocks until either writes. */
  public KvCache fork() {
    return new KvCache(this);
  }

  private static int blocksOf(int positions) {
    return Math.ceilDiv(positions, BLOCK);
  }

  /** Returns the memory that a number of positions take, in bytes. */
  public static long bytes(ModelConfig config, int positions, KvCacheType type) {
    return (long) blocksOf(positions) * blockBytes(config, denseType(type));
  }

  private static DenseType denseType(KvCacheType type) {
    return switch (type) {
      case F32 -> DenseType.F32;
      case F16 -> DenseType.F16;
    };
  }

  private static long blockBytes(ModelConfig config, DenseType type) {
    long headBytes = keysBytes(config, type) + valuesBytes(config, type);
    return (long) config.numLayers() * config.numKvHeads() * headBytes;
  }

  /** Returns the bytes of a head's keys in a block. */
  private static long keysBytes(ModelConfig config, DenseType type) {
    return type.rowBytes(BLOCK) * config.headDim();
  }

  /** Returns the bytes of a head's values in a block. */
  private static long valuesBytes(ModelConfig config, DenseType type) {
    return type.rowBytes(BLOCK) * valuePanels(config) * PANEL;
  }

  /** Returns the panels that the values of a head take; the last one may be padded. */
  public static int valuePanels(ModelConfig config) {
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

  /** Returns the memory taken now, in bytes; shared blocks count in full. */
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

  /** Forgets all positions from {@code newLength} on; releases the blocks that are then empty. */
  public void shrink(int newLength) {
    truncate(newLength);
    List<KvBlock> unused = blocks.subList(blocksOf(newLength), blocks.size());
    unused.forEach(KvBlock::release);
    unused.clear();
  }

  /** Remembers what the cache holds. */
  public void mark() {
    markedLength = length;
    intact = length;
    firstKept = blocksOf(length);
  }

  /** Goes back to the mark and forgets it. */
  public void rollback() {
    for (int i = 0; i < kept.size(); i++) {
      blocks.set(firstKept + i, kept.get(i)).release();
    }
    kept.clear();
    length = markedLength;
    unmark();
    shrink(length);
  }

  /** Forgets the mark, if there is one, and releases the blocks that were kept for it. */
  public void unmark() {
    kept.forEach(KvBlock::release);
    kept.clear();
    intact = 0;
  }

  /**
   * Makes room for positions below {@code newLength} that are not filled yet. They count only after
   * {@link #advance}.
   */
  public void reserve(int newLength) {
    if (newLength > contextLength) {
      throw new IllegalArgumentException(
          "expected at most " + contextLength + " positions, found " + newLength);
    }
    keepFrom(length);
    for (int i = length / BLOCK; i < blocksOf(newLength); i++) {
      if (i == blocks.size()) {
        blocks.add(memory.allocate(blockBytes));
      } else if (blocks.get(i).isShared()) {
        KvBlock own = memory.allocate(blockBytes);
        KvBlock shared = blocks.set(i, own);
        if (i * BLOCK < length) {
          own.memory().copyFrom(shared.memory());
        }
        shared.release();
      }
    }
  }

  /** Holds the blocks with positions from here on that are as they were at the mark. */
  private void keepFrom(int position) {
    if (position < intact) {
      intact = position;
      while (firstKept > position / BLOCK) {
        firstKept--;
        kept.addFirst(blocks.get(firstKept).retain());
      }
    }
  }

  /** Counts positions as filled. */
  public void advance(int newLength) {
    length = newLength;
  }

  public MemorySegment block(int position) {
    return blocks.get(position / BLOCK).memory();
  }

  /** Returns the size of a block, in bytes. */
  public long blockBytes() {
    return blockBytes;
  }

  /** Returns the number of blocks that a number of positions take. */
  public int blockCount(int positions) {
    return blocksOf(positions);
  }

  /**
   * Returns the content of a block, with 0 in the place of positions that are not filled.
   *
   * @param index below {@code blockCount(length())}
   * @param allocator for a copy
   */
  public MemorySegment content(int index, SegmentAllocator allocator) {
    MemorySegment block = blocks.get(index).memory();
    int filled = length - index * BLOCK;
    if (filled >= BLOCK) {
      return block;
    }
    MemorySegment copy = allocator.allocate(blockBytes, 64).copyFrom(block);
    float[] zeros = new float[numKvHeads * headDim];
    for (int layer = 0; layer < numLayers; layer++) {
      for (int position = filled; position < BLOCK; position++) {
        put(copy, layer, position, zeros, zeros, 0);
      }
    }
    return copy;
  }

  /**
   * Fills an empty cache.
   *
   * @param newLength number of positions, at most {@link #contextLength}
   * @param source gives the blocks that {@link #content} returned, first to last
   */
  public void fill(int newLength, BlockSource source) throws IOException {
    reserve(newLength);
    for (KvBlock block : blocks.subList(0, blocksOf(newLength))) {
      source.read(block.memory());
    }
    advance(newLength);
  }

  /** Returns whether all elements of a block are finite. */
  public boolean isFinite(MemorySegment block) {
    // Of two or four elements at a time: an exponent of ones carries into the sign, which is 0.
    long exponents = type == DenseType.F32 ? 0x7F80_0000_7F80_0000L : 0x7C00_7C00_7C00_7C00L;
    long carries = type == DenseType.F32 ? 0x0080_0000_0080_0000L : 0x0400_0400_0400_0400L;
    long signs = type == DenseType.F32 ? 0x8000_0000_8000_0000L : 0x8000_8000_8000_8000L;
    for (long at = 0; at < block.byteSize(); at += Long.BYTES) {
      long elements = block.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      if (((elements & exponents) + carries & signs) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns how elements are stored. */
  public DenseType type() {
    return type;
  }

  /**
   * Returns where in its block the keys of {@link Kernels#PANEL} positions start, {@code [headDim x
   * PANEL]}.
   *
   * @param position the first of them
   */
  public long keyPanelBytes(int layer, int kvHead, int position) {
    return (keysBytes + valuesBytes) * numKvHeads * layer
        + keysBytes * kvHead
        + type.rowBytes(PANEL) * headDim * (position % BLOCK / PANEL);
  }

  /**
   * Returns where in a block the values of {@link Kernels#PANEL} dimensions start, {@code [BLOCK x
   * PANEL]}; what the last panel has beyond headDim is 0.
   */
  public long valuePanelBytes(int layer, int kvHead, int panel) {
    return (keysBytes + valuesBytes) * numKvHeads * layer
        + keysBytes * numKvHeads
        + valuesBytes * kvHead
        + type.rowBytes(PANEL) * BLOCK * panel;
  }

  /**
   * Stores the keys and values of one position of a layer, all heads side by side.
   *
   * @throws NonFiniteValueException if half precision cannot hold one
   */
  public void put(int layer, int position, float[] keys, float[] values, int offset) {
    put(block(position), layer, position, keys, values, offset);
  }

  private void put(
      MemorySegment block, int layer, int position, float[] keys, float[] values, int offset) {
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

  /** Releases the memory; closing twice does nothing. */
  @Override
  public void close() {
    unmark();
    length = 0;
    shrink(0);
  }
}
