package io.github.bitnet4j.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast this machine reads memory in order: each thread reads a part of a buffer that no cache
 * holds, each byte once. It is the limit for decoding, which reads all weights for every token.
 */
final class ReadBandwidth implements AutoCloseable {
  private static final long BYTES = 256L << 20;
  private static final long PAGE = 4096;

  /** Calls of the loop on a part that fits a cache, so that it is compiled before it is timed. */
  private static final int WARM_UP = 300;

  private static final long WARM_UP_BYTES = 256 << 10;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer;

  /** Where the sums go, so that they are not left out. */
  private volatile long sum;

  ReadBandwidth() {
    buffer = arena.allocate(BYTES, PAGE).fill((byte) 1); // has its pages now
    for (int i = 0; i < WARM_UP; i++) {
      sum = sum(buffer.asSlice(0, WARM_UP_BYTES));
    }
  }

  /** Returns the bytes read per second by some threads together, in GB/s. */
  Samples measure(int threads, int repetitions) {
    List<Double> rates = new ArrayList<>();
    for (int i = 0; i <= repetitions; i++) {
      rates.add(rate(threads));
    }
    return Samples.warm(rates);
  }

  private double rate(int threads) {
    long part = BYTES / threads / PAGE * PAGE;
    List<Thread> others = new ArrayList<>();
    long start = System.nanoTime();
    for (int i = 1; i < threads; i++) {
      MemorySegment slice = buffer.asSlice(i * part, part);
      others.add(Thread.ofPlatform().start(() -> sum = sum(slice)));
    }
    sum = sum(buffer.asSlice(0, part));
    for (Thread other : others) {
      join(other);
    }
    return (double) part * threads / (System.nanoTime() - start);
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** C2 makes vectors of this loop only if there is more than the sum: hence the exclusive or. */
  private static long sum(MemorySegment part) {
    long sum = 0;
    int longs = (int) (part.byteSize() / Long.BYTES);
    for (int i = 0; i < longs; i++) {
      sum += part.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) Long.BYTES * i) ^ 0x5555_5555L;
    }
    return sum;
  }

  @Override
  public void close() {
    arena.close();
  }
}
