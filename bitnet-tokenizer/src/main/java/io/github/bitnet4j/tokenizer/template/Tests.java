package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The tests that templates may use after {@code is}, or by name in filters such as select. */
final class Tests {
  /** Whether a value passes. */
  @FunctionalInterface
  private interface Test {
    boolean passes(Value value, Arguments arguments);
  }

  @FunctionalInterface
  private interface Relation {
    boolean holds(Meter meter, Value value, Value other);
  }

  private static final Map<String, Test> BY_NAME = new LinkedHashMap<>();

  static {
    plain("defined", v -> !(v instanceof Value.Undefined));
    plain("undefined", v -> v instanceof Value.Undefined);
    plain("none", v -> v instanceof Value.None);
    plain("string", v -> v instanceof Text);
    plain("mapping", v -> v instanceof Dict);
    plain("boolean", v -> v instanceof Value.Bool);
    plain("true", v -> v instanceof Value.Bool(boolean b) && b);
    plain("false", v -> v instanceof Value.Bool(boolean b) && !b);
    plain("integer", v -> v instanceof Value.Int);
    plain("float", v -> v instanceof Value.Real);
    plain("number", Operators::isNumber);
    plain("iterable", Tests::isIterable);
    plain("sequence", Tests::isSequence);
    // Python finds the method with which an undefined value refuses to be called.
    plain("callable", v -> v instanceof Value.Undefined || isCallable(v));
    // Only markup is escaped, and templates of prompts print none.
    plain("escaped", v -> false);
    BY_NAME.put("lower", (v, a) -> isCase(v, a, false));
    BY_NAME.put("upper", (v, a) -> isCase(v, a, true));
    plain("filter", v -> v instanceof Text name && Filters.isKnown(name.value()));
    plain("test", v -> v instanceof Text name && BY_NAME.containsKey(name.value()));
    relation(Operators::equal, "equalto", "eq", "==");
    relation((m, a, b) -> !Operators.equal(m, a, b), "ne", "!=");
    relation((m, a, b) -> Operators.compare(m, a, b) < 0, "lt", "lessthan", "<");
    relation((m, a, b) -> Operators.compare(m, a, b) <= 0, "le", "<=");
    relation((m, a, b) -> Operators.compare(m, a, b) > 0, "gt", "greaterthan", ">");
    relation((m, a, b) -> Operators.compare(m, a, b) >= 0, "ge", ">=");
    relation((m, a, b) -> Operators.contains(m, b, a), "in");
    relation((m, a, b) -> hasRemainder(m, a, b, 0), "divisibleby");
    relation(Tests::isSame, "sameas");
    BY_NAME.put("even", (v, a) -> hasRemainderOfTwo(v, a, 0));
    BY_NAME.put("odd", (v, a) -> hasRemainderOfTwo(v, a, 1));
  }

  private Tests() {}

  private static void plain(String name, Predicate<Value> test) {
    BY_NAME.put(
        name,
        (value, arguments) -> {
          arguments.none();
          return test.test(value);
        });
  }

  private static void relation(Relation relation, String... names) {
    for (String name : List.of(names)) {
      BY_NAME.put(
          name,
          (value, arguments) ->
              relation.holds(arguments.meter(), value, arguments.single("other")));
    }
  }

  /** Returns whether a value passes the test of a name. */
  static boolean passes(String name, Value value, Arguments arguments) {
    Test test = BY_NAME.get(name);
    if (test == null) {
      throw arguments.meter().error("test '" + name + "' is not supported");
    }
    return test.passes(value, arguments);
  }

  private static boolean isCallable(Value value) {
    return value instanceof Value.Instance instance && instance.body() != null;
  }

  private static boolean isIterable(Value value) {
    return switch (value) {
      case Text _, Sequence _, Value.Generator _, Dict _, Value.Undefined _ -> true;
      default -> false;
    };
  }

  private static boolean isSequence(Value value) {
    return value instanceof Sequence s
        ? s.kind().hasIndexes()
        : isIterable(value) && !(value instanceof Value.Generator);
  }

  private static boolean isCase(Value value, Arguments arguments, boolean upper) {
    arguments.none();
    String text = Printer.print(arguments.meter(), value).value();
    return PythonText.isCase(text, upper);
  }

  /** Whether both are one object, as far as that does not depend on how Python keeps them. */
  private static boolean isSame(Meter meter, Value value, Value other) {
    boolean simple = Operators.isNumber(value) || value instanceof Value.None;
    return isIdentical(value, other)
        || (simple && value.getClass() == other.getClass() && Operators.equal(meter, value, other));
  }

  @SuppressWarnings("ReferenceEquality") // what the test is about
  private static boolean isIdentical(Value value, Value other) {
    return value == other;
  }

  private static boolean hasRemainderOfTwo(Value value, Arguments arguments, long remainder) {
    arguments.none();
    return hasRemainder(arguments.meter(), value, new Value.Int(2), remainder);
  }

  private static boolean hasRemainder(Meter meter, Value value, Value divisor, long remainder) {
    if (!Operators.isNumber(value)) {
      throw meter.wrongType("remainder", "a number", value);
    }
    Value actual = Operators.arithmetic(meter, "%", value, divisor);
    return Operators.equal(meter, actual, new Value.Int(remainder));
  }
}
