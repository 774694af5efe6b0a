package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.constraint.TextPattern.Chars;
import io.github.bitnet4j.core.constraint.TextPattern.Choice;
import io.github.bitnet4j.core.constraint.TextPattern.Repeat;
import io.github.bitnet4j.core.constraint.TextPattern.Sequence;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Puts lengths into a plain expression by changing how often its parts are repeated. */
final class PatternLengths {
  /** How often a part is repeated whose own length has no limit. */
  private static final int NESTED = 4;

  private PatternLengths() {}

  /**
   * Returns an expression of exactly those texts that have between {@code min} and {@code max}
   * characters; null if changing one repetition does not do.
   */
  static @Nullable TextPattern exactly(TextPattern pattern, int min, int max) {
    if (pattern.minLength() >= min && pattern.maxLength() <= max) {
      return pattern;
    }
    List<TextPattern> parts =
        pattern instanceof Sequence(List<TextPattern> some) ? some : List.of(pattern);
    int varying = -1;
    long fixed = 0;
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i).minLength() == parts.get(i).maxLength()) {
        fixed += parts.get(i).minLength();
      } else if (varying < 0 && parts.get(i) instanceof Repeat(Chars _, int _, int _)) {
        varying = i;
      } else {
        return null;
      }
    }
    List<TextPattern> changed = new ArrayList<>(parts);
    if (varying >= 0 && parts.get(varying) instanceof Repeat(var body, int least, int most)) {
      long from = Math.max(least, min - fixed);
      long to = max == Expr.UNBOUNDED ? most : Math.min(most, max - fixed);
      if (from <= to) {
        changed.set(varying, new Repeat(body, (int) from, (int) to));
        return new Sequence(changed);
      }
    }
    return new Choice(List.of()); // no text is neither too short nor too long
  }

  /**
   * Returns an expression of some texts with at most {@code max} characters: repetitions without a
   * limit get equal shares of what is left.
   *
   * @return null if the fewest repetitions are too many
   */
  static @Nullable TextPattern shared(TextPattern pattern, long max) {
    if (pattern.maxLength() <= max) {
      return pattern;
    }
    if (pattern.minLength() > max) {
      return null;
    }
    return switch (pattern) {
      case Sequence(List<TextPattern> parts) -> sequence(parts, max);
      case Choice(List<TextPattern> options) -> {
        List<TextPattern> possible = new ArrayList<>();
        for (TextPattern option : options) {
          TextPattern bounded = shared(option, max);
          if (bounded != null) {
            possible.add(bounded);
          }
        }
        yield possible.isEmpty() ? null : new Choice(possible);
      }
      case Repeat(TextPattern body, int min, int most) -> {
        long times = Math.max(min, Math.min(most, NESTED));
        TextPattern bounded = body.maxLength() <= max / times ? body : shared(body, max / times);
        yield bounded == null || bounded.maxLength() == 0
            ? null
            : new Repeat(bounded, min, (int) Math.min(most, max / bounded.maxLength()));
      }
      case Chars _, TextPattern.Start _, TextPattern.End _, TextPattern.Look _ -> null;
    };
  }

  private static @Nullable TextPattern sequence(List<TextPattern> parts, long max) {
    long left = max;
    int longParts = 0;
    for (TextPattern part : parts) {
      if (part.maxLength() > max / (parts.size() + 1L)) {
        longParts++;
        left -= part.minLength();
      } else {
        left -= part.maxLength();
      }
    }
    if (left < 0 || longParts == 0) {
      return null;
    }
    List<TextPattern> bounded = new ArrayList<>();
    for (TextPattern part : parts) {
      TextPattern one =
          part.maxLength() > max / (parts.size() + 1L)
              ? shared(part, part.minLength() + left / longParts)
              : part;
      if (one == null) {
        return null;
      }
      bounded.add(one);
    }
    return new Sequence(bounded);
  }
}
