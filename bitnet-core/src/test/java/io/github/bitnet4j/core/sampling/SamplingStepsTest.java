package io.github.bitnet4j.core.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Mirostat;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.SamplingStep;
import io.github.bitnet4j.Xtc;
import io.github.bitnet4j.core.logits.Logits;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each step by hand, and draws against the exact distribution. */
class SamplingStepsTest {
  private static final int DRAWS = 20_000;
  private static final long SEED = 20261126;

  /** Logits of 12 tokens in no order, two of them equal. */
  private static final float[] LOGITS = {
    0.5f, 2.25f, -1, 1.5f, 3, 0.25f, 1.5f, -4, 2, -0.75f, 0, 1
  };

  /** It ends with 4 1 3, which was followed by 8 and, after 9 4 1 3, by 6; and with 1 3, then 4. */
  private static final int[] TEXT = {9, 4, 1, 3, 6, 4, 1, 3, 8, 1, 3, 4, 11, 9, 4, 1, 3};

  private static final IntPredicate NO_BREAKS = id -> false;
  private static final IntPredicate BREAK_AT_9 = id -> id == 9;

  /** Four tokens of 1/2, 1/4, 1/8 and 1/8. */
  private static final float[] HALVES = logs(8, 4, 2, 2);

  /** Draws without any setting. */
  private static final long[] PLAIN_DRAWS = draw(config().build(), NO_BREAKS);

  private static float[] logs(double... weights) {
    float[] logits = new float[weights.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(weights[i]);
    }
    return logits;
  }

  private static GenerationConfig.Builder config() {
    return GenerationConfig.builder().temperature(1);
  }

  private static Penalties penalties(float repetition, float presence, float frequency) {
    return Penalties.none()
        .withRepetition(repetition)
        .withPresence(presence)
        .withFrequency(frequency);
  }

  private static History history(int... ids) {
    return new History(ids, ids.length);
  }

  /** Returns the ids that 300 draws give, after the tokens 1 and 3. */
  private static Set<Integer> drawn(GenerationConfig.Builder config, float[] logits) {
    TokenChooser chooser = new TokenChooser(config.build(), SEED, NO_BREAKS);
    Set<Integer> ids = new TreeSet<>();
    for (int i = 0; i < 300; i++) {
      ids.add(chooser.choose(Logits.all(logits.clone()), history(1, 3)));
    }
    return ids;
  }

  /** Returns the logits as a sampler sees them: after everything that changes them. */
  private static float[] changed(
      GenerationConfig.Builder config, float[] logits, IntPredicate breaks, int... text) {
    float[] seen = new float[logits.length];
    GenerationConfig watched =
        config
            .sampler(
                (values, random) -> {
                  System.arraycopy(values, 0, seen, 0, seen.length);
                  return 0;
                })
            .build();
    new TokenChooser(watched, SEED, breaks).choose(Logits.all(logits.clone()), history(text));
    return seen;
  }

  // ---- Draws against the exact distribution

