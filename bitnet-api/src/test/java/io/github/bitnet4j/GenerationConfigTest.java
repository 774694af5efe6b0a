package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationConfigTest {
  private final GenerationConfig.Builder builder = GenerationConfig.builder();

  @Test
  void defaultsAreGreedyWith256Tokens() {
    GenerationConfig config = GenerationConfig.defaults();
    assertThat(config.maxTokens()).isEqualTo(256);
    assertThat(config.temperature()).isZero();
    assertThat(config.topK()).isZero();
    assertThat(config.topP()).isEqualTo(1);
    assertThat(config.seed()).isEmpty();
    assertThat(config.stop()).isEmpty();
    assertThat(config.ignoreStopTokens()).isFalse();
    assertThat(config.sampler()).isEmpty();
    assertThat(config.stopIds()).isEmpty();
    assertThat(config.timeLimit()).isEmpty();
    assertThat(config.onPrefill()).isEmpty();
    assertThat(config.logprobs()).isEmpty();
    assertThat(config.promptLogprobs()).isEmpty();
    assertThat(config.speculation()).isFalse();
    assertThat(config.minP()).isZero();
    assertThat(config.typicalP()).isEqualTo(1);
    assertThat(config.topNSigma()).isZero();
    assertThat(config.penalties()).isEqualTo(new Penalties(1, 0, 0, 64));
    assertThat(config.dry())
        .isEqualTo(new Dry(0, 1.75f, 2, Integer.MAX_VALUE, List.of("\n", ":", "\"", "*")));
    assertThat(config.xtc()).isEqualTo(new Xtc(0, 0.1f));
    assertThat(config.mirostat()).isEmpty();
    assertThat(config.logitBias()).isEmpty();
    assertThat(config.bannedIds()).isEmpty();
    assertThat(config.allowedIds()).isEmpty();
    assertThat(config.logitsProcessors()).isEmpty();
    assertThat(config.samplingOrder())
        .containsExactly(
            SamplingStep.PENALTIES,
            SamplingStep.DRY,
            SamplingStep.TEMPERATURE,
            SamplingStep.TOP_N_SIGMA,
            SamplingStep.TOP_K,
            SamplingStep.TYPICAL_P,
            SamplingStep.TOP_P,
            SamplingStep.MIN_P,
            SamplingStep.XTC);
    assertThat(SamplingStep.values()).noneMatch(config::uses);
    assertThat(config).hasToString(builder.build().toString());
  }

  @Test
  void keepsWhatEndsAGenerationAndWhatHearsOfItsPrompt() {
    int[] ids = {7, 3, 7};
    PrefillListener listener = (done, total) -> {};
    GenerationConfig config =
        builder.stopIds(ids).timeLimit(Duration.ofMillis(5)).onPrefill(listener).build();
    ids[0] = 1;
    config.stopIds()[0] = 1;
    assertThat(config.stopIds()).containsExactly(3, 7);
    assertThat(config.timeLimit()).hasValue(Duration.ofMillis(5));
    assertThat(config.onPrefill()).containsSame(listener);
    assertThat(config.toString()).contains("stopIds=[3, 7]", "timeLimit=Optional[PT0.005S]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.stopIds(1, -1))
        .withMessage("stopIds: expected no negative ids, found -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.timeLimit(Duration.ZERO))
        .withMessage("timeLimit: expected more than no time, found PT0S");
  }

  @Test
  void keepsHowManyLogProbabilitiesAreAskedFor() {
    GenerationConfig config = builder.logprobs(3).promptLogprobs(0).build();
    assertThat(config.logprobs()).hasValue(3);
    assertThat(config.promptLogprobs()).hasValue(0);
    assertThat(config.toString())
        .contains("logprobs=OptionalInt[3], promptLogprobs=OptionalInt[0]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.logprobs(-1))
        .withMessage("logprobs: expected 0 or more, found -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.promptLogprobs(-1))
        .withMessage("promptLogprobs: expected 0 or more, found -1");
  }

  @Test
  void keepsWhatIsSet() {
    Sampler sampler = (logits, random) -> 0;
    GenerationConfig config =
        builder
            .maxTokens(7)
            .temperature(0.5f)
            .topK(3)
            .topP(0.25f)
            .seed(-1)
            .stop("a", "\n")
            .ignoreStopTokens(true)
            .sampler(sampler)
            .speculation(true)
            .build();
    assertThat(config.maxTokens()).isEqualTo(7);
    assertThat(config.temperature()).isEqualTo(0.5f);
    assertThat(config.topK()).isEqualTo(3);
    assertThat(config.topP()).isEqualTo(0.25f);
    assertThat(config.seed()).hasValue(-1);
    assertThat(config.stop()).containsExactly("a", "\n");
    assertThat(config.ignoreStopTokens()).isTrue();
    assertThat(config.sampler()).containsSame(sampler);
    assertThat(config.speculation()).isTrue();
    assertThat(config.toString())
        .contains("maxTokens=7", "temperature=0.5", "topK=3", "topP=0.25", "stop=[a, \n]");
  }

  @Test
  void keepsTheStepsThatAreSet() {
    LogitsProcessor processor = (ids, logits) -> {};
    GenerationConfig config =
        builder
            .temperature(0.5f)
            .topK(3)
            .topP(0.5f)
            .minP(0.1f)
            .typicalP(0.9f)
            .topNSigma(1.5f)
            .penalties(Penalties.none().withRepetition(1.1f).withPresence(0.25f).withWindow(9))
            .dry(Dry.none().withMultiplier(0.8f).withBase(2).withSequenceBreakers("."))
            .xtc(new Xtc(0.5f, 0.2f))
            .mirostat(new Mirostat(5, 0.1f))
            .logitBias(7, 1)
            .logitBias(3, -1)
            .logitBias(7, 2)
            .bannedIds(9, 2, 9)
            .allowedIds(4)
            .logitsProcessors(processor)
            .build();
    assertThat(config.minP()).isEqualTo(0.1f);
    assertThat(config.typicalP()).isEqualTo(0.9f);
    assertThat(config.topNSigma()).isEqualTo(1.5f);
    assertThat(config.penalties()).isEqualTo(new Penalties(1.1f, 0.25f, 0, 9));
    assertThat(config.dry()).isEqualTo(new Dry(0.8f, 2, 2, Integer.MAX_VALUE, List.of(".")));
    assertThat(config.xtc()).isEqualTo(new Xtc(0.5f, 0.2f));
    assertThat(config.mirostat()).contains(new Mirostat(5, 0.1f));
    assertThat(config.logitBias()).hasToString("{3=-1.0, 7=2.0}").isUnmodifiable();
    assertThat(config.bannedIds()).containsExactly(2, 9);
    assertThat(config.allowedIds()).containsExactly(4);
    assertThat(config.logitsProcessors()).containsExactly(processor).isUnmodifiable();
    assertThat(SamplingStep.values()).allMatch(config::uses);
    assertThat(config.toString())
        .contains("minP=0.1", "typicalP=0.9", "topNSigma=1.5", "repetition=1.1", "multiplier=0.8")
        .contains("xtc=Xtc", "Mirostat", "logitBias={3=-1.0, 7=2.0}", "bannedIds=[2, 9]")
        .contains("allowedIds=[4]", "logitsProcessors=[")
        .doesNotContain("samplingOrder");
    config.bannedIds()[0] = 1;
    config.allowedIds()[0] = 1;
    assertThat(config.bannedIds()).containsExactly(2, 9);
    assertThat(config.allowedIds()).containsExactly(4);
    builder.logitBias(1, 1);
    assertThat(config.logitBias()).hasSize(2);
  }

  @Test
  void anOrderMustNameEachStepThatIsAskedForOnce() {
    builder.samplingOrder(SamplingStep.TOP_K, SamplingStep.TEMPERATURE).topK(3).temperature(0.5f);
    assertThat(builder.build().samplingOrder())
        .containsExactly(SamplingStep.TOP_K, SamplingStep.TEMPERATURE);
    assertThat(builder.build().toString()).contains("samplingOrder=[TOP_K, TEMPERATURE]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.minP(0.1f).build())
        .withMessage(
            "samplingOrder: expected MIN_P, which is asked for, found [TOP_K, TEMPERATURE]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.samplingOrder(SamplingStep.XTC, SamplingStep.XTC))
        .withMessage("samplingOrder: expected each step once, found [XTC, XTC]");
    assertThat(builder.minP(0).samplingOrder(SamplingStep.values()).build().samplingOrder())
        .hasSize(9);
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, 1.1f, Float.NaN})
  void refusesMinPOutsideOfZeroToOne(float minP) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.minP(minP))
        .withMessage("minP: expected a number from 0 to 1, found " + minP);
  }

  @ParameterizedTest
  @ValueSource(floats = {0, -0.5f, 1.0001f, Float.NaN})
  void refusesTypicalPOutsideOfZeroToOne(float typicalP) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.typicalP(typicalP))
        .withMessage("typicalP: expected above 0 and at most 1, found " + typicalP);
  }

  @ParameterizedTest
  @ValueSource(floats = {-1, Float.NaN, Float.POSITIVE_INFINITY})
  void refusesTopNSigmaThatIsNoFinitePositiveNumber(float topNSigma) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.topNSigma(topNSigma))
        .withMessage("topNSigma: expected a finite number, 0 or more, found " + topNSigma);
  }

  @Test
  void refusesNegativeIdsAndBiasesThatAreNotFinite() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.bannedIds(3, -1))
        .withMessage("bannedIds: expected no negative ids, found -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.allowedIds(-2))
        .withMessage("allowedIds: expected no negative ids, found -2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.logitBias(-3, 1))
        .withMessage("logitBias: expected no negative ids, found -3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.logitBias(3, Float.NEGATIVE_INFINITY))
        .withMessage("logitBias: expected a finite number, found -Infinity");
  }

  @Test
  void refusesPenaltiesOutOfRange() {
    Penalties none = Penalties.none();
    assertThat(none.isActive()).isFalse();
    assertThat(none.withFrequency(-0.1f).isActive()).isTrue();
    for (float bad : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> none.withRepetition(bad))
          .withMessage("repetition: expected a finite number above 0, found " + bad);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> none.withPresence(Float.NaN))
        .withMessage("presence: expected a finite number, found NaN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> none.withFrequency(Float.NEGATIVE_INFINITY))
        .withMessage("frequency: expected a finite number, found -Infinity");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> none.withWindow(0))
        .withMessage("window: expected 1 or more, found 0");
  }

  @Test
  void refusesDryOutOfRange() {
    Dry none = Dry.none();
    assertThat(none.isActive()).isFalse();
    assertThat(none.withMultiplier(0.1f).isActive()).isTrue();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> none.withMultiplier(-1))
        .withMessage("multiplier: expected a finite number, 0 or more, found -1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> none.withBase(0.9f))
        .withMessage("base: expected a finite number, 1 or more, found 0.9");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> none.withAllowedLength(0))
        .withMessage("allowedLength: expected 1 or more, found 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> none.withWindow(0))
        .withMessage("window: expected 1 or more, found 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> none.withSequenceBreakers("x", ""))
        .withMessage("sequenceBreakers: expected no empty strings, found \"\"");
  }

  @Test
  void refusesXtcAndMirostatOutOfRange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Xtc(1.5f, 0.1f))
        .withMessage("probability: expected a number from 0 to 1, found 1.5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Xtc(1, 0))
        .withMessage("threshold: expected above 0 and at most 0.5, found 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Xtc(1, 0.51f))
        .withMessage("threshold: expected above 0 and at most 0.5, found 0.51");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Mirostat(0, 0.1f))
        .withMessage("tau: expected a finite number above 0, found 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Mirostat(5, Float.NaN))
        .withMessage("eta: expected a finite number above 0, found NaN");
  }

  @Test
  void acceptsTheLargestAndSmallestValues() {
    builder.maxTokens(1).temperature(0).topK(0).topP(Float.MIN_VALUE);
    builder.maxTokens(Integer.MAX_VALUE).temperature(Float.MAX_VALUE);
    builder.topK(Integer.MAX_VALUE).topP(1);
    assertThat(builder.build().topK()).isEqualTo(Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void refusesFewerThanOneToken(int maxTokens) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxTokens(maxTokens))
        .withMessage("maxTokens: expected 1 or more, found " + maxTokens);
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void refusesTemperaturesThatAreNoFinitePositiveNumbers(float temperature) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.temperature(temperature))
        .withMessage("temperature: expected a finite number, 0 or more, found " + temperature);
  }

  @Test
  void refusesNegativeTopK() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.topK(-1))
        .withMessage("topK: expected 0 or more, found -1");
  }

  @ParameterizedTest
  @ValueSource(floats = {0, -0.5f, 1.0001f, Float.NaN})
  void refusesTopPOutsideOfZeroToOne(float topP) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.topP(topP))
        .withMessage("topP: expected above 0 and at most 1, found " + topP);
  }

  @Test
  void refusesEmptyStopStrings() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.stop("a", ""))
        .withMessage("stop: expected no empty strings, found \"\"");
    assertThat(builder.build().stop()).isEmpty();
  }

  @Test
  void refusesNulls() {
    assertThatNullPointerException().isThrownBy(() -> builder.sampler(null)).withMessage("sampler");
    assertThatNullPointerException().isThrownBy(() -> builder.stop("a", null));
    assertThatNullPointerException()
        .isThrownBy(() -> builder.penalties(null))
        .withMessage("penalties");
    assertThatNullPointerException().isThrownBy(() -> builder.dry(null)).withMessage("dry");
    assertThatNullPointerException().isThrownBy(() -> builder.xtc(null)).withMessage("xtc");
    assertThatNullPointerException()
        .isThrownBy(() -> builder.mirostat(null))
        .withMessage("mirostat");
  }

  @Test
  void copiesTheStopStrings() {
    String[] stop = {"a"};
    GenerationConfig config = builder.stop(stop).build();
    stop[0] = "b";
    assertThat(config.stop()).containsExactly("a").isUnmodifiable();
  }

  @Test
  void isNotChangedByItsBuilder() {
    GenerationConfig config = builder.maxTokens(1).build();
    builder.maxTokens(2).stop("x");
    assertThat(config.maxTokens()).isEqualTo(1);
    assertThat(config.stop()).isEmpty();
  }

  @Test
  void overflowIsShownIfSet() {
    GenerationConfig.Builder builder = GenerationConfig.builder();
    assertThat(builder.build().overflow()).isEqualTo(OverflowPolicy.STOP);
    assertThat(builder.build().toString()).doesNotContain("overflow", "keepTokens");
    assertThat(builder.overflow(OverflowPolicy.FAIL).build().toString())
        .endsWith(", overflow=FAIL]");
    GenerationConfig shift = builder.overflow(OverflowPolicy.SHIFT).keepTokens(9).build();
    assertThat(shift.keepTokens()).isEqualTo(9);
    assertThat(shift.toString()).endsWith(", overflow=SHIFT, keepTokens=9]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.keepTokens(-1))
        .withMessageContaining("keepTokens");
  }

  @Test
  void aBuilderStartsFromEverySettingOfAnother() throws ReflectiveOperationException {
    GenerationConfig config =
        GenerationConfig.builder()
            .maxTokens(3)
            .temperature(0.5f)
            .topK(4)
            .topP(0.5f)
            .seed(6)
            .stop("x")
            .ignoreStopTokens(true)
            .minP(0.1f)
            .typicalP(0.9f)
            .topNSigma(2)
            .penalties(Penalties.none().withRepetition(1.1f))
            .dry(Dry.none().withMultiplier(0.8f))
            .xtc(new Xtc(0.5f, 0.1f))
            .mirostat(new Mirostat(5, 0.1f))
            .logitBias(1, 2)
            .bannedIds(7)
            .allowedIds(8)
            .logitsProcessors((ids, logits) -> {})
            .samplingOrder(
                SamplingStep.XTC,
                SamplingStep.PENALTIES,
                SamplingStep.DRY,
                SamplingStep.TEMPERATURE,
                SamplingStep.TOP_N_SIGMA,
                SamplingStep.TOP_K,
                SamplingStep.TYPICAL_P,
                SamplingStep.TOP_P,
                SamplingStep.MIN_P)
            .sampler((logits, random) -> 0)
            .speculation(true)
            .overflow(OverflowPolicy.SHIFT)
            .keepTokens(9)
            .stopIds(10)
            .timeLimit(Duration.ofSeconds(11))
            .onPrefill((done, total) -> {})
            .logprobs(2)
            .promptLogprobs(1)
            .constraint(OutputConstraint.json())
            .build();
    GenerationConfig copy = config.toBuilder().build();
    for (Field field : GenerationConfig.class.getDeclaredFields()) {
      if (!Modifier.isStatic(field.getModifiers())) {
        field.setAccessible(true);
        Object value = field.get(config);
        assertThat(field.get(copy)).as(field.getName()).isEqualTo(value);
        assertThat(field.get(GenerationConfig.defaults())).as(field.getName()).isNotEqualTo(value);
      }
    }
  }
}
