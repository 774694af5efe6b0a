package io.github.bitnet4j.core.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Memory for some positions of KV caches. Whoever shares it with others only reads it; an owner
 * that is alone may write. Owners may belong to different threads.
 */
final class KvBlock {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final AtomicInteger liveBlocks;
  private final AtomicInteger owners = new AtomicInteger(1);

  KvBlock(long bytes, AtomicInteger liveBlocks) {
    boolean allocated = false;
    try {
      memory = arena.allocate(bytes, 64);
      allocated = true;
    } finally {
      if (!allocated) {
        arena.close();
      }
    }
    this.liveBlocks = liveBlocks;
    liveBlocks.incrementAndGet();
  }

  MemorySegment memory() {
    return memory;
  }

  /** Returns whether there are other owners. If not, none can come but by this one's doing. */
  boolean isShared() {
    return owners.get() > 1;
  }

  /** Adds an owner; called by one. */
  KvBlock retain() {
    owners.incrementAndGet();
    return this;
  }

  /** Removes an owner; the last one releases the memory. */
  void release() {
    if (owners.decrementAndGet() == 0) {
      arena.close();
      liveBlocks.decrementAndGet();
    }
  }
}
