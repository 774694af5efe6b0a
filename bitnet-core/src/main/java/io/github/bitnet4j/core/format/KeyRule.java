package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.weights.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;

/**
 * How a key of a model's configuration is treated. {@link GgufKeys} and {@link HuggingFaceKeys}
 * hold the tables.
 *
 * <p>Values are plain objects: a {@link Double}, a {@link Boolean}, a {@link String}, or a {@link
 * List} of them; {@link #OTHER} stands for everything else.
 *
 * @param key name, without the prefix of the architecture
 * @param use what the library does with it
 * @param accepted the accepted values, for messages
 * @param accepts whether a value is accepted, given the configuration that was read
 */
record KeyRule(String key, Use use, String accepted, BiPredicate<Object, ModelConfig> accepts) {
  /** A value that no rule for numbers, truth values or texts accepts. */
  static final Object OTHER = new Object();

  /** What the library does with a key. */
  enum Use {
    /** It is read and applied, and its reader checks the value. */
    APPLIED,
    /**
     * It changes the arithmetic and is not applied: only values that change nothing are accepted.
     */
    NEUTRAL_ONLY,
    /** It does not change what these models compute. */
    IRRELEVANT
  }

  /** Collects rules by key. */
  static final class Table {
    private final Map<String, KeyRule> rules = new LinkedHashMap<>();

    Table applied(String... keys) {
      for (String key : keys) {
        rules.put(key, new KeyRule(key, Use.APPLIED, "any", (value, config) -> true));
      }
      return this;
    }

    Table irrelevant(String... keys) {
      for (String key : keys) {
        rules.put(key, new KeyRule(key, Use.IRRELEVANT, "any", (value, config) -> true));
      }
      return this;
    }

    /** Adds keys that may have these values only. */
    Table only(List<?> values, String... keys) {
      String accepted = values.stream().map(KeyRule::text).collect(Collectors.joining(" or "));
      return only(accepted, (value, config) -> isOneOf(value, values), keys);
    }

    /** Adds keys whose values depend on the configuration. */
    Table only(String accepted, BiPredicate<Object, ModelConfig> accepts, String... keys) {
      for (String key : keys) {
        rules.put(key, new KeyRule(key, Use.NEUTRAL_ONLY, accepted, accepts));
      }
      return this;
    }

    Map<String, KeyRule> rules() {
      return rules;
    }
  }

  private static String text(Object value) {
    return value instanceof Double number && number == Math.rint(number)
        ? String.valueOf(number.longValue())
        : String.valueOf(value);
  }

  /** Returns whether a value, or each element of a list, is one of the given ones. */
  static boolean isOneOf(Object value, List<?> values) {
    return switch (value) {
      case List<?> list -> list.stream().allMatch(element -> isOneOf(element, values));
      case Double number -> values.stream().anyMatch(v -> v instanceof Double d && same(d, number));
      default -> values.contains(value);
    };
  }

  /** Returns whether a value is a number close to another one: files round to float. */
  static boolean isNumber(Object value, double expected) {
    return value instanceof Double number && same(number, expected);
  }

  private static boolean same(double a, double b) {
    return Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));
  }

  /**
   * Returns whether a value of an unknown key changes nothing: 0, false, a text, and for a factor
   * 1.
   *
   * @param factor whether the name is that of a factor
   */
  static boolean isNeutral(Object value, boolean factor) {
    return switch (value) {
      case Double number -> number == 0 || (factor && number == 1);
      case Boolean on -> !on;
      case String _ -> true;
      case List<?> list -> list.stream().allMatch(element -> isNeutral(element, factor));
      default -> false;
    };
  }

  /** Returns numbers as the values of a rule. */
  static List<Double> numbers(double... numbers) {
    List<Double> values = new ArrayList<>();
    Arrays.stream(numbers).forEach(values::add);
    return values;
  }
}
