package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.constraint.TextLanguage.Chars;
import io.github.bitnet4j.core.constraint.TextLanguage.Complement;
import io.github.bitnet4j.core.constraint.TextLanguage.Concatenation;
import io.github.bitnet4j.core.constraint.TextLanguage.Empty;
import io.github.bitnet4j.core.constraint.TextLanguage.End;
import io.github.bitnet4j.core.constraint.TextLanguage.Form;
import io.github.bitnet4j.core.constraint.TextLanguage.Intersection;
import io.github.bitnet4j.core.constraint.TextLanguage.Multiple;
import io.github.bitnet4j.core.constraint.TextLanguage.Repeat;
import io.github.bitnet4j.core.constraint.TextLanguage.Start;
import io.github.bitnet4j.core.constraint.TextLanguage.Union;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Makes sets of texts and their derivatives (Brzozowski, "Derivatives of Regular Expressions",
 * 1964): what may follow a character. Equal expressions are one object, and the simplest laws are
 * applied, so that there are finitely many derivatives of one expression. Not thread-safe.
 */
final class TextLanguages {
  private final ReadingWork work;
  private final Map<Form, TextLanguage> made = new HashMap<>();
  private final Map<Derivation, TextLanguage> derivatives = new HashMap<>();

  final TextLanguage none;
  final TextLanguage empty;

  /** Every text. */
  final TextLanguage all;

  private record Derivation(TextLanguage of, int character, boolean atStart) {}

  TextLanguages(ReadingWork work) {
    this.work = work;
    none = make(new Union(List.of()));
    empty = make(new Empty());
    all = make(new Repeat(make(new Chars(CodePoints.ALL)), 0, Expr.UNBOUNDED));
  }

  private TextLanguage make(Form form) {
    work.spend(1);
    TextLanguage known = made.get(form);
    if (known == null) {
      known = new TextLanguage(form, made.size());
      made.put(form, known);
    }
    return known;
  }

  TextLanguage chars(CodePoints set) {
    return set.isEmpty() ? none : make(new Chars(set));
  }

  TextLanguage literal(String text) {
    TextLanguage result = empty;
    int[] characters = text.codePoints().toArray();
    for (int i = characters.length - 1; i >= 0; i--) {
      result = then(chars(CodePoints.of(characters[i])), result);
    }
    return result;
  }

  TextLanguage then(TextLanguage first, TextLanguage second) {
    if (first == none || second == none) {
      return none;
    }
    if (first == empty || first == all && second == all) {
      return second;
    }
    if (second == empty) {
      return first;
    }
    return first.form instanceof Concatenation(TextLanguage a, TextLanguage b)
        ? then(a, then(b, second))
        : make(new Concatenation(first, second));
  }

  TextLanguage repeat(TextLanguage body, int min, int max) {
    if (max == 0 || body == empty || body == none && min == 0) {
      return empty;
    }
    if (body == none || min == 1 && max == 1) {
      return body;
    }
    return make(new Repeat(body, min, max));
  }

  TextLanguage union(List<TextLanguage> options) {
    SortedSet<TextLanguage> flat = sorted();
    for (TextLanguage option : options) {
      if (option == all) {
        return all;
      }
      if (option.form instanceof Union(List<TextLanguage> inner)) {
        flat.addAll(inner);
      } else {
        flat.add(option);
      }
    }
    work.spend(flat.size());
    return flat.size() == 1 ? flat.getFirst() : make(new Union(List.copyOf(flat)));
  }

  TextLanguage intersection(List<TextLanguage> parts) {
    SortedSet<TextLanguage> flat = sorted();
    for (TextLanguage part : parts) {
      if (part == none) {
        return none;
      }
      if (part.form instanceof Intersection(List<TextLanguage> inner)) {
        flat.addAll(inner);
      } else if (part != all) {
        flat.add(part);
      }
    }
    work.spend(flat.size());
    return flat.isEmpty()
        ? all
        : flat.size() == 1 ? flat.getFirst() : make(new Intersection(List.copyOf(flat)));
  }

