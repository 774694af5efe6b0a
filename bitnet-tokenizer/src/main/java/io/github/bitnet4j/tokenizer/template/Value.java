package io.github.bitnet4j.tokenizer.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A value while a template is rendered. All but {@link Namespace}, {@link Generator} and some
 * {@link Instance}s are immutable once they can be seen by a template.
 */
sealed interface Value
    permits Text,
        Dict,
        Value.Int,
        Value.Real,
        Value.Bool,
        Value.None,
        Value.Undefined,
        Value.Sequence,
        Value.Generator,
        Value.Namespace,
        Value.Instance {

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
      /** Of the filter {@code groupby}: a tuple whose elements are named too. */
      GROUP("group"),
      /** Of {@code keys()}, {@code values()} and {@code items()}: has a length, but no indexes. */
      VIEW("dictionary view"),
      RANGE("range");

      final String typeName;

      Kind(String typeName) {
        this.typeName = typeName;
      }

      boolean hasIndexes() {
        return this != VIEW;
      }

      boolean isTuple() {
        return this == TUPLE || this == GROUP;
      }
    }
  }

  /**
   * The result of lazy filters such as {@code map}: always true, without length and indexes, and
   * empty once it has been visited.
   */
  final class Generator implements Value {
    private List<? extends Value> items;

    Generator(List<? extends Value> items) {
      this.items = items;
    }

    /** Returns the elements that nobody has taken yet, and takes them all. */
    List<? extends Value> takeAll() {
      List<? extends Value> taken = items;
      items = List.of();
      return taken;
    }

    /** Takes the first element that nobody has taken yet; null if there is none. */
    @Nullable Value takeFirst() {
      if (items.isEmpty()) {
        return null;
      }
      Value first = items.getFirst();
      items = items.subList(1, items.size());
      return first;
    }
  }

  /** The result of {@code namespace()}, whose attributes a template can set. */
  final class Namespace implements Value {
    final Map<String, Value> attributes = new LinkedHashMap<>();
  }

  /** The body of something that can be called. */
  @FunctionalInterface
  interface Body {
    Value call(Arguments arguments);
  }

  /**
   * An object of Jinja's own: a function, macro or bound method, the variable {@code loop}.
   *
   * @param typeName what error messages call it
   * @param printed how it prints; null if that would show an address
   * @param attributes returns an attribute by name, null if there is none
   * @param body the body, if it can be called
   */
  record Instance(
      String typeName,
      @Nullable String printed,
      Function<String, @Nullable Value> attributes,
      @Nullable Body body)
      implements Value {

    /** Returns something without attributes that can be called. */
    static Instance callable(String typeName, Body body) {
      return new Instance(typeName, null, name -> null, body);
    }
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

  /** Returns the name of the value's type for error messages. */
  default String describe() {
    return switch (this) {
      case Text t -> "string";
      case Int i -> "integer";
      case Real r -> "float";
      case Bool b -> "boolean";
      case None n -> "none";
      case Undefined u -> u.what() + ", which is undefined";
      case Sequence s -> s.kind().typeName;
      case Generator g -> "generator";
      case Dict d -> "dictionary";
      case Namespace n -> "namespace";
      case Instance i -> i.typeName();
    };
  }
}
