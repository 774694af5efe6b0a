package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PromptLookupTest {
  private static PassCosts costs(double eachRow) {
    return new PassCosts() {
      @Override
      double of(int rows) {
        return 1 + eachRow * (rows - 1);
      }
    };
  }

  private static int[] draft(int most, PassCosts costs, int... text) {
    int[] ids = Arrays.copyOf(text, text.length + most);
    PromptLookup lookup = new PromptLookup(ids, text.length);
    lookup.extend(text.length);
    int count = lookup.draft(most, costs);
    return Arrays.copyOfRange(ids, text.length, text.length + count);
  }

  @Test
  void guessesWhatFollowedTheLastTokensBefore() {
    assertThat(draft(3, costs(0), 1, 2, 3, 4, 5, 6, 7, 1, 2, 3)).containsExactly(4, 5, 6);
  }

  @Test
  void prefersTheLongerRunToTheNewerOne() {
    assertThat(draft(2, costs(0), 1, 2, 3, 4, 5, 9, 3, 8, 8, 1, 2, 3)).containsExactly(4, 5);
  }

  @Test
  void followsARunAcrossItsOwnEnd() {
    assertThat(draft(5, costs(0), 1, 2, 1, 2, 1, 2, 1)).containsExactly(2, 1, 2, 1, 2);
  }

  @Test
  void guessesNothingWhereNothingRepeats() {
    assertThat(draft(7, costs(0), 1, 2, 3, 4, 5, 6)).isEmpty();
  }

  @Test
  void guessesNothingThatCostsMoreThanItPromises() {
    int[] text = {1, 2, 3, 4, 5, 6, 7, 1, 2, 3};
    assertThat(draft(7, costs(1), text)).isEmpty();
    assertThat(draft(7, costs(0.1), text)).hasSizeBetween(1, 7);
  }

  @Test
  void learnsFromTokensThatItDidNotGuess() {
    int[] ids = new int[240];
    PromptLookup lookup = new PromptLookup(ids, 1);
    for (int length = 0; length < 100; length++) {
      ids[length] = length % 10 == 9 ? 1000 + length : length % 10; // every tenth is new
    }
    lookup.extend(96);
    assertThat(lookup.draft(2, costs(0.2))).isEqualTo(2);
    for (int length = 96; length < 200; length++) {
      ids[length] = length % 2 == 0 ? 3 : 5000 + length; // what follows 3 is never the same
    }
    lookup.extend(199);
    assertThat(lookup.draft(2, costs(0.2))).isZero();
  }

  @Test
  void costsAreLearntFromPassesAndForgottenWithoutThem() {
    PassCosts costs = new PassCosts();
    double expected = costs.of(4);
    for (int i = 0; i < 100; i++) {
      costs.add(1, 1_000);
      costs.add(4, 4_000);
    }
    assertThat(costs.of(1)).isEqualTo(1);
    assertThat(costs.of(4)).isBetween(3.5, 4.0);
    for (int i = 0; i < 5_000; i++) {
      costs.add(1, 1_000);
    }
    assertThat(costs.of(4)).isBetween(expected, expected + 0.1);
  }
}
