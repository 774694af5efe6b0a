package io.github.bitnet4j.core.cache;

import java.util.concurrent.atomic.AtomicInteger;

/** Allocates the memory of the KV caches of a model, and counts the blocks in use. Thread-safe. */
public class KvMemory {
  private final AtomicInteger liveBlocks = new AtomicInteger();

  /** Returns the number of blocks that caches hold now; one that several share counts once. */
  public int liveBlocks() {
    return liveBlocks.get();
  }

  /**
   * Returns a block of zeros with one owner.
   *
   * @throws OutOfMemoryError if the system has none left; nothing is lost then
   */
  KvBlock allocate(long bytes) {
    return new KvBlock(bytes, liveBlocks);
  }
}