  static Stream<GenerationConfig> settings() {
    SamplingStep[] temperatureLast = {
      SamplingStep.PENALTIES,
      SamplingStep.DRY,
      SamplingStep.TOP_N_SIGMA,
      SamplingStep.TOP_K,
      SamplingStep.TYPICAL_P,
      SamplingStep.TOP_P,
      SamplingStep.MIN_P,
      SamplingStep.XTC,
      SamplingStep.TEMPERATURE
    };
    return Stream.of(
            config().topNSigma(1),
            config().topNSigma(0.4f).temperature(2),
            config().topNSigma(1).bannedIds(4, 7),
            config().minP(0.2f),
            config().minP(0.5f).temperature(1.7f),
            config().minP(0.02f).topK(9),
            config().typicalP(0.3f),
            config().typicalP(0.7f).temperature(1.4f),
            config().typicalP(0.9f).topP(0.8f),
            config().topK(8).typicalP(0.5f).minP(0.01f),
            config().xtc(new Xtc(1, 0.1f)),
            config().xtc(new Xtc(0.4f, 0.05f)),
            config().xtc(new Xtc(0.6f, 0.1f)).temperature(0.7f).topK(7),
            config().penalties(penalties(1.3f, 0, 0)),
            config().penalties(penalties(0.6f, 0, 0)),
            config().penalties(penalties(1, 0.7f, 0)),
            config().penalties(penalties(1, 0, 0.3f)),
            config().penalties(penalties(1.2f, 0.4f, 0.2f).withWindow(5)),
            config().penalties(penalties(1.2f, -0.4f, 0.2f)).topK(4).temperature(0.8f),
            config().dry(Dry.none().withMultiplier(0.8f)),
            config().dry(Dry.none().withMultiplier(0.5f).withBase(2).withAllowedLength(1)),
            config().dry(Dry.none().withMultiplier(0.8f).withWindow(10)),
            config().logitBias(4, -2).logitBias(7, 5.5f),
            config().bannedIds(4, 1),
            config().allowedIds(0, 3, 7, 11),
            config().allowedIds(0, 3, 4).bannedIds(4, 1).logitBias(0, 1.5f),
            config().samplingOrder(temperatureLast).temperature(3).topP(0.7f),
            config().samplingOrder(temperatureLast).temperature(0.3f).minP(0.1f),
            config().samplingOrder(temperatureLast).temperature(0.01f).xtc(new Xtc(0.5f, 0.1f)),
            config()
                .samplingOrder(SamplingStep.TOP_K, SamplingStep.PENALTIES, SamplingStep.MIN_P)
                .penalties(penalties(1.5f, 0.5f, 0.25f))
                .topK(4)
                .minP(0.3f),
            config()
                .penalties(penalties(1.1f, 0.2f, 0.1f))
                .dry(Dry.none().withMultiplier(0.8f))
                .temperature(1.5f)
                .topNSigma(2.5f)
                .topK(10)
                .typicalP(0.98f)
                .topP(0.95f)
                .minP(0.05f)
                .xtc(new Xtc(0.5f, 0.15f))
                .logitBias(10, 0.5f)
                .bannedIds(2))
        .map(GenerationConfig.Builder::build);
  }

  @ParameterizedTest
  @MethodSource("settings")
  void drawsFromTheExactDistribution(GenerationConfig config) {
    IntPredicate breaks = config.dry().base() == 2 ? BREAK_AT_9 : NO_BREAKS;
    double[] expected = ExactDistribution.of(config, LOGITS, TEXT, breaks);
    long[] counts = draw(config, breaks);
    assertThat(ChiSquare.fits(counts, expected))
        .as("%s against %s, seed %d", counts, expected, SEED)
        .isTrue();
  }

  /** The test above would fail if a setting did nothing. */
  @ParameterizedTest
  @MethodSource("settings")
  void drawsWithoutTheSettingsDoNotFit(GenerationConfig config) {
    double[] expected = ExactDistribution.of(config, LOGITS, TEXT, NO_BREAKS);
    assertThat(ChiSquare.fits(PLAIN_DRAWS, expected)).isFalse();
  }

  private static long[] draw(GenerationConfig config, IntPredicate breaks) {
    long[] counts = new long[LOGITS.length];
    TokenChooser chooser = new TokenChooser(config, SEED, breaks);
    History text = history(TEXT);
    for (int i = 0; i < DRAWS; i++) {
      counts[chooser.choose(Logits.all(LOGITS.clone()), text)]++;
    }
    return counts;
  }

  // ---- By hand

  @Test
  void topNSigmaKeepsLogitsNearTheLargestInStandardDeviations() {
    float[] logits = {2, 4, 4, 4, 5, 5, 7, 9}; // mean 5, standard deviation 2
    assertThat(drawn(config().topNSigma(0.9f), logits)).containsExactly(7);
    assertThat(drawn(config().topNSigma(1), logits)).containsExactly(6, 7);
    assertThat(drawn(config().temperature(50).topNSigma(2), logits)).containsExactly(4, 5, 6, 7);
    assertThat(drawn(config().topNSigma(1e-6f), new float[] {3, 3, 3})).containsExactly(0, 1, 2);
  }

