package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.constraint.Expr.Repeat;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers between two bounds, as expressions over their digits: what is written follows a bound
 * digit by digit until it departs to the right side, and then is free.
 *
 * @param low the lower bound, null for none
 * @param lowIncluded whether it is allowed itself
 * @param high the upper bound, null for none
 * @param highIncluded whether it is allowed itself
 */
record NumberRange(
    @Nullable BigDecimal low,
    boolean lowIncluded,
    @Nullable BigDecimal high,
    boolean highIncluded) {
  /** The most digits behind the point that are free: as many as a double keeps apart. */
  private static final int MAX_FRACTION = 17;

  /** The most digits before the point without an upper bound, unless the lower one has more. */
  private static final int MAX_WHOLE = 19;

  private static final Expr DIGITS = new Repeat(digit('0', '9'), 0, MAX_FRACTION);

  /** Returns the integers of this range, without fraction and exponent. */
  Expr integers() {
    BigInteger from = null;
    if (low != null) {
      from = low.setScale(0, RoundingMode.CEILING).toBigInteger();
      if (!lowIncluded && low.compareTo(new BigDecimal(from)) == 0) {
        from = from.add(BigInteger.ONE);
      }
    }
    BigInteger to = null;
    if (high != null) {
      to = high.setScale(0, RoundingMode.FLOOR).toBigInteger();
      if (!highIncluded && high.compareTo(new BigDecimal(to)) == 0) {
        to = to.subtract(BigInteger.ONE);
      }
    }
    List<Expr> options = new ArrayList<>();
    if (to == null || to.signum() >= 0) {
      options.add(naturals(from == null ? BigInteger.ZERO : from.max(BigInteger.ZERO), to));
    }
    if (from == null || from.signum() < 0) {
      BigInteger least = to == null ? BigInteger.ONE : to.negate().max(BigInteger.ONE);
      options.add(
          Expr.sequence(Expr.literal("-"), naturals(least, from == null ? null : from.negate())));
    }
    return new Expr.Choice(options);
  }

  /** Returns the numbers of this range, with or without fraction, without exponent. */
  Expr numbers() {
    List<Expr> options = new ArrayList<>();
    if (high == null || high.signum() >= 0) {
      boolean fromZero = low == null || low.signum() < 0;
      options.add(
          positives(
              fromZero || low == null ? BigDecimal.ZERO : low,
              fromZero || lowIncluded,
              high,
              highIncluded));
    }
    if (low == null || low.signum() < 0) {
      boolean fromZero = high == null || high.signum() >= 0;
      options.add(
          Expr.sequence(
              Expr.literal("-"),
              positives(
                  fromZero || high == null ? BigDecimal.ZERO : high.negate(),
                  !fromZero && highIncluded,
                  low == null ? null : low.negate(),
                  lowIncluded)));
    }
    return new Expr.Choice(options);
  }

  /** Returns the integers from {@code from}, not negative, to {@code to}, null for no limit. */
  private static Expr naturals(BigInteger from, @Nullable BigInteger to) {
    if (to != null && to.compareTo(from) < 0) {
      return Expr.NEVER;
    }
    String least = from.toString();
    if (to == null) {
      return Expr.choice(
          sameLength(least, "9".repeat(least.length())),
          longer(least.length(), Math.max(MAX_WHOLE, least.length() + 1)));
    }
    String most = to.toString();
    if (least.length() == most.length()) {
      return sameLength(least, most);
    }
    return Expr.choice(
        sameLength(least, "9".repeat(least.length())),
        longer(least.length(), most.length() - 1),
        sameLength("1" + "0".repeat(most.length() - 1), most));
  }

  /** Returns the integers with more than {@code length} and at most {@code max} digits. */
  private static Expr longer(int length, int max) {
    if (max <= length) {
      return Expr.NEVER;
    }
    return Expr.sequence(digit('1', '9'), new Repeat(digit('0', '9'), length, max - 1));
  }

  /** Returns the strings of digits between two of the same length, both included. */
  private static Expr sameLength(String low, String high) {
    // From the last digit to the first: strings above low, below high, and between both.
    int length = low.length();
    Expr above = Expr.EMPTY;
    Expr below = Expr.EMPTY;
    Expr between = Expr.EMPTY;
    for (int i = length - 1; i >= 0; i--) {
      char l = low.charAt(i);
      char h = high.charAt(i);
      Expr free = new Repeat(digit('0', '9'), length - 1 - i, length - 1 - i);
      between =
          l == h
              ? Expr.sequence(digit(l, l), between)
              : Expr.choice(
                  Expr.sequence(digit(l, l), above),
                  Expr.sequence(digit(l + 1, h - 1), free),
                  Expr.sequence(digit(h, h), below));
      above =
          Expr.choice(Expr.sequence(digit(l, l), above), Expr.sequence(digit(l + 1, '9'), free));
      below =
          Expr.choice(Expr.sequence(digit('0', h - 1), free), Expr.sequence(digit(h, h), below));
    }
    return between;
  }

  /** Returns the numbers between two that are not negative, {@code high} null for no limit. */
  private static Expr positives(
      BigDecimal low, boolean lowIncluded, @Nullable BigDecimal high, boolean highIncluded) {
    if (high != null && high.compareTo(low) < 0) {
      return Expr.NEVER;
    }
    BigInteger from = low.toBigInteger();
    String lowFraction = fraction(low);
    Expr anyFraction =
        Expr.optional(
            Expr.sequence(Expr.literal("."), new Repeat(digit('0', '9'), 1, MAX_FRACTION)));
    if (high == null) {
      return Expr.choice(
          Expr.sequence(
              Expr.literal(from.toString()), fractions(lowFraction, lowIncluded, null, false)),
          Expr.sequence(naturals(from.add(BigInteger.ONE), null), anyFraction));
    }
    BigInteger to = high.toBigInteger();
    String highFraction = fraction(high);
    if (from.equals(to)) {
      return Expr.sequence(
          Expr.literal(from.toString()),
          fractions(lowFraction, lowIncluded, highFraction, highIncluded));
    }
    return Expr.choice(
        Expr.sequence(
            Expr.literal(from.toString()), fractions(lowFraction, lowIncluded, null, false)),
        Expr.sequence(naturals(from.add(BigInteger.ONE), to.subtract(BigInteger.ONE)), anyFraction),
        Expr.sequence(
            Expr.literal(to.toString()), fractions(null, false, highFraction, highIncluded)));
  }

  /** Returns the digits behind the point, without zeros at the end. */
  private static String fraction(BigDecimal value) {
    BigDecimal part = value.remainder(BigDecimal.ONE).stripTrailingZeros();
    return part.signum() == 0 ? "" : part.toPlainString().substring(2);
  }

  /**
   * Returns what may follow the point, and it, or nothing.
   *
   * @param low digits of the least fraction, null for no limit
   * @param high digits of the greatest fraction, null for no limit
   */
  private static Expr fractions(
      @Nullable String low, boolean lowIncluded, @Nullable String high, boolean highIncluded) {
    int length =
        Math.max(1, Math.max(low == null ? 0 : low.length(), high == null ? 0 : high.length()));
    char[] l = padded(low, length);
    char[] h = padded(high, length);
    Expr zeros = new Repeat(digit('0', '0'), 0, MAX_FRACTION);
    Expr moreThanZero = Expr.sequence(zeros, digit('1', '9'), DIGITS);
    // What may follow after all digits, if they were those of low, of high, or of both.
    Expr above = lowIncluded ? DIGITS : moreThanZero;
    Expr below = highIncluded ? zeros : Expr.NEVER;
    Expr between = lowIncluded && highIncluded ? zeros : Expr.NEVER;
    boolean lowDone = true; // whether only zeros of low are left
    boolean highDone = true;
    for (int i = length - 1; i >= 0; i--) {
      boolean first = i == 0;
      lowDone &= l[i] == '0';
      highDone &= h[i] == '0';
      // The fraction may end before this digit if that makes it neither too small nor too large.
      Expr endAbove = !first && lowDone && lowIncluded ? Expr.EMPTY : Expr.NEVER;
      Expr endBelow = !first && (!highDone || highIncluded) ? Expr.EMPTY : Expr.NEVER;
      Expr endBetween =
          !first && lowDone && lowIncluded && (!highDone || highIncluded) ? Expr.EMPTY : Expr.NEVER;
      between =
          l[i] == h[i]
              ? Expr.choice(endBetween, Expr.sequence(digit(l[i], l[i]), between))
              : l[i] > h[i]
                  ? Expr.NEVER
                  : Expr.choice(
                      endBetween,
                      Expr.sequence(digit(l[i], l[i]), above),
                      Expr.sequence(digit(l[i] + 1, h[i] - 1), DIGITS),
                      Expr.sequence(digit(h[i], h[i]), below));
      above =
          Expr.choice(
              endAbove,
              Expr.sequence(digit(l[i], l[i]), above),
              Expr.sequence(digit(l[i] + 1, '9'), DIGITS));
      below =
          Expr.choice(
              endBelow,
              Expr.sequence(digit('0', h[i] - 1), DIGITS),
              Expr.sequence(digit(h[i], h[i]), below));
    }
    boolean zeroAllowed =
        (low == null || lowDone && lowIncluded) && (high == null || !highDone || highIncluded);
    Expr digits = low == null ? below : high == null ? above : between;
    return Expr.choice(
        zeroAllowed ? Expr.EMPTY : Expr.NEVER, Expr.sequence(Expr.literal("."), digits));
  }

  private static char[] padded(@Nullable String digits, int length) {
    char[] padded = new char[length];
    Arrays.fill(padded, '0');
    if (digits != null) {
      digits.getChars(0, digits.length(), padded, 0);
    }
    return padded;
  }

  private static Expr digit(int first, int last) {
    return new Expr.Bytes(ByteSet.range(first, last));
  }
}
