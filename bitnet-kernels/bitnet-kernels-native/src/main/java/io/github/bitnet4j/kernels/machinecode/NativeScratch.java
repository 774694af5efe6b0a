package io.github.bitnet4j.kernels.machinecode;

import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory of one thread, outside the heap, that kernels read inputs from. Grows as needed. */
final class NativeScratch implements Kernels.Scratch {
  /** Scratch memory of the plain loops, for shapes that kernels do not take. */
  final Kernels.Scratch plain;

  private MemorySegment input = MemorySegment.NULL;
  private MemorySegment sums = MemorySegment.NULL;
  private MemorySegment weights = MemorySegment.NULL;
  private MemorySegment tiles = MemorySegment.NULL;
  private MemorySegment rows = MemorySegment.NULL;

  private float[] decoded = {};

  NativeScratch(Kernels.Scratch plain) {
    this.plain = plain;
  }

  /** Returns the scratch memory that a caller hands to an operation. */
  static NativeScratch of(Kernels.Scratch scratch) {
    if (scratch instanceof NativeScratch own) {
      return own;
    }
    throw new IllegalArgumentException("not scratch memory of these kernels: " + scratch);
  }

  /** Returns room for rows of activations; what is in it is not defined. */
  MemorySegment input(long bytes) {
    input = grown(input, bytes);
    return input;
  }

  /** Returns room for results, or for sums of rows of activations. */
  MemorySegment sums(long bytes) {
    sums = grown(sums, bytes);
    return sums;
  }

  /** Returns room for decoded weights. */
  MemorySegment weights(long bytes) {
    weights = grown(weights, bytes);
    return weights;
  }

  /** Returns room for the work area of the tile kernel. */
  MemorySegment tiles(long bytes) {
    tiles = grown(tiles, bytes);
    return tiles;
  }

  /** Returns room for numbers of rows. */
  MemorySegment rows(long bytes) {
    rows = grown(rows, bytes);
    return rows;
  }

  /** Returns room for a row of decoded weights, which may be longer. */
  float[] decoded(int columns) {
    if (decoded.length < columns) {
      decoded = new float[columns];
    }
    return decoded;
  }

  private static MemorySegment grown(MemorySegment memory, long bytes) {
    return memory.byteSize() >= bytes ? memory : Arena.ofAuto().allocate(bytes, 64);
  }
}
