package io.github.bitnet4j.core.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Making the int8 copy of a head; {@link HeadScreeningTest} is about its bounds. */
class ScreeningHeadTest {
  private static final int COLUMNS = 70;

  /** So many that one thread asks three times whether to go on, and no whole number of groups. */
  private static final int ROWS = 40 * ScreeningHead.BLOCK_ROWS + 301;

  private final DenseMatrix head = head();

  private static DenseMatrix head() {
    Random random = new Random(1);
    MemorySegment data = Arena.ofAuto().allocate((long) ROWS * COLUMNS * Float.BYTES);
    ValueLayout.OfFloat layout = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      data.setAtIndex(layout, i, (float) random.nextGaussian());
    }
    return new DenseMatrix("head", DenseType.F32, ROWS, COLUMNS, data);
  }

  @Test
  void isTheSameCopyWithAnyThreadsAndAfterAnInterruption() {
    try (Arena arena = Arena.ofShared();
        WorkerTeam one = new WorkerTeam(1, "test");
        WorkerTeam three = new WorkerTeam(3, "test")) {
      ScreeningHead copy = new ScreeningHead(head, arena);
      assertThat(copy.complete(one, () -> false)).isTrue();

      ScreeningHead interrupted = new ScreeningHead(head, arena);
      AtomicInteger questions = new AtomicInteger();
      assertThat(interrupted.complete(one, () -> questions.incrementAndGet() == 2)).isFalse();
      assertThat(interrupted.isComplete()).isFalse();
      assertThat(interrupted.complete(three, () -> false)).isTrue();
      assertThat(interrupted.isComplete()).isTrue();
      assertSameParts(interrupted, copy);
      assertThat(interrupted.preparedBytes())
          .isEqualTo(copy.parts().stream().mapToLong(MemorySegment::byteSize).sum());
    }
  }

  @Test
  void canBeCompletedAfterMemoryRanOut() {
    try (Arena arena = Arena.ofShared();
        WorkerTeam team = new WorkerTeam(1, "test")) {
      ScreeningHead copy = new ScreeningHead(head, arena);
      assertThat(copy.complete(team, () -> false)).isTrue();

      AtomicInteger blocks = new AtomicInteger();
      SegmentAllocator scarce =
          (size, alignment) -> {
            if (blocks.incrementAndGet() == 20) {
              throw new OutOfMemoryError("test");
            }
            return arena.allocate(size, alignment);
          };
      ScreeningHead late = new ScreeningHead(head, scarce);
      assertThatThrownBy(() -> late.complete(team, () -> false)).hasMessage("test");
      assertThat(late.isComplete()).isFalse();
      assertThat(late.complete(team, () -> false)).isTrue();
      assertSameParts(late, copy);
    }
  }

  private static void assertSameParts(ScreeningHead actual, ScreeningHead expected) {
    assertThat(actual.parts()).hasSameSizeAs(expected.parts());
    assertThat(IntStream.range(0, expected.parts().size()))
        .allMatch(i -> actual.parts().get(i).mismatch(expected.parts().get(i)) < 0);
  }
}
