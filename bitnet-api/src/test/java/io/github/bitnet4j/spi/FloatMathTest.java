package io.github.bitnet4j.spi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FloatMathTest {
  @Test
  void exponentialIsWithinOneAndAHalfUnitsInTheLastPlace() {
    double worst = 0;
    for (float x = FloatMath.EXP_MIN; x <= FloatMath.EXP_MAX; x += 1e-4f) {
      worst = Math.max(worst, error(x));
    }
    for (float x = 1; x > 1e-30f; x *= 0.99f) {
      worst = Math.max(worst, Math.max(error(x), error(-x)));
    }
    assertThat(worst).isLessThan(1.5);
  }

  /** Where the power of two changes, the two sides must meet. */
  @Test
  void exponentialIsWithinOneAndAHalfUnitsAtHalvesOfLn2() {
    for (int n = -125; n < 127; n++) {
      float x = (float) ((n + 0.5) * StrictMath.log(2));
      for (int i = 0; i < 20; i++) {
        x = Math.nextDown(x);
      }
      for (int i = 0; i < 40; i++, x = Math.nextUp(x)) {
        if (x >= FloatMath.EXP_MIN && x <= FloatMath.EXP_MAX) {
          assertThat(error(x)).as("exp(%s)", x).isLessThan(1.5);
        }
      }
    }
  }

  /** Softmax keeps the order of scores but for the rounding of neighbours. */
  @Test
  void exponentialNeverFallsByMoreThanOneUnit() {
    float previous = 0;
    for (float x = -88; x <= 89; x += 1e-4f) {
      float y = FloatMath.exp(x);
      assertThat(y).as("exp(%s)", x).isGreaterThanOrEqualTo(Math.nextDown(previous));
      previous = y;
    }
  }

  @Test
  void exponentialHasExactLimits() {
    assertThat(FloatMath.exp(0f)).isEqualTo(1f);
    assertThat(FloatMath.exp(-0.0f)).isEqualTo(1f);
    assertThat(FloatMath.exp(FloatMath.EXP_MIN)).isGreaterThanOrEqualTo(Float.MIN_NORMAL);
    assertThat(FloatMath.exp(Math.nextDown(FloatMath.EXP_MIN))).isZero();
    assertThat(FloatMath.exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(FloatMath.exp(FloatMath.EXP_MAX)).isFinite();
    assertThat(FloatMath.exp(Math.nextUp(FloatMath.EXP_MAX))).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(FloatMath.exp(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(FloatMath.exp(Float.NaN)).isNaN();
  }

  private static double error(float x) {
    double exact = StrictMath.exp(x);
    return Math.abs(FloatMath.exp(x) - exact) / Math.ulp((float) exact);
  }
}
