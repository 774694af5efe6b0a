package io.github.bitnet4j.tokenizer.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value while a template is rendered. All but {@link Namespace} are immutable. */
sealed interface Value
    permits Text,
        Value.Int,
        Value.Real,
        Value.Bool,
        Value.None,
        Value.Undefined,
        Value.Sequence,
        Value.Dict,
        Value.Namespace {

  /** An integer. Python's have no bound; a result beyond 64 bits is refused, never wrapped. */
  record Int(long value) implements Value {}

  record Real(double value) implements Value {}

  record Bool(boolean value) implements Value {
    static final Bool TRUE = new Bool(true);
    static final Bool FALSE = new Bool(false);
  }

  record None() implements Value {
    static final None NONE = new None();
  }

  /**
   * What a missing variable, attribute or element gives: empty, false, and an error to look into.
   *
   * @param what what is missing, for that error
   */
  record Undefined(String what) implements Value {}

  /** Several values in order. */
  record Sequence(Kind kind, List<Value> items) implements Value {
    /** Python's types, which differ in what they allow. */
    enum Kind {
      LIST("list"),
      TUPLE("tuple"),
      /** Of {@code keys()}, {@code values()} and {@code items()}: has a length, but no indexes. */
      VIEW("dictionary view"),
      RANGE("range"),
      /** Of lazy filters such as {@code map}: always true, has no length and no indexes. */
      GENERATOR("generator");

      final String typeName;

      Kind(String typeName) {
        this.typeName = typeName;
      }

      boolean hasIndexes() {
        return this == LIST || this == TUPLE || this == RANGE;
      }
    }
  }

  /** A dictionary with strings as keys, as JSON has; it keeps the order of its entries. */
  record Dict(Map<Text, Value> entries) implements Value {}

  /** The result of {@code namespace()}: the only thing a template can change. */
  final class Namespace implements Value {
    final Map<String, Value> attributes = new LinkedHashMap<>();
  }

  static Value of(boolean value) {
    return value ? Bool.TRUE : Bool.FALSE;
  }

  static Sequence list(List<Value> items) {
    return new Sequence(Sequence.Kind.LIST, items);
  }

  static Sequence tuple(List<Value> items) {
    return new Sequence(Sequence.Kind.TUPLE, items);
  }

  static Sequence generator(List<Value> items) {
    return new Sequence(Sequence.Kind.GENERATOR, items);
  }

  /** Returns the name of the value's type for error messages. */
  default String typeName() {
    return switch (this) {
      case Text t -> "string";
      case Int i -> "integer";
      case Real r -> "float";
      case Bool b -> "boolean";
      case None n -> "none";
      case Undefined u -> u.what() + ", which is undefined";
      case Sequence s -> s.kind().typeName;
      case Dict d -> "dictionary";
      case Namespace n -> "namespace";
    };
  }
}