  private static SortedSet<TextLanguage> sorted() {
    return new TreeSet<>(Comparator.comparingInt(language -> language.id));
  }

  TextLanguage complement(TextLanguage body) {
    if (body.form instanceof Complement(TextLanguage inner)) {
      return inner;
    }
    return body == all ? none : body == none ? all : make(new Complement(body));
  }

  /** Returns the texts with a number of characters between two bounds. */
  TextLanguage length(int min, int max) {
    return repeat(chars(CodePoints.ALL), min, max);
  }

  /** Returns the decimal numbers that are multiples of one that is greater than 0. */
  TextLanguage multiples(BigDecimal of) {
    BigDecimal plain = of.stripTrailingZeros();
    int scale = Math.max(0, plain.scale());
    BigInteger step = plain.setScale(scale).unscaledValue();
    return make(new Multiple(step, scale, BigInteger.ZERO, -2));
  }

  /** Returns the texts in which an expression is found. */
  TextLanguage containing(TextPattern pattern) {
    return then(all, of(pattern, all));
  }

  /** Returns the texts that an expression matches as a whole. */
  TextLanguage of(TextPattern pattern) {
    return of(pattern, empty);
  }

  /** Returns the texts of an expression, and whatever {@code rest} says after it. */
  private TextLanguage of(TextPattern pattern, TextLanguage rest) {
    work.spend(1);
    return switch (pattern) {
      case TextPattern.Chars(CodePoints set) -> then(chars(set), rest);
      case TextPattern.Sequence(List<TextPattern> parts) -> {
        TextLanguage result = rest;
        for (TextPattern part : parts.reversed()) {
          result = of(part, result);
        }
        yield result;
      }
      case TextPattern.Choice(List<TextPattern> options) ->
          pattern.isPlain()
              ? then(union(options.stream().map(option -> of(option, empty)).toList()), rest)
              : union(options.stream().map(option -> of(option, rest)).toList());
      case TextPattern.Repeat(TextPattern body, int min, int max) ->
          then(repeat(of(body, empty), min, max), rest);
      case TextPattern.Start _ -> then(make(new Start()), rest);
      case TextPattern.End _ -> then(make(new End()), rest);
      case TextPattern.Look(TextPattern body, boolean negative) -> {
        TextLanguage ahead = of(body, all);
        yield intersection(List.of(negative ? complement(ahead) : ahead, rest));
      }
    };
  }

  /** Returns an expression over ASCII bytes, without rules. */
  TextLanguage ofAscii(Expr expr) {
    return switch (expr) {
      case Expr.Bytes(ByteSet set) -> {
        List<CodePoints.Range> ranges = new ArrayList<>();
        for (int c = 0; c < 128; c++) {
          if (set.contains(c)) {
            ranges.add(new CodePoints.Range(c, c));
          }
        }
        yield chars(CodePoints.of(ranges));
      }
      case Expr.Sequence(List<Expr> parts) -> {
        TextLanguage result = empty;
        for (Expr part : parts.reversed()) {
          result = then(ofAscii(part), result);
        }
        yield result;
      }
      case Expr.Choice(List<Expr> options) -> union(options.stream().map(this::ofAscii).toList());
      case Expr.Repeat(Expr body, int min, int max) -> repeat(ofAscii(body), min, max);
      case Expr.Rule _ -> throw new AssertionError(expr);
    };
  }

  /** Returns whether a text is in a language. */
  boolean contains(TextLanguage language, String text) {
    TextLanguage rest = language;
    boolean atStart = true;
    for (int c : text.codePoints().toArray()) {
      rest = derive(rest, c, atStart);
      atStart = false;
    }
    return acceptsEmpty(rest, atStart, true);
  }

