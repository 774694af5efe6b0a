package io.github.bitnet4j.core.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SplitMix64Test {
  @Test
  void givesThePublishedSequence() {
    SplitMix64 random = new SplitMix64(1234567);
    assertThat(LongStream.generate(random::nextLong).limit(5).toArray())
        .containsExactly(
            6457827717110365317L,
            3203168211198807973L,
            Long.parseUnsignedLong("9817491932198370423"),
            4593380528125082431L,
            Long.parseUnsignedLong("16408922859458223821"));
  }

  @Test
  void doublesAreTheUpper53BitsOfTheLongs() {
    SplitMix64 longs = new SplitMix64(42);
    SplitMix64 doubles = new SplitMix64(42);
    for (int i = 0; i < 1000; i++) {
      double expected = (longs.nextLong() >>> 11) / (double) (1L << 53);
      assertThat(doubles.nextDouble()).isEqualTo(expected).isBetween(0.0, Math.nextDown(1.0));
    }
  }
}
