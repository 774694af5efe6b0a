package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NumberRangeTest {
  @Test
  void acceptsWhatIsBetweenTheBounds() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      BigDecimal a = random.nextInt(4) == 0 ? null : number(random);
      BigDecimal b = random.nextInt(4) == 0 ? null : number(random);
      boolean swap = a != null && b != null && a.compareTo(b) > 0;
      var range =
          new NumberRange(swap ? b : a, random.nextBoolean(), swap ? a : b, random.nextBoolean());
      for (boolean integers : new boolean[] {true, false}) {
        Expr content = integers ? range.integers() : range.numbers();
        // Something else is allowed as well, or an empty range would be refused.
        Grammar grammar =
            new Grammar(List.of("range"), List.of(Expr.choice(content, Expr.literal("x"))));
        Automaton automaton =
            new Automaton(
                GrammarCompiler.compile(grammar, Budgets.compiling()), false, Budgets.token());
        for (int i = 0; i < 30; i++) {
          BigDecimal value = near(random, random.nextBoolean() ? range.low() : range.high());
          String text = value.toPlainString();
          if (value.signum() == 0 && text.startsWith("-") || integers && text.contains(".")) {
            continue;
          }
          assertThat(accepts(automaton, text))
              .as("seed %d: %s in %s", seed, text, range)
              .isEqualTo(contains(range, value));
        }
        for (String text : List.of("", "-", "00", "01", "-0", "1.", ".5", "-01", "1.5.1", "+1")) {
          assertThat(accepts(automaton, text)).as("seed %d: %s", seed, text).isFalse();
        }
      }
    }
  }

  private static boolean contains(NumberRange range, BigDecimal value) {
    return isAbove(value, range.low(), range.lowIncluded())
        && (range.high() == null || isAbove(range.high(), value, range.highIncluded()));
  }

  private static boolean isAbove(BigDecimal value, @Nullable BigDecimal bound, boolean included) {
    return bound == null || value.compareTo(bound) > 0 || included && value.compareTo(bound) == 0;
  }

  private static BigDecimal number(Random random) {
    int scale = random.nextInt(4);
    int magnitude = random.nextInt(1 << 4 * random.nextInt(1, 5));
    return BigDecimal.valueOf(random.nextBoolean() ? magnitude : -magnitude, scale);
  }

  private static BigDecimal near(Random random, @Nullable BigDecimal bound) {
    if (bound == null || random.nextInt(3) == 0) {
      return number(random);
    }
    BigDecimal step = BigDecimal.valueOf(random.nextInt(5) - 2, random.nextInt(5));
    BigDecimal value = bound.add(step);
    return value.setScale(Math.max(value.scale(), random.nextInt(6)));
  }

  private static boolean accepts(Automaton automaton, String text) {
    State state = automaton.start();
    for (char c : text.toCharArray()) {
      automaton.allowWork(Budgets.token());
      state = automaton.step(state, c);
    }
    return state.complete;
  }
}
