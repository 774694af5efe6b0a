package io.github.bitnet4j.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sharing, going back, and the content of blocks. */
class KvCacheTest {
  private static final int WIDTH = 2 * 20;
  private static final ModelConfig CONFIG =
      new ModelConfig(
          "test",
          40,
          8,
          2,
          2,
          2,
          20,
          1,
          1024,
          1e-5f,
          10_000,
          Activation.SILU,
          false,
          0,
          ScaleRule.MULTIPLY,
          true);

  private final KvMemory memory = new KvMemory();

  @AfterEach
  void nothingIsLeft() {
    assertThat(memory.liveBlocks()).isZero();
  }

  private KvCache cache(KvCacheType type) {
    return new KvCache(CONFIG, 512, type, memory);
  }

  /** Appends positions up to {@code end}, each with numbers that a tag decides. */
  private static void append(KvCache cache, int end, int tag) {
    cache.reserve(end);
    for (int position = cache.length(); position < end; position++) {
      for (int layer = 0; layer < 2; layer++) {
        float[] keys = new float[WIDTH];
        float[] values = new float[WIDTH];
        Arrays.fill(keys, 1 + tag + position + layer * 0.5f);
        Arrays.fill(values, -1 - tag - position - layer * 0.5f);
        cache.put(layer, position, keys, values, 0);
      }
    }
    cache.advance(end);
  }