  /**
   * Returns whether the empty text is in a language.
   *
   * @param atStart whether it is at the beginning of the whole text
   * @param atEnd whether it is at the end of the whole text
   */
  boolean acceptsEmpty(TextLanguage language, boolean atStart, boolean atEnd) {
    work.spend(1);
    return switch (language.form) {
      case Chars _ -> false;
      case Empty _ -> true;
      case Start _ -> atStart;
      case End _ -> atEnd;
      case Concatenation(TextLanguage first, TextLanguage second) ->
          acceptsEmpty(first, atStart, atEnd) && acceptsEmpty(second, atStart, atEnd);
      case Repeat(TextLanguage body, int min, int _) ->
          min == 0 || acceptsEmpty(body, atStart, atEnd);
      case Union(List<TextLanguage> options) ->
          options.stream().anyMatch(option -> acceptsEmpty(option, atStart, atEnd));
      case Intersection(List<TextLanguage> parts) ->
          parts.stream().allMatch(part -> acceptsEmpty(part, atStart, atEnd));
      case Complement(TextLanguage body) -> !acceptsEmpty(body, atStart, atEnd);
      case Multiple(BigInteger step, int scale, BigInteger remainder, int decimals) ->
          decimals > -2
              && remainder
                      .multiply(BigInteger.TEN.pow(scale - Math.max(0, decimals)))
                      .mod(step)
                      .signum()
                  == 0;
    };
  }

  /** Returns what may follow a character. */
  TextLanguage derive(TextLanguage language, int character, boolean atStart) {
    return switch (language.form) {
      case Chars(CodePoints set) -> set.contains(character) ? empty : none;
      case Empty _, Start _, End _ -> none;
      default -> {
        var key = new Derivation(language, character, atStart);
        TextLanguage known = derivatives.get(key);
        if (known == null) {
          known = deriveParts(language, character, atStart);
          derivatives.put(key, known);
        }
        yield known;
      }
    };
  }

  private TextLanguage deriveParts(TextLanguage language, int character, boolean atStart) {
    work.spend(1);
    return switch (language.form) {
      case Concatenation(TextLanguage first, TextLanguage second) -> {
        TextLanguage result = then(derive(first, character, atStart), second);
        yield acceptsEmpty(first, atStart, false)
            ? union(List.of(result, derive(second, character, atStart)))
            : result;
      }
      case Repeat(TextLanguage body, int min, int max) -> {
        // A body that matches the empty text may do so for the times that are still demanded.
        int left = acceptsEmpty(body, atStart, false) ? 0 : Math.max(0, min - 1);
        yield then(
            derive(body, character, atStart),
            repeat(body, left, max == Expr.UNBOUNDED ? max : max - 1));
      }
      case Union(List<TextLanguage> options) ->
          union(options.stream().map(option -> derive(option, character, atStart)).toList());
      case Intersection(List<TextLanguage> parts) ->
          intersection(parts.stream().map(part -> derive(part, character, atStart)).toList());
      case Complement(TextLanguage body) -> complement(derive(body, character, atStart));
      case Multiple multiple -> digit(multiple, character);
      case Chars _, Empty _, Start _, End _ -> throw new AssertionError(language);
    };
  }

  private TextLanguage digit(Multiple number, int character) {
    int decimals = number.decimals();
    if (character == '-' && decimals == -2) {
      return make(new Multiple(number.step(), number.scale(), number.remainder(), -1));
    }
    if (character == '.' && decimals == -1) {
      return make(new Multiple(number.step(), number.scale(), number.remainder(), 0));
    }
    if (character < '0' || character > '9' || decimals == number.scale() && character != '0') {
      return none;
    }
    if (decimals == number.scale()) {
      return make(number);
    }
    BigInteger remainder =
        number
            .remainder()
            .multiply(BigInteger.TEN)
            .add(BigInteger.valueOf(character - '0'))
            .mod(number.step());
    int next = decimals < 0 ? -1 : decimals + 1;
    return make(new Multiple(number.step(), number.scale(), remainder, next));
  }
}
