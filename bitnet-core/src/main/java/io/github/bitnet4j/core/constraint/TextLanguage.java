package io.github.bitnet4j.core.constraint;

import java.math.BigInteger;
import java.util.List;

/**
 * A set of texts, as an expression that has intersection and complement beside the usual operators.
 * Made by a {@link TextLanguages}, which has one object for equal expressions.
 */
final class TextLanguage {
  /** How the parts are put together. */
  sealed interface Form {}

  /** One character of a set. */
  record Chars(CodePoints set) implements Form {}

  /** The empty text. */
  record Empty() implements Form {}

  /** The empty text at the beginning of all. */
  record Start() implements Form {}

  /** The empty text at the end of all. */
  record End() implements Form {}

  /** One after the other. */
  record Concatenation(TextLanguage first, TextLanguage second) implements Form {}

  /** From {@code min} to {@code max} times. */
  record Repeat(TextLanguage body, int min, int max) implements Form {}

  /** Texts of one of several. */
  record Union(List<TextLanguage> options) implements Form {}

  /** Texts of all. */
  record Intersection(List<TextLanguage> parts) implements Form {}

  /** All other texts. */
  record Complement(TextLanguage body) implements Form {}

  /**
   * Decimal numbers that are multiples of {@code step} / 10^{@code scale}: the rest of one.
   *
   * @param remainder of the digits so far
   * @param decimals how many digits behind the point there have been; -1 before the point, -2
   *     before all
   */
  record Multiple(BigInteger step, int scale, BigInteger remainder, int decimals) implements Form {}

  final Form form;

  /** Its number, in the order in which expressions were made. */
  final int id;

  TextLanguage(Form form, int id) {
    this.form = form;
    this.id = id;
  }

  // Equal expressions are one object: the inherited equals and hashCode compare them.
}
