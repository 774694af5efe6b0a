package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.Map;
import java.util.function.Predicate;

/** The tests that templates may use after {@code is}, or by name in filters such as select. */
final class Tests {
  /** Whether a value passes. */
  @FunctionalInterface
  interface Test {
    boolean passes(Value value, Arguments arguments);
  }

  @FunctionalInterface
  private interface Relation {
    boolean holds(Meter meter, Value value, Value other);
  }

  static final Map<String, Test> BY_NAME =
      Map.ofEntries(
          plain("defined", v -> !(v instanceof Value.Undefined)),
          plain("undefined", v -> v instanceof Value.Undefined),
          plain("none", v -> v instanceof Value.None),
          plain("string", v -> v instanceof Text),
          plain("mapping", v -> v instanceof Value.Dict),
          plain("boolean", v -> v instanceof Value.Bool),
          plain("true", v -> v instanceof Value.Bool(boolean b) && b),
          plain("false", v -> v instanceof Value.Bool(boolean b) && !b),
          plain("integer", v -> v instanceof Value.Int),
          plain("float", v -> v instanceof Value.Real),
          plain("number", Operators::isNumber),
          plain("iterable", Tests::isIterable),
          plain("sequence", Tests::isSequence),
          relation("equalto", Operators::equal),
          relation("eq", Operators::equal),
          relation("ne", (m, a, b) -> !Operators.equal(m, a, b)),
          relation("lt", (m, a, b) -> Operators.compare(m, a, b) < 0),
          relation("le", (m, a, b) -> Operators.compare(m, a, b) <= 0),
          relation("gt", (m, a, b) -> Operators.compare(m, a, b) > 0),
          relation("ge", (m, a, b) -> Operators.compare(m, a, b) >= 0),
          relation("in", (m, a, b) -> Operators.contains(m, b, a)),
          relation("divisibleby", (m, a, b) -> hasRemainder(m, a, b, 0)),
          Map.entry("even", (v, a) -> hasRemainderOfTwo(v, a, 0)),
          Map.entry("odd", (v, a) -> hasRemainderOfTwo(v, a, 1)));

  private Tests() {}

  private static Map.Entry<String, Test> plain(String name, Predicate<Value> test) {
    return Map.entry(
        name,
        (value, arguments) -> {
          arguments.none();
          return test.test(value);
        });
  }

  private static Map.Entry<String, Test> relation(String name, Relation relation) {
    return Map.entry(
        name,
        (value, arguments) -> relation.holds(arguments.meter(), value, arguments.single("other")));
  }

  private static boolean isIterable(Value value) {
    return value instanceof Text
        || value instanceof Sequence
        || value instanceof Value.Dict
        || value instanceof Value.Undefined;
  }

  private static boolean isSequence(Value value) {
    return value instanceof Sequence s ? s.kind().hasIndexes() : isIterable(value);
  }

  private static boolean hasRemainderOfTwo(Value value, Arguments arguments, long remainder) {
    arguments.none();
    return hasRemainder(arguments.meter(), value, new Value.Int(2), remainder);
  }

  private static boolean hasRemainder(Meter meter, Value value, Value divisor, long remainder) {
    Value actual = Operators.arithmetic(meter, "%", value, divisor);
    return Operators.equal(meter, actual, new Value.Int(remainder));
  }
}
