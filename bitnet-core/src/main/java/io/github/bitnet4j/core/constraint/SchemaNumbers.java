package io.github.bitnet4j.core.constraint;

import static io.github.bitnet4j.core.constraint.SchemaNormalizer.FORMATS;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.MULTIPLES;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT_IN;
import static io.github.bitnet4j.core.constraint.SchemaNormalizer.NOT_MULTIPLES;

import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The numbers of schemas. */
final class SchemaNumbers {
  private static final BigDecimal LEAST = BigDecimal.valueOf(Long.MIN_VALUE);
  private static final BigDecimal GREATEST = BigDecimal.valueOf(Long.MAX_VALUE);

  private SchemaNumbers() {}

  /** Returns the numbers of a schema in normal form. */
  static Expr write(
      Schema schema, boolean integer, SchemaDocument document, SchemaTexts texts, JsonParts json) {
    NumberRange range = range(schema);
    boolean multiples = schema.has(MULTIPLES) || schema.has(NOT_MULTIPLES);
    TreeSet<BigDecimal> excluded = new TreeSet<>();
    for (JsonValue value : schema.list(NOT_IN)) {
      if (value instanceof JsonNumber(BigDecimal number)) {
        excluded.add(number);
      }
    }
    if (integer) {
      range = withinLong(withinFormats(schema, range));
    } else if (range.low() == null && range.high() == null && !multiples && excluded.isEmpty()) {
      return JsonParts.number();
    }
    List<Expr> options = new ArrayList<>();
    for (NumberRange part : without(range, excluded)) {
      options.add(integer ? part.integers() : part.numbers());
    }
    Expr numbers = new Expr.Choice(options);
    return multiples ? multiples(schema, numbers, document, texts, json) : numbers;
  }

  private static NumberRange range(Schema schema) {
    BigDecimal low = schema.number("minimum");
    BigDecimal above = schema.number("exclusiveMinimum");
    BigDecimal high = schema.number("maximum");
    BigDecimal below = schema.number("exclusiveMaximum");
    boolean lowIncluded = above == null || low != null && low.compareTo(above) > 0;
    boolean highIncluded = below == null || high != null && high.compareTo(below) < 0;
    return new NumberRange(
        lowIncluded ? low : above, lowIncluded, highIncluded ? high : below, highIncluded);
  }

  private static NumberRange withinFormats(Schema schema, NumberRange range) {
    NumberRange result = range;
    for (JsonValue format : schema.list(FORMATS)) {
      Formats.IntegerRange integers = Formats.integers(((JsonString) format).value());
      if (integers != null) {
        BigDecimal low = new BigDecimal(integers.low());
        BigDecimal high = new BigDecimal(integers.high());
        boolean lower = result.low() == null || result.low().compareTo(low) < 0;
        boolean higher = result.high() == null || result.high().compareTo(high) > 0;
        result =
            new NumberRange(
                lower ? low : result.low(),
                lower || result.lowIncluded(),
                higher ? high : result.high(),
                higher || result.highIncluded());
      }
    }
    return result;
  }

  /** Adds the bounds of a long on sides without a bound, unless the other one is beyond. */
  private static NumberRange withinLong(NumberRange range) {
    BigDecimal low = range.low();
    BigDecimal high = range.high();
    boolean addLow = low == null && (high == null || high.compareTo(LEAST) > 0);
    boolean addHigh = high == null && (low == null || low.compareTo(GREATEST) < 0);
    return new NumberRange(
        addLow ? LEAST : low,
        addLow || range.lowIncluded(),
        addHigh ? GREATEST : high,
        addHigh || range.highIncluded());
  }

  /** Returns the ranges that are left of one without some numbers, which are ascending. */
  private static List<NumberRange> without(NumberRange range, SortedSet<BigDecimal> excluded) {
    List<NumberRange> parts = new ArrayList<>();
    @Nullable BigDecimal low = range.low();
    boolean lowIncluded = range.lowIncluded();
    for (BigDecimal number : excluded) {
      boolean below = range.low() != null && number.compareTo(range.low()) < 0;
      boolean above = range.high() != null && number.compareTo(range.high()) > 0;
      if (!below && !above) {
        parts.add(new NumberRange(low, lowIncluded, number, false));
        low = number;
        lowIncluded = false;
      }
    }
    parts.add(new NumberRange(low, lowIncluded, range.high(), range.highIncluded()));
    return parts;
  }

  private static Expr multiples(
      Schema schema, Expr numbers, SchemaDocument document, SchemaTexts texts, JsonParts json) {
    TextLanguages languages = texts.languages();
    List<TextLanguage> parts = new ArrayList<>();
    parts.add(languages.ofAscii(numbers));
    for (JsonValue step : schema.list(MULTIPLES)) {
      parts.add(languages.multiples(((JsonNumber) step).value()));
    }
    for (JsonValue step : schema.list(NOT_MULTIPLES)) {
      parts.add(languages.complement(languages.multiples(((JsonNumber) step).value())));
    }
    Optional<TextAutomaton> automaton = texts.automaton(languages.intersection(parts));
    if (automaton.isEmpty()) {
      document.unsupported(
          schema,
          MULTIPLES,
          "expected an automaton of at most %d states, found more; use a smaller step"
              .formatted(TextAutomaton.MAX_STATES));
      return numbers;
    }
    return automaton.get().addTo(json.rules(), Utf8Ranges::of, Expr.EMPTY);
  }
}