  @Test
  void topNSigmaIsAboutTokensThatAreNotMasked() {
    float[] logits = {2, 4, 4, 4, 5, 5, 7, 9, 1000};
    assertThat(drawn(config().topNSigma(1).bannedIds(8), logits)).containsExactly(6, 7);
  }

  @Test
  void minPKeepsTokensOfAtLeastThatPartOfTheLargestProbability() {
    assertThat(drawn(config().minP(0.5f), new float[] {0, 0, -0.69f, -0.7f}))
        .containsExactly(0, 1, 2);
    assertThat(drawn(config().minP(1), new float[] {0, 1, 1, 0.999f})).containsExactly(1, 2);
    // A temperature of 2 takes the square root of the ratios.
    assertThat(drawn(config().temperature(2).minP(0.5f), logs(16, 4.1, 3.9))).containsExactly(0, 1);
  }

  @Test
  void typicalPKeepsTokensOfTheExpectedInformation() {
    // Entropy 1.75 bits; the tokens have 1, 2, 3 and 3 bits: distances 0.75, 0.25, 1.25, 1.25.
    assertThat(drawn(config().typicalP(0.2f), HALVES)).containsExactly(1);
    assertThat(drawn(config().typicalP(0.3f), HALVES)).containsExactly(0, 1);
    assertThat(drawn(config().typicalP(0.8f), HALVES)).containsExactly(0, 1, 2);
    assertThat(drawn(config().typicalP(0.9f), HALVES)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void typicalPTakesTheLowestIdsOfEquallyTypicalTokens() {
    float[] logits = {5, 5, 5, 5};
    assertThat(drawn(config().typicalP(0.25f), logits)).containsExactly(0);
    assertThat(drawn(config().typicalP(0.5f), logits)).containsExactly(0, 1);
  }

  @Test
  void xtcRemovesAllButTheLeastProbableOfTheProbableTokens() {
    assertThat(drawn(config().xtc(new Xtc(1, 0.2f)), HALVES)).containsExactly(1, 2, 3);
    assertThat(drawn(config().xtc(new Xtc(1, 0.1f)), HALVES)).containsExactly(3);
    assertThat(drawn(config().xtc(new Xtc(1, 0.3f)), HALVES)).containsExactly(0, 1, 2, 3);
    assertThat(drawn(config().xtc(new Xtc(1, 0.1f)), new float[] {7})).containsExactly(0);
    // Of equal ones, the one of the highest id comes last and stays.
    assertThat(drawn(config().xtc(new Xtc(1, 0.2f)), new float[] {1, 1, 1, -1}))
        .containsExactly(2, 3);
  }

  @ParameterizedTest
  @ValueSource(floats = {1e-6f, 1})
  void xtcTakesOneRandomNumberForEachTokenWhetherItActsOrNot(float probability) {
    GenerationConfig config = config().xtc(new Xtc(probability, 0.5f)).build();
    TokenChooser chooser = new TokenChooser(config, 5, NO_BREAKS);
    SplitMix64 random = new SplitMix64(5);
    for (int i = 0; i < 100; i++) {
      random.nextDouble();
      int expected = random.nextDouble() < 0.25 ? 0 : 1; // nothing is removed from 1/4 and 3/4
      assertThat(chooser.choose(Logits.all(logs(1, 3)), history(TEXT))).isEqualTo(expected);
    }
  }

  @Test
  void penaltiesCountTheTokensOfTheWindow() {
    float[] logits = {2, -2, 1, 0, 3};
    int[] text = {4, 4, 4, 0, 1, 0, 3};
    GenerationConfig.Builder repetition =
        config().penalties(Penalties.none().withRepetition(2).withWindow(4));
    assertThat(changed(repetition, logits, NO_BREAKS, text)).containsExactly(1, -4, 1, 0, 3);
    GenerationConfig.Builder presence =
        config().penalties(Penalties.none().withPresence(0.5f).withWindow(4));
    assertThat(changed(presence, logits, NO_BREAKS, text))
        .containsExactly(1.5f, -2.5f, 1, -0.5f, 3);
    GenerationConfig.Builder frequency =
        config().penalties(Penalties.none().withFrequency(0.5f).withWindow(4));
    assertThat(changed(frequency, logits, NO_BREAKS, text)).containsExactly(1, -2.5f, 1, -0.5f, 3);
    GenerationConfig.Builder all =
        config().penalties(new Penalties(2, 0.25f, 0.5f, Integer.MAX_VALUE));
    assertThat(changed(all, logits, NO_BREAKS, text))
        .containsExactly(1 - 1.25f, -4 - 0.75f, 1, -0.75f, 1.5f - 1.75f);
  }

  @Test
  void penaltiesOfAnySizeLeaveFiniteLogits() {
    float max = Float.MAX_VALUE;
    for (float repetition : new float[] {Float.MIN_VALUE, 1, max}) {
      for (float other : new float[] {-max, 0, max}) {
        GenerationConfig.Builder config =
            config().penalties(new Penalties(repetition, other, other, 9));
        for (float value :
            changed(config, new float[] {max, -max, 0, 1, -1}, NO_BREAKS, 0, 0, 1, 1, 2, 3, 4)) {
          assertThat(value).isFinite();
        }
      }
    }
  }

  @Test
  void dryPenalizesTheContinuationOfTheLongestRepetition() {
    Dry dry = Dry.none().withMultiplier(1).withBase(2);
    float[] zeros = new float[12];
    // 4 1 3 was followed by 8, and 9 4 1 3 by 6; 1 3 by 4. Lengths 3, 4 and 2.
    float[] expected = new float[12];
    expected[8] = -2;
    expected[6] = -4;
    expected[4] = -1;
    assertThat(changed(config().dry(dry), zeros, NO_BREAKS, TEXT)).containsExactly(expected);
    // Without what 9 is part of, both are of length 3.
    expected[6] = -2;
    assertThat(changed(config().dry(dry), zeros, BREAK_AT_9, TEXT)).containsExactly(expected);
    // A breaker is not penalized, nor is anything if the text ends with one.
    expected[8] = 0;
    assertThat(changed(config().dry(dry), zeros, id -> id == 9 || id == 8, TEXT))
        .containsExactly(expected);
    assertThat(changed(config().dry(dry), zeros, id -> id == 3, TEXT)).containsOnly(0);
    // In a window of 9 there is 8 1 3 4 only, and 4 is allowed to follow after three.
    assertThat(changed(config().dry(dry.withWindow(9)), zeros, NO_BREAKS, TEXT)[4]).isEqualTo(-1);
    assertThat(changed(config().dry(dry.withAllowedLength(5)), zeros, NO_BREAKS, TEXT))
        .containsOnly(0);
  }

  @Test
  void dryCountsRepetitionsThatOverlap() {
    Dry dry = Dry.none().withMultiplier(1).withBase(2).withAllowedLength(1);
    assertThat(changed(config().dry(dry), new float[] {5, 5}, NO_BREAKS, 0, 0, 0, 0))
        .containsExactly(5 - 4, 5);
    assertThat(changed(config().dry(dry), new float[] {5, 5}, NO_BREAKS, 0)).containsOnly(5);
  }

  @Test
  void dryOfALongRepetitionLeavesFiniteLogits() {
    int[] text = new int[3000];
    assertThat(changed(config().dry(Dry.none().withMultiplier(1)), logs(1, 1), NO_BREAKS, text)[0])
        .isEqualTo(-Float.MAX_VALUE);
  }

  @Test
  void dryAgreesWithItsDefinitionOnRandomTexts() {
    Random random = new Random(SEED);
    for (int i = 0; i < 300; i++) {
      int[] text = random.ints(1 + random.nextInt(40), 0, 3).toArray();
      Dry dry =
          new Dry(0.5f, 1.25f, 1 + random.nextInt(4), 1 + random.nextInt(50), Dry.DEFAULT_BREAKERS);
      IntPredicate breaks = i % 2 == 0 ? NO_BREAKS : id -> id == 2;
      float[] logits = changed(config().dry(dry), new float[3], breaks, text);
      double sum = IntStream.range(0, 3).mapToDouble(id -> Math.exp(logits[id])).sum();
      double[] expected =
          ExactDistribution.of(config().dry(dry).build(), new float[3], text, breaks);
      for (int id = 0; id < 3; id++) {
        assertThat(Math.exp(logits[id]) / sum)
            .as("token %d after %s, %s, seed %d", id, Arrays.toString(text), dry, SEED)
            .isCloseTo(expected[id], within(1e-4));
      }
    }
  }

  // ---- Mirostat

  @Test
  void mirostatDrawsAmongTheTokensOfAllowedSurprise() {
    // The surprises are 1, 2, 3 and 3 bits, mu is twice tau at first.
    assertThat(firstOfMirostat(0.4f, HALVES)).containsExactly(0);
    assertThat(firstOfMirostat(0.55f, HALVES)).containsExactly(0);
    assertThat(firstOfMirostat(1.05f, HALVES)).containsExactly(0, 1);
    assertThat(firstOfMirostat(1.55f, HALVES)).containsExactly(0, 1, 2, 3);
  }

  private static Set<Integer> firstOfMirostat(float tau, float[] logits) {
    GenerationConfig config = config().mirostat(new Mirostat(tau, 0.1f)).build();
    Set<Integer> ids = new TreeSet<>();
    for (long seed = 0; seed < 100; seed++) {
      ids.add(
          new TokenChooser(config, seed, NO_BREAKS)
              .choose(Logits.all(logits.clone()), history(TEXT)));
    }
    return ids;
  }

  /** Every draw is counted in the distribution that the state at that moment asks for. */
  @Test
  void mirostatFollowsItsDefinition() {
    float tau = 1.5f;
    float eta = 0.25f;
    GenerationConfig config = config().temperature(1.5f).mirostat(new Mirostat(tau, eta)).build();
    TokenChooser chooser = new TokenChooser(config, SEED, NO_BREAKS);
    SplitMix64 random = new SplitMix64(SEED);
    double[] p = ExactDistribution.of(config().temperature(1.5f).build(), LOGITS, TEXT, NO_BREAKS);
    double mu = 2 * tau;
    double total = 0;
    for (int i = 0; i < 5000; i++) {
      double[] kept = new double[p.length];
      int top = 4;
      for (int id = 0; id < p.length; id++) {
        kept[id] = -Math.log(p[id]) / Math.log(2) <= mu || id == top ? p[id] : 0;
      }
      double sum = Arrays.stream(kept).sum();
      double left = random.nextDouble() * sum;
      int expected = 0;
      while (left >= kept[expected]) {
        left -= kept[expected++];
      }
      assertThat(chooser.choose(Logits.all(LOGITS.clone()), history(TEXT)))
          .as("draw %d, seed %d", i, SEED)
          .isEqualTo(expected);
      double surprise = -Math.log(kept[expected] / sum) / Math.log(2);
      total += surprise;
      mu -= eta * (surprise - tau);
    }
    assertThat(total / 5000).isCloseTo(tau, within(0.01));
  }

  @Test
  void mirostatDrawsFromTheExactDistribution() {
    GenerationConfig config = config().mirostat(new Mirostat(1.6f, 0.1f)).build();
    double[] expected = ExactDistribution.of(config().build(), LOGITS, TEXT, NO_BREAKS);
    for (int id = 0; id < expected.length; id++) {
      expected[id] = expected[id] >= Math.pow(2, -3.2) ? expected[id] : 0;
    }
    double sum = Arrays.stream(expected).sum();
    long[] counts = new long[LOGITS.length];
    for (long seed = 0; seed < DRAWS; seed++) {
      TokenChooser chooser = new TokenChooser(config, seed, NO_BREAKS);
      counts[chooser.choose(Logits.all(LOGITS.clone()), history(TEXT))]++;
    }
    double[] normalized = Arrays.stream(expected).map(p -> p / sum).toArray();
    assertThat(Arrays.stream(normalized).filter(p -> p > 0)).hasSizeBetween(3, 8);
    assertThat(ChiSquare.fits(counts, normalized)).as("%s against %s", counts, normalized).isTrue();
  }

  // ---- Order

  @Test
  void theOrderOfTheStepsIsAdjustable() {
    // At temperature 4 the probabilities are nearly equal, so top-p keeps more after it.
    float[] logits = logs(16, 2, 1, 1);
    GenerationConfig.Builder hot = config().temperature(4).topP(0.7f);
    assertThat(drawn(hot, logits)).containsExactly(0, 1, 2);
    assertThat(drawn(hot.samplingOrder(SamplingStep.TOP_P, SamplingStep.TEMPERATURE), logits))
        .containsExactly(0);
    // Removing the top choice first leaves three tokens to measure by.
    GenerationConfig.Builder xtc = config().xtc(new Xtc(1, 0.1f)).minP(0.4f);
    assertThat(drawn(xtc, HALVES)).containsExactly(1);
    assertThat(drawn(xtc.samplingOrder(SamplingStep.XTC, SamplingStep.MIN_P), HALVES))
        .containsExactly(3);
  }

  @Test
  void penaltiesBehindACutOnlyReorderWhatItKept() {
    float[] logits = {3, 2, 1, 0};
    GenerationConfig.Builder config =
        config().topK(2).penalties(new Penalties(1, 100, 0, 1)).temperature(1);
    assertThat(drawn(config, logits)).containsExactly(0, 1);
    config.samplingOrder(SamplingStep.TOP_K, SamplingStep.PENALTIES);
    TokenChooser chooser = new TokenChooser(config.build(), SEED, NO_BREAKS);
    for (int i = 0; i < 100; i++) {
      assertThat(chooser.choose(Logits.all(logits.clone()), history(1))).isZero();
    }
  }

  // ---- Greedy

  @Test
  void greedyTakesTheLargestLogitAfterPenaltiesAndMasks() {
    GenerationConfig.Builder greedy = GenerationConfig.builder();
    float[] logits = {3, 2.5f, 2, 1};
    assertThat(drawn(greedy, logits)).containsExactly(0);
    assertThat(drawn(greedy.bannedIds(0), logits)).containsExactly(1);
    assertThat(drawn(greedy.penalties(penalties(2, 0, 0)), logits)).containsExactly(2);
    assertThat(drawn(greedy.logitBias(3, 1.5f), logits)).containsExactly(2); // 2.5 of 1 is halved
    assertThat(drawn(greedy.logitBias(3, 3.5f), logits)).containsExactly(3);
    assertThat(drawn(greedy.allowedIds(0, 1), logits)).containsExactly(1);
  }

  @Test
  void greedyIgnoresWhatCutsAndMirostat() {
    GenerationConfig.Builder greedy =
        GenerationConfig.builder()
            .xtc(new Xtc(1, 0.1f))
            .typicalP(0.1f)
            .topK(2)
            .mirostat(new Mirostat(5, 0.1f));
    assertThat(drawn(greedy, HALVES)).containsExactly(0);
  }

  @Test
  void greedyTakesTheLowestIdOfLogitsThatBecameEqual() {
    GenerationConfig.Builder greedy = GenerationConfig.builder().logitBias(3, 1).logitBias(1, -1);
    assertThat(drawn(greedy, new float[] {1, 3, 2, 1})).containsExactly(1);
    assertThat(drawn(greedy.bannedIds(1), new float[] {1, 3, 2, 1})).containsExactly(2);
  }

  // ---- Random numbers

  @Test
  void theSameSeedGivesTheSameDraws() {
    settings()
        .forEach(
            config ->
                assertThat(sequence(config, 7))
                    .as("%s", config)
                    .containsExactly(sequence(config, 7)));
  }

  private static int[] sequence(GenerationConfig config, long seed) {
    TokenChooser chooser = new TokenChooser(config, seed, NO_BREAKS);
    return IntStream.range(0, 100)
        .map(i -> chooser.choose(Logits.all(LOGITS.clone()), history(TEXT)))
        .toArray();
  }
}
