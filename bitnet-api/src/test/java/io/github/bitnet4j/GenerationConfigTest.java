package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

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
    assertThat(config.speculation()).isFalse();
    assertThat(config).hasToString(builder.build().toString());
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
}
