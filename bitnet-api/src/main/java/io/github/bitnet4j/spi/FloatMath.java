package io.github.bitnet4j.spi;

/**
 * The exponential that every provider computes to the same bits.
 *
 * <p>{@link Math#exp} may differ between JVMs and has no vector form, so this one is spelled out in
 * single float operations: with {@code n = rint(x * log2 e)} and {@code r = x - n ln 2} (ln 2 in
 * two parts), {@code exp(x) = 2^n * p(r)} with a polynomial of degree 7 (coefficients of Cephes
 * {@code expf}). Its error is below 1.5 units in the last place. A vector form performs the same
 * operations lane by lane; see the constants.
 */
public final class FloatMath {
  /** Below this the result is 0: there are no subnormal results. */
  public static final float EXP_MIN = -87.0f;

  /** Above this the result is infinite. */
  public static final float EXP_MAX = 88.0f;

  /** log2 e. */
  public static final float LOG2_E = 1.442695f;

  /** Adding and subtracting 1.5 * 2^23 rounds a small float to an integer, halves to even. */
  public static final float ROUND = 1.2582912E7f;

  /** The leading bits of ln 2: products with a small integer are exact. */
  public static final float LN2_HI = 0x1.63p-1f;

  /** ln 2 less {@link #LN2_HI}. */
  public static final float LN2_LO = -2.1219444E-4f;

  /** Coefficient of r^7. */
  public static final float P0 = 1.9875691E-4f;

  /** Coefficient of r^6. */
  public static final float P1 = 0.0013981999f;

  /** Coefficient of r^5. */
  public static final float P2 = 0.008333452f;

  /** Coefficient of r^4. */
  public static final float P3 = 0.041665796f;

  /** Coefficient of r^3. */
  public static final float P4 = 0.16666666f;

  /** Coefficient of r^2. */
  public static final float P5 = 0.5f;

  private FloatMath() {}

  /** Returns e to the power of x: 0 below {@link #EXP_MIN}, infinity above {@link #EXP_MAX}. */
  public static float exp(float x) {
    if (x < EXP_MIN) {
      return 0;
    }
    if (x > EXP_MAX) {
      return Float.POSITIVE_INFINITY;
    }
    float n = (x * LOG2_E + ROUND) - ROUND;
    float r = Math.fma(-n, LN2_LO, Math.fma(-n, LN2_HI, x));
    float p = Math.fma(P0, r, P1);
    p = Math.fma(p, r, P2);
    p = Math.fma(p, r, P3);
    p = Math.fma(p, r, P4);
    p = Math.fma(p, r, P5);
    p = Math.fma(p, r * r, r) + 1;
    // 2^n by adding n to the exponent bits of p; NaN has n = 0 as an int and stays NaN.
    return Float.intBitsToFloat(Float.floatToRawIntBits(p) + ((int) n << 23));
  }
}
