package io.github.bitnet4j.core.constraint;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A regular expression over characters, as {@link RegexParser} reads it. */
sealed interface TextPattern {
  /** One character of a set. */
  record Chars(CodePoints set) implements TextPattern {}

  /** One after the other. */
  record Sequence(List<TextPattern> parts) implements TextPattern {}

  /** One of several. */
  record Choice(List<TextPattern> options) implements TextPattern {}

  /** From {@code min} to {@code max} times, {@link Expr#UNBOUNDED} for no limit. */
  record Repeat(TextPattern body, int min, int max) implements TextPattern {}

  /** The beginning of the text; matches no character. */
  record Start() implements TextPattern {}

  /** The end of the text; matches no character. */
  record End() implements TextPattern {}

  /** Look-ahead: the rest of the text begins with {@code body}, or does not. */
  record Look(TextPattern body, boolean negative) implements TextPattern {}

  /**
   * An alternative of a whole expression, tied to the ends of the text or not.
   *
   * @param content is plain: without anchors and look-ahead
   */
  record Branch(boolean fromStart, TextPattern content, boolean toEnd) {}

  /** Returns whether there are neither anchors nor look-ahead in this. */
  default boolean isPlain() {
    return switch (this) {
      case Chars _ -> true;
      case Sequence(List<TextPattern> parts) -> parts.stream().allMatch(TextPattern::isPlain);
      case Choice(List<TextPattern> options) -> options.stream().allMatch(TextPattern::isPlain);
      case Repeat(TextPattern body, int _, int _) -> body.isPlain();
      case Start _, End _, Look _ -> false;
    };
  }

  /**
   * Returns the alternatives of this expression if anchors are at their ends only and there is no
   * look-ahead; otherwise an empty list.
   */
  default List<Branch> branches() {
    List<Branch> branches = new ArrayList<>();
    for (TextPattern option : this instanceof Choice(var options) ? options : List.of(this)) {
      List<TextPattern> parts =
          option instanceof Sequence(List<TextPattern> some) ? some : List.of(option);
      boolean fromStart = !parts.isEmpty() && parts.getFirst() instanceof Start;
      parts = fromStart ? parts.subList(1, parts.size()) : parts;
      boolean toEnd = !parts.isEmpty() && parts.getLast() instanceof End;
      parts = toEnd ? parts.subList(0, parts.size() - 1) : parts;
      TextPattern content = parts.size() == 1 ? parts.getFirst() : new Sequence(parts);
      if (!content.isPlain()) {
        return List.of();
      }
      branches.add(new Branch(fromStart, content, toEnd));
    }
    return branches;
  }

  /** Returns the fewest characters of a text that a plain expression matches. */
  default long minLength() {
    return switch (this) {
      case Chars _ -> 1;
      case Sequence(List<TextPattern> parts) ->
          Math.min(Expr.UNBOUNDED, parts.stream().mapToLong(TextPattern::minLength).sum());
      case Choice(List<TextPattern> options) ->
          options.stream().mapToLong(TextPattern::minLength).min().orElse(0);
      case Repeat(TextPattern body, int min, int _) ->
          Math.min(Expr.UNBOUNDED, min * body.minLength());
      case Start _, End _, Look _ -> 0;
    };
  }

  /** Returns the most characters of such a text, {@link Expr#UNBOUNDED} for no limit. */
  default long maxLength() {
    return switch (this) {
      case Chars _ -> 1;
      case Sequence(List<TextPattern> parts) ->
          Math.min(Expr.UNBOUNDED, parts.stream().mapToLong(TextPattern::maxLength).sum());
      case Choice(List<TextPattern> options) ->
          options.stream().mapToLong(TextPattern::maxLength).max().orElse(0);
      case Repeat(TextPattern body, int _, int max) ->
          Math.min(Expr.UNBOUNDED, max * body.maxLength());
      case Start _, End _, Look _ -> 0;
    };
  }

  /**
   * Returns a plain expression over bytes.
   *
   * @param characters how a character of a set is written
   */
  default Expr toExpr(Function<CodePoints, Expr> characters) {
    return switch (this) {
      case Chars(CodePoints set) -> characters.apply(set);
      case Sequence(List<TextPattern> parts) ->
          new Expr.Sequence(parts.stream().map(part -> part.toExpr(characters)).toList());
      case Choice(List<TextPattern> options) ->
          new Expr.Choice(options.stream().map(option -> option.toExpr(characters)).toList());
      case Repeat(TextPattern body, int min, int max) ->
          new Expr.Repeat(body.toExpr(characters), min, max);
      case Start _, End _, Look _ -> throw new AssertionError(this);
    };
  }
}
