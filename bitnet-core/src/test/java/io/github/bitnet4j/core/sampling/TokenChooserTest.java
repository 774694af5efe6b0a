package io.github.bitnet4j.core.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.core.logits.Logits;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenChooserTest {
  private static final int DRAWS = 50_000;
  private static final long SEED = 20261125;
  private static final IntPredicate NO_BREAKS = id -> false;
  private static final History NO_TEXT = new History(new int[0], 0);

  /** Logits of 12 tokens in no order, two of them equal. */
  private static final float[] LOGITS = {
    0.5f, 2.25f, -1, 1.5f, 3, 0.25f, 1.5f, -4, 2, -0.75f, 0, 1
  };

  // ---- Greedy

  @Test
  void greedyTakesTheLargestLogit() {
    assertThat(choose(builder().temperature(0), LOGITS)).isEqualTo(4);
    assertThat(choose(builder().temperature(0), -3, -2, -5)).isEqualTo(1);
  }

  @Test
  void greedyTakesTheLowestIdOfEqualLogits() {
    assertThat(choose(builder().temperature(0), 1, 2, 2, 0, 2)).isEqualTo(1);
    assertThat(choose(builder().temperature(0), 0f, 0f)).isZero();
    assertThat(choose(builder().temperature(0), -0f, 0f)).isZero();
  }

  // ---- Distributions

  @ParameterizedTest
  @CsvSource({
    "1, 0, 1",
    "0.7, 0, 1",
    "2.5, 0, 1", // temperature
    "1, 5, 1",
    "0.8, 2, 1",
    "1, 12, 1",
    "1.5, 1000, 1", // top-k
    "1, 0, 0.9",
    "0.8, 0, 0.5",
    "3, 0, 0.99", // top-p
    "1, 5, 0.9",
    "1.5, 3, 0.6",
    "0.8, 100, 0.95" // both
  })
  void drawsFromTheExactDistribution(float temperature, int topK, float topP) {
    double[] expected = distribution(LOGITS, temperature, topK, topP);
    long[] counts = new long[LOGITS.length];
    TokenChooser chooser =
        new TokenChooser(
            builder().temperature(temperature).topK(topK).topP(topP).build(), SEED, NO_BREAKS);
    for (int i = 0; i < DRAWS; i++) {
      counts[chooser.choose(Logits.all(LOGITS), NO_TEXT)]++;
    }
    assertThat(ChiSquare.fits(counts, expected))
        .as("%s against %s, seed %d", counts, expected, SEED)
        .isTrue();
  }

  @Test
  void aWrongDistributionWouldBeNoticed() {
    // The test above distinguishes temperatures that differ by a twentieth.
    double[] expected = distribution(LOGITS, 1, 0, 1);
    double[] other = distribution(LOGITS, 1.05f, 0, 1);
    double chiSquare = 0;
    for (int id = 0; id < expected.length; id++) {
      chiSquare += DRAWS * (other[id] - expected[id]) * (other[id] - expected[id]) / expected[id];
    }
    assertThat(chiSquare).isGreaterThan(ChiSquare.limit(expected.length - 1));
  }

  /** The definition, in doubles: all tokens sorted, cut to topK, cut to topP, normalized. */
  private static double[] distribution(float[] logits, float temperature, int topK, float topP) {
    int[] order =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted((a, b) -> logits[a] == logits[b] ? a - b : Float.compare(logits[b], logits[a]))
            .mapToInt(id -> id)
            .toArray();
    int most = topK == 0 ? order.length : Math.min(topK, order.length);
    double[] weights = new double[logits.length];
    double total = 0;
    for (int rank = 0; rank < most; rank++) {
      weights[order[rank]] = Math.exp(logits[order[rank]] / temperature);
      total += weights[order[rank]];
    }
    double kept = 0;
    for (int rank = 0; rank < most; rank++) {
      if (kept >= topP * total) {
        weights[order[rank]] = 0;
      }
      kept += weights[order[rank]];
    }
    double sum = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(w -> w / sum).toArray();
  }

  @Test
  void drawsAgreeWithTheDefinitionOnLargeVocabularies() {
    Random random = new Random(SEED);
    float[] logits = new float[5000];
    for (int id = 0; id < logits.length; id++) {
      logits[id] = (float) (2 * random.nextGaussian());
    }
    for (float topP : new float[] {0.1f, 0.5f, 0.9f}) {
      for (int topK : new int[] {0, 7, 300}) {
        double[] expected = distribution(logits, 0.9f, topK, topP);
        Set<Integer> possible = new TreeSet<>();
        IntStream.range(0, logits.length).filter(id -> expected[id] > 0).forEach(possible::add);
        TokenChooser chooser =
            new TokenChooser(
                builder().temperature(0.9f).topK(topK).topP(topP).build(), SEED, NO_BREAKS);
        for (int i = 0; i < 200; i++) {
          assertThat(possible)
              .as("topK %d, topP %s, seed %d", topK, topP, SEED)
              .contains(chooser.choose(Logits.all(logits), NO_TEXT));
        }
      }
    }
  }

  // ---- Nucleus, by hand: four tokens of a quarter each

  @Test
  void topPKeepsTheFewestTokensThatReachIt() {
    assertThat(drawn(builder().temperature(1).topP(0.25f), 5, 5, 5, 5)).containsExactly(0);
    assertThat(drawn(builder().temperature(1).topP(0.5f), 5, 5, 5, 5)).containsExactly(0, 1);
    assertThat(drawn(builder().temperature(1).topP(Math.nextUp(0.5f)), 5, 5, 5, 5))
        .containsExactly(0, 1, 2);
    assertThat(drawn(builder().temperature(1).topP(0.76f), 5, 5, 5, 5)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void aTinyTopPKeepsTheMostProbableTokenOnly() {
    assertThat(drawn(builder().temperature(1).topP(Float.MIN_VALUE), LOGITS)).containsExactly(4);
    assertThat(drawn(builder().temperature(100).topP(1e-6f), LOGITS)).containsExactly(4);
  }

  @Test
  void topPCountsWhatTopKHasKept() {
    // Of the two that topK keeps, the first has one half. By all four, topP would keep both.
    assertThat(drawn(builder().temperature(1).topK(2).topP(0.5f), 5, 5, 5, 5)).containsExactly(0);
  }

  @Test
  void topKKeepsTheLowestIdsOfEqualLogits() {
    assertThat(drawn(builder().temperature(1).topK(3), 1, 2, 2, 2, 2)).containsExactly(1, 2, 3);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5, 1_000_000, Integer.MAX_VALUE})
  void aTopKOfTheVocabularyOrMoreKeepsAll(int topK) {
    assertThat(drawn(builder().temperature(1).topK(topK), 5, 5, 5, 5)).containsExactly(0, 1, 2, 3);
  }

  @ParameterizedTest
  @ValueSource(floats = {1e-30f, 0.1f, 1, 100, 1e6f, Float.MAX_VALUE})
  void aTopKOfOneIsGreedyAtAnyTemperature(float temperature) {
    assertThat(drawn(builder().temperature(temperature).topK(1), LOGITS)).containsExactly(4);
    // Probabilities that round to the same float are not equal logits.
    assertThat(drawn(builder().temperature(temperature).topK(1), 1, Math.nextUp(1f), 0))
        .containsExactly(1);
    assertThat(drawn(builder().temperature(temperature).topP(1e-6f), 1, Math.nextUp(1f), 0))
        .containsExactly(1);
  }

  @Test
  void zerosOfBothSignsAreEqual() {
    assertThat(drawn(builder().temperature(1).topK(1), -0f, 0f)).containsExactly(0);
    assertThat(drawn(builder().temperature(1).topK(1), 0f, -0f)).containsExactly(0);
  }

  @Test
  void extremeLogitsAndTemperaturesAreDrawnWithoutFault() {
    float max = Float.MAX_VALUE;
    assertThat(drawn(builder().temperature(1), -max, max, 0)).containsExactly(1);
    assertThat(drawn(builder().temperature(Float.MIN_VALUE), 1, 2, 1)).containsExactly(1);
    assertThat(drawn(builder().temperature(Float.MAX_VALUE), 1, 2, 1)).containsExactly(0, 1, 2);
    assertThat(drawn(builder().temperature(1).topK(2), -200, 100, -200)).containsExactly(1);
    assertThat(drawn(builder().temperature(1).topP(0.5f), 7f)).containsExactly(0);
  }

  // ---- Seeds

  @Test
  void theSameSeedGivesTheSameDraws() {
    for (GenerationConfig.Builder settings :
        new GenerationConfig.Builder[] {
          builder().temperature(1), builder().temperature(1).topK(8).topP(0.95f)
        }) {
      GenerationConfig config = settings.build();
      int[] first = draws(config, 7);
      assertThat(draws(config, 7)).containsExactly(first);
      assertThat(draws(config, 8)).isNotEqualTo(first);
    }
  }

  private static int[] draws(GenerationConfig config, long seed) {
    TokenChooser chooser = new TokenChooser(config, seed, NO_BREAKS);
    return IntStream.range(0, 100).map(i -> chooser.choose(Logits.all(LOGITS), NO_TEXT)).toArray();
  }

  // ---- Faults

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void refusesLogitsThatAreNotFinite(float bad) {
    for (GenerationConfig.Builder settings :
        new GenerationConfig.Builder[] {
          builder(),
          builder().temperature(1),
          builder().temperature(1).topK(2),
          builder().sampler((logits, random) -> 0)
        }) {
      for (int at : new int[] {0, 1, 2}) {
        float[] logits = {1, 2, 3};
        logits[at] = bad;
        assertThatThrownBy(() -> choose(settings, logits))
            .isInstanceOf(NonFiniteValueException.class)
            .hasMessageContaining("token " + at)
            .hasMessageContaining(Float.toString(bad));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 12, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void refusesIdsOutsideTheVocabularyFromACustomSampler(int id) {
    assertThatThrownBy(() -> choose(builder().sampler((logits, random) -> id), LOGITS))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(Integer.toString(id))
        .hasMessageContaining("0 to 11");
  }

  @Test
  void aCustomSamplerGetsTheSeededRandomNumbersAndTheLogits() {
    SplitMix64 expected = new SplitMix64(99);
    GenerationConfig config =
        builder()
            .temperature(1)
            .sampler(
                (logits, random) -> {
                  assertThat(logits).containsExactly(LOGITS);
                  assertThat(random.nextLong()).isEqualTo(expected.nextLong());
                  return 7;
                })
            .build();
    TokenChooser chooser = new TokenChooser(config, 99, NO_BREAKS);
    assertThat(chooser.choose(Logits.all(LOGITS.clone()), NO_TEXT)).isEqualTo(7);
    assertThat(chooser.choose(Logits.all(LOGITS.clone()), NO_TEXT)).isEqualTo(7);
  }

  @Test
  void anExceptionOfACustomSamplerPassesThrough() {
    ArithmeticException fault = new ArithmeticException("of the application");
    assertThatThrownBy(
            () ->
                choose(
                    builder()
                        .sampler(
                            (logits, random) -> {
                              throw fault;
                            }),
                    LOGITS))
        .isSameAs(fault);
  }

  private static GenerationConfig.Builder builder() {
    return GenerationConfig.builder();
  }

  private static int choose(GenerationConfig.Builder settings, float... logits) {
    return new TokenChooser(settings.build(), SEED, NO_BREAKS).choose(Logits.all(logits), NO_TEXT);
  }

  /** Returns the ids that 300 draws give. */
  private static Set<Integer> drawn(GenerationConfig.Builder settings, float... logits) {
    TokenChooser chooser = new TokenChooser(settings.build(), SEED, NO_BREAKS);
    Set<Integer> ids = new TreeSet<>();
    for (int i = 0; i < 300; i++) {
      ids.add(chooser.choose(Logits.all(logits), NO_TEXT));
    }
    return ids;
  }
}