  /** The bytes of all filled positions; the others are 0. */
  private static List<byte[]> content(KvCache cache) {
    List<byte[]> blocks = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < cache.blockCount(cache.length()); i++) {
        blocks.add(cache.content(i, arena).toArray(ValueLayout.JAVA_BYTE));
      }
    }
    return blocks;
  }

  private List<byte[]> expected(KvCacheType type, int... endsAndTags) {
    try (KvCache cache = cache(type)) {
      for (int i = 0; i < endsAndTags.length; i += 2) {
        append(cache, endsAndTags[i], endsAndTags[i + 1]);
      }
      return content(cache);
    }
  }

  private static void assertSame(List<byte[]> actual, List<byte[]> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i)).as("block " + i).isEqualTo(expected.get(i));
    }
  }

  /** A limited memory, as a machine has. */
  private static final class SmallMemory extends KvMemory {
    private int left;

    @Override
    KvBlock allocate(long bytes) {
      if (left == 0) {
        throw new OutOfMemoryError("no block left");
      }
      left--;
      return super.allocate(bytes);
    }
  }

  @ParameterizedTest
  @EnumSource(KvCacheType.class)
  void whenMemoryRunsOutTheCacheStaysAsItWas(KvCacheType type) {
    SmallMemory small = new SmallMemory();
    small.left = 3;
    try (KvCache cache = new KvCache(CONFIG, 512, type, small)) {
      append(cache, 70, 0);
      assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> cache.reserve(400));
      assertThat(cache.length()).isEqualTo(70);
      assertSame(content(cache), expected(type, 70, 0));
      append(cache, 190, 5); // into the block that was left
      assertSame(content(cache), expected(type, 70, 0, 190, 5));

      try (KvCache fork = cache.fork()) {
        fork.truncate(100);
        assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> fork.reserve(110));
        assertSame(content(fork), expected(type, 70, 0, 100, 5));
        small.left = 2;
        append(fork, 110, 9);
        assertSame(content(fork), expected(type, 70, 0, 100, 5, 110, 9));
      }
      assertSame(content(cache), expected(type, 70, 0, 190, 5));
    }
    assertThat(small.liveBlocks()).isZero();
  }

  @ParameterizedTest
  @EnumSource(KvCacheType.class)
  void aForkSharesBlocksUntilOneOfThemWrites(KvCacheType type) {
    try (KvCache cache = cache(type)) {
      append(cache, 150, 0);
      assertThat(memory.liveBlocks()).isEqualTo(3);
      try (KvCache fork = cache.fork()) {
        assertThat(fork.length()).isEqualTo(150);
        assertThat(fork.bytes()).isEqualTo(cache.bytes());
        assertThat(memory.liveBlocks()).isEqualTo(3);
        append(fork, 160, 1000);
        assertThat(memory.liveBlocks()).isEqualTo(4);
        append(cache, 170, 500); // alone with its last block now
        assertThat(memory.liveBlocks()).isEqualTo(4);
        assertSame(content(fork), expected(type, 150, 0, 160, 1000));
        assertSame(content(cache), expected(type, 150, 0, 170, 500));
        fork.truncate(10);
        append(fork, 70, 700);
        assertSame(content(fork), expected(type, 10, 0, 70, 700));
        assertSame(content(cache), expected(type, 150, 0, 170, 500));
      }
      assertThat(memory.liveBlocks()).isEqualTo(3);
      append(cache, 171, 1);
      assertSame(content(cache), expected(type, 150, 0, 170, 500, 171, 1));
    }
  }

  @Test
  void theForkOutlivesItsOrigin() {
    KvCache cache = cache(KvCacheType.F32);
    append(cache, 100, 0);
    try (KvCache fork = cache.fork();
        KvCache forkOfFork = fork.fork()) {
      cache.close();
      cache.close(); // does nothing
      assertThat(memory.liveBlocks()).isEqualTo(2);
      append(fork, 101, 5);
      assertSame(content(forkOfFork), expected(KvCacheType.F32, 100, 0));
      assertSame(content(fork), expected(KvCacheType.F32, 100, 0, 101, 5));
    }
  }

  @Test
  void aForkHasNoBlocksBehindTheLastPosition() {
    try (KvCache cache = cache(KvCacheType.F32)) {
      append(cache, 200, 0);
      cache.truncate(64);
      try (KvCache fork = cache.fork()) {
        assertThat(fork.bytes()).isEqualTo(cache.blockBytes());
        append(fork, 65, 1);
        append(cache, 65, 2);
        assertSame(content(fork), expected(KvCacheType.F32, 64, 0, 65, 1));
        assertSame(content(cache), expected(KvCacheType.F32, 64, 0, 65, 2));
      }
    }
  }

  @Test
  void shrinkingGivesBlocksBack() {
    try (KvCache cache = cache(KvCacheType.F32)) {
      append(cache, 200, 0);
      cache.shrink(65);
      assertThat(memory.liveBlocks()).isEqualTo(2);
      cache.shrink(64);
      assertThat(memory.liveBlocks()).isEqualTo(1);
      assertSame(content(cache), expected(KvCacheType.F32, 64, 0));
      cache.shrink(0);
      assertThat(memory.liveBlocks()).isZero();
      assertThat(cache.bytes()).isZero();
    }
  }

  /** Random truncations and appends between mark and rollback, with forks that share. */
  @Test
  void goesBackToTheMark() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      try (KvCache cache = cache(KvCacheType.F32)) {
        append(cache, random.nextInt(300), 0);
        cache.truncate(random.nextInt(cache.length() + 1));
        List<byte[]> before = content(cache);
        int length = cache.length();
        KvCache fork = random.nextBoolean() ? cache.fork() : cache(KvCacheType.F32);
        List<byte[]> ofFork = content(fork);
        cache.mark();
        for (int i = random.nextInt(5); i > 0; i--) {
          cache.truncate(random.nextInt(cache.length() + 1));
          append(cache, Math.min(400, cache.length() + random.nextInt(150)), 1000 * i);
        }
        List<byte[]> after = content(cache);
        boolean back = random.nextInt(4) > 0;
        if (back) {
          cache.rollback();
          assertThat(cache.length()).as("seed " + seed).isEqualTo(length);
          assertThat(cache.bytes()).isEqualTo(before.size() * cache.blockBytes());
        } else {
          cache.unmark();
        }
        assertSame(content(cache), back ? before : after);
        assertSame(content(fork), ofFork);
        fork.close();
      }
      assertThat(memory.liveBlocks()).as("seed " + seed).isZero();
    }
  }

  @Test
  void appendingHoldsNothingForTheMark() {
    try (KvCache cache = cache(KvCacheType.F32)) {
      append(cache, 100, 0);
      cache.mark();
      append(cache, 120, 1);
      assertThat(memory.liveBlocks()).isEqualTo(2);
      cache.truncate(10);
      append(cache, 11, 1);
      assertThat(memory.liveBlocks()).isEqualTo(3); // the first block is another one now
      cache.unmark();
      assertThat(memory.liveBlocks()).isEqualTo(2);
    }
  }

  @Test
  void contentHoldsNothingOfForgottenPositions() {
    for (KvCacheType type : KvCacheType.values()) {
      try (KvCache cache = cache(type)) {
        append(cache, 120, 3);
        cache.truncate(70);
        assertSame(content(cache), expected(type, 70, 3));
      }
    }
  }

  @Test
  void isFilledFromContent() throws IOException {
    try (KvCache cache = cache(KvCacheType.F16);
        KvCache other = cache(KvCacheType.F16)) {
      append(cache, 130, 0);
      List<byte[]> blocks = new ArrayList<>(content(cache));
      other.fill(130, block -> block.asByteBuffer().put(blocks.removeFirst()));
      assertThat(other.length()).isEqualTo(130);
      assertSame(content(other), content(cache));
    }
  }

  @Test
  void aFailureToFillLeavesItEmpty() {
    try (KvCache cache = cache(KvCacheType.F16)) {
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(
              () ->
                  cache.fill(
                      130,
                      block -> {
                        throw new IOException("on purpose");
                      }));
      assertThat(cache.length()).isZero();
    }
  }
}
