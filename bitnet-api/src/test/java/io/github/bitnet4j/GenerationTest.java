package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.Generation.Stats;
import io.github.bitnet4j.Logprobs.Alternative;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GenerationTest {
  private static final Stats STATS =
      new Stats(1, 20, Duration.ofMillis(500), 9, Duration.ofSeconds(3), 8, 6);

  private static Generation generation(int[] promptIds, int[] ids) {
    return new Generation(promptIds, ids, "text", FinishReason.LENGTH, 42, STATS);
  }

  @Test
  void copiesTheArraysItIsGiven() {
    int[] promptIds = {1, 2};
    int[] ids = {3, 4};
    Generation generation = generation(promptIds, ids);
    promptIds[0] = 9;
    ids[0] = 9;
    assertThat(generation.promptIds()).containsExactly(1, 2);
    assertThat(generation.ids()).containsExactly(3, 4);
  }

  @Test
  void copiesTheArraysItReturns() {
    Generation generation = generation(new int[] {1, 2}, new int[] {3, 4});
    generation.promptIds()[0] = 9;
    generation.ids()[0] = 9;
    assertThat(generation.promptIds()).containsExactly(1, 2);
    assertThat(generation.ids()).containsExactly(3, 4);
  }

  @Test
  void isEqualByContent() {
    Generation one = generation(new int[] {1, 2}, new int[] {3, 4});
    assertThat(one)
        .isEqualTo(generation(new int[] {1, 2}, new int[] {3, 4}))
        .hasSameHashCodeAs(generation(new int[] {1, 2}, new int[] {3, 4}))
        .isNotEqualTo(generation(new int[] {1, 3}, new int[] {3, 4}))
        .isNotEqualTo(generation(new int[] {1, 2}, new int[] {3, 5}))
        .isNotEqualTo(
            new Generation(one.promptIds(), one.ids(), "x", one.finishReason(), 42, STATS))
        .isNotEqualTo(
            new Generation(one.promptIds(), one.ids(), "text", FinishReason.CANCELLED, 42, STATS))
        .isNotEqualTo(
            new Generation(one.promptIds(), one.ids(), "text", one.finishReason(), 43, STATS))
        .isNotEqualTo(
            new Generation(
                one.promptIds(),
                one.ids(),
                "text",
                one.finishReason(),
                42,
                new Stats(2, 20, Duration.ZERO, 9, Duration.ZERO, 8, 6)));
  }

  @Test
  void logProbabilitiesAreCopiedAndCompared() {
    List<Alternative> alternatives = new ArrayList<>(List.of(new Alternative(4, -0.5)));
    Logprobs logprobs = new Logprobs(3, -1.5, alternatives);
    alternatives.clear();
    assertThat(logprobs.alternatives()).hasSize(1);
    List<Logprobs> ofIds = new ArrayList<>(List.of(logprobs));
    int[] ids = {3};
    Generation with =
        new Generation(ids, ids, "text", FinishReason.LENGTH, 42, STATS, ofIds, List.of());
    ofIds.clear();
    assertThat(with.logprobs()).containsExactly(logprobs);
    assertThat(with)
        .isNotEqualTo(generation(ids, ids))
        .isNotEqualTo(
            new Generation(
                ids,
                ids,
                "text",
                FinishReason.LENGTH,
                42,
                STATS,
                List.of(logprobs),
                with.logprobs()))
        .isEqualTo(
            new Generation(
                ids, ids, "text", FinishReason.LENGTH, 42, STATS, with.logprobs(), List.of()));
    assertThat(new Token(3, "x").logprobs()).isEmpty();
    assertThatNullPointerException().isThrownBy(() -> new Token(3, null)).withMessage("text");
  }

  @Test
  void showsReasonLengthAndText() {
    assertThat(generation(new int[] {1}, new int[] {3, 4}))
        .hasToString("Generation[LENGTH after 2 tokens: text]");
  }

  @Test
  void refusesNulls() {
    int[] ids = {1};
    assertThatNullPointerException()
        .isThrownBy(() -> new Generation(ids, ids, null, FinishReason.LENGTH, 0, STATS))
        .withMessage("text");
    assertThatNullPointerException()
        .isThrownBy(() -> new Generation(ids, ids, "", null, 0, STATS))
        .withMessage("finishReason");
    assertThatNullPointerException()
        .isThrownBy(() -> new Generation(ids, ids, "", FinishReason.LENGTH, 0, null))
        .withMessage("stats");
  }

  @Test
  void computesTokensPerSecond() {
    assertThat(STATS.prefillTokensPerSecond()).isCloseTo(40, within(1e-9));
    assertThat(STATS.decodeTokensPerSecond()).isCloseTo(3, within(1e-9));
    Stats nothing = new Stats(0, 0, Duration.ofSeconds(1), 5, Duration.ZERO, 0, 0);
    assertThat(nothing.prefillTokensPerSecond()).isZero();
    assertThat(nothing.decodeTokensPerSecond()).isZero();
  }

  @Test
  void computesThePartOfGuessesThatCameTrue() {
    assertThat(STATS.acceptance()).isEqualTo(0.75);
    assertThat(new Stats(0, 9, Duration.ZERO, 9, Duration.ZERO, 0, 0).acceptance()).isZero();
  }
}
