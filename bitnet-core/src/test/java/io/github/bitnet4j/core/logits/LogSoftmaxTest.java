package io.github.bitnet4j.core.logits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.Logprobs;
import io.github.bitnet4j.Logprobs.Alternative;
import io.github.bitnet4j.NonFiniteValueException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogSoftmaxTest {
  private final LogSoftmax softmax = new LogSoftmax();

  private static double exact(float[] logits, int id) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return logits[id] - max - Math.log(sum);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 1, 5, 30, 1000})
  void isTheLogarithmOfTheSoftmax(double spread) {
    Random random = new Random(17);
    float[] logits = new float[1000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (spread * random.nextGaussian());
    }
    softmax.read(logits, 0, logits.length);
    for (int id = 0; id < logits.length; id++) {
      double exact = exact(logits, id);
      double tolerance = exact > -20 ? 1e-6 : -1e-6 * exact;
      assertThat(softmax.logprob(id)).as("id %d", id).isCloseTo(exact, within(tolerance));
      assertThat(softmax.logprob(id)).isLessThanOrEqualTo(0);
    }
  }

  @Test
  void readsARowOfManyAndKeepsIt() {
    float[] rows = {9, 9, 0, 1, 2, 9};
    softmax.read(rows, 2, 3);
    rows[4] = 50;
    double sum = Math.exp(0) + Math.exp(1) + Math.exp(2);
    assertThat(softmax.logprob(2)).isCloseTo(2 - Math.log(sum), within(1e-7));
    assertThat(softmax.logprobs(0, 9).alternatives())
        .extracting(Alternative::id)
        .containsExactly(2, 1, 0);
  }

  @Test
  void alternativesAreTheLargestAndOfEqualOnesTheLowerId() {
    float[] logits = {1, 3, -0f, 3, 0f, 2, 3};
    softmax.read(logits, 0, logits.length);
    Logprobs logprobs = softmax.logprobs(5, 6);
    assertThat(logprobs.id()).isEqualTo(5);
    assertThat(logprobs.logprob()).isEqualTo(softmax.logprob(5));
    assertThat(logprobs.alternatives())
        .extracting(Alternative::id)
        .containsExactly(1, 3, 6, 5, 0, 2);
    assertThat(logprobs.alternatives())
        .allSatisfy(other -> assertThat(other.logprob()).isEqualTo(softmax.logprob(other.id())));
    assertThat(softmax.logprobs(5, 0).alternatives()).isEmpty();
  }

  @Test
  void aCertainTokenHasTheProbabilityOne() {
    softmax.read(new float[] {-3e38f, 3e38f, 0}, 0, 3);
    assertThat(softmax.logprob(1)).isZero();
    assertThat(softmax.logprob(0)).isEqualTo(-2.0 * 3e38f);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void refusesWhatIsNotFinite(float logit) {
    assertThatExceptionOfType(NonFiniteValueException.class)
        .isThrownBy(() -> softmax.read(new float[] {0, 1, logit, 2}, 0, 4))
        .withMessage(
            "logits: expected finite values, found %s for token 2; the weights are damaged", logit);
  }
}
