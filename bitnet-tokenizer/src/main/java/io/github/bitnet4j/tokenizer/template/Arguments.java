package io.github.bitnet4j.tokenizer.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one call.
 *
 * @param callee what is called, for error messages
 */
record Arguments(Meter meter, String callee, List<Value> positional, Map<String, Value> named) {

  /** Returns the arguments in the order of the parameters, null where there is none. */
  @Nullable Value[] bind(String... parameters) {
    if (positional.size() > parameters.length) {
      throw meter.error(
          callee
              + ": expected at most "
              + parameters.length
              + " arguments, found "
              + positional.size());
    }
    @Nullable Value[] values = new @Nullable Value[parameters.length];
    int used = positional.size();
    for (int i = 0; i < parameters.length; i++) {
      if (i < positional.size()) {
        values[i] = positional.get(i);
      } else if (named.containsKey(parameters[i])) {
        values[i] = named.get(parameters[i]);
        used++;
      }
    }
    if (used < positional.size() + named.size()) {
      throw meter.error(callee + ": unknown or repeated arguments in " + named.keySet());
    }
    return values;
  }

  /** Checks that there are none. */
  void none() {
    bind();
  }

  /** Returns the only argument. */
  Value single(String parameter) {
    return required(bind(parameter)[0], parameter);
  }

  Value required(@Nullable Value value, String parameter) {
    if (value == null) {
      throw meter.error(callee + ": argument '" + parameter + "' is missing");
    }
    return value;
  }

  Text text(@Nullable Value value, String parameter) {
    if (required(value, parameter) instanceof Text text) {
      return text;
    }
    throw wrongType(value, parameter, "a string");
  }

  /** Returns whether an argument is there and true. */
  static boolean isTrue(@Nullable Value value) {
    return value != null && Operators.isTrue(value);
  }

  /** Returns the arguments after the first {@code from} ones without a name, for another callee. */
  Arguments from(int from, String otherCallee) {
    return new Arguments(
        meter,
        otherCallee,
        positional.subList(Math.min(from, positional.size()), positional.size()),
        named);
  }

  long integer(@Nullable Value value, String parameter) {
    Value number = required(value, parameter);
    if (number instanceof Value.Int || number instanceof Value.Bool) {
      return Operators.toLong(number);
    }
    throw wrongType(value, parameter, "an integer");
  }

  long integerOr(@Nullable Value value, String parameter, long otherwise) {
    return value == null || value instanceof Value.None ? otherwise : integer(value, parameter);
  }

  private RuntimeException wrongType(@Nullable Value value, String parameter, String expected) {
    return meter.wrongType(
        callee + ": argument '" + parameter + "'", expected, required(value, parameter));
  }
}
