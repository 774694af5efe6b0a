package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Truth, equality, order and arithmetic as Python has them. */
final class Operators {
  private Operators() {}

  static boolean isTrue(Value value) {
    return switch (value) {
      case Text t -> !t.isEmpty();
      case Value.Int i -> i.value() != 0;
      case Value.Real r -> r.value() != 0;
      case Value.Bool b -> b.value();
      case Value.None n -> false;
      case Value.Undefined u -> false;
      case Sequence s -> !s.items().isEmpty();
      case Value.Generator g -> true;
      case Dict d -> d.size() > 0;
      case Value.Namespace n -> true;
      case Value.Instance i -> true;
    };
  }

  static boolean equal(Meter meter, Value a, Value b) {
    return equal(meter, a, b, 0);
  }

  private static boolean equal(Meter meter, Value a, Value b, int depth) {
    if (depth > Meter.MAX_NESTING) {
      throw meter.error("lists are nested too deeply to compare");
    }
    meter.charge(1);
    if (isNumber(a) && isNumber(b)) {
      return compareNumbers(a, b) == 0;
    }
    return switch (a) {
      case Text x -> {
        meter.charge(x.length() / 16);
        yield x.equals(b);
      }
      case Value.None n -> b instanceof Value.None;
      case Value.Undefined u -> b instanceof Value.Undefined;
      case Sequence x -> {
        if (!(b instanceof Sequence y)
            || !(x.kind() == y.kind() || (x.kind().isTuple() && y.kind().isTuple()))
            || x.items().size() != y.items().size()) {
          yield false;
        }
        if (!x.kind().hasIndexes()) {
          throw meter.error("cannot compare a " + x.describe() + "; use the filter 'list'");
        }
        boolean equal = true;
        for (int i = 0; equal && i < x.items().size(); i++) {
          equal = equal(meter, x.items().get(i), y.items().get(i), depth + 1);
        }
        yield equal;
      }
      case Dict x -> {
        if (!(b instanceof Dict y) || x.size() != y.size()) {
          yield false;
        }
        boolean equal = true;
        for (Dict.Entry entry : x.entries()) {
          Value other = y.get(meter, entry.key());
          equal = equal && other != null && equal(meter, entry.value(), other, depth + 1);
        }
        yield equal;
      }
      case Value.Generator g -> g.equals(b);
      case Value.Namespace n -> n.equals(b);
      case Value.Instance i -> i.equals(b);
      case Value.Int i -> false;
      case Value.Real r -> false;
      case Value.Bool bool -> false;
    };
  }

  /** Compares two numbers, two strings, or two lists of such. */
  static int compare(Meter meter, Value a, Value b) {
    return compare(meter, a, b, 0);
  }

  private static int compare(Meter meter, Value a, Value b, int depth) {
    if (depth > Meter.MAX_NESTING) {
      throw meter.error("lists are nested too deeply to compare");
    }
    meter.charge(1);
    if (isNumber(a) && isNumber(b)) {
      return compareNumbers(a, b);
    }
    if (a instanceof Text x && b instanceof Text y) {
      meter.charge(Math.min(x.length(), y.length()) / 16);
      return PythonText.compare(x.value(), y.value());
    }
    if (a instanceof Sequence x
        && b instanceof Sequence y
        && (x.kind() == y.kind() || (x.kind().isTuple() && y.kind().isTuple()))
        && (x.kind().isTuple() || x.kind() == Sequence.Kind.LIST)) {
      for (int i = 0; i < Math.min(x.items().size(), y.items().size()); i++) {
        if (!equal(meter, x.items().get(i), y.items().get(i), depth + 1)) {
          return compare(meter, x.items().get(i), y.items().get(i), depth + 1);
        }
      }
      return Integer.compare(x.items().size(), y.items().size());
    }
    throw meter.error("cannot order " + a.describe() + " and " + b.describe());
  }

  /** Compares exactly, as Python does: a large integer is not rounded to a float. */
  private static int compareNumbers(Value a, Value b) {
    boolean real = a instanceof Value.Real || b instanceof Value.Real;
    if (!real) {
      return Long.compare(toLong(a), toLong(b));
    }
    double x = toDouble(a);
    double y = toDouble(b);
    boolean finite = Math.abs(x) <= Double.MAX_VALUE && Math.abs(y) <= Double.MAX_VALUE;
    return finite ? exact(a).compareTo(exact(b)) : Double.compare(x, y);
  }

  private static BigDecimal exact(Value number) {
    return number instanceof Value.Real(double real)
        ? new BigDecimal(real)
        : new BigDecimal(toLong(number));
  }

  static boolean contains(Meter meter, Value container, Value item) {
    return switch (container) {
      case Text text -> {
        if (!(item instanceof Text part)) {
          throw meter.wrongType("'in' a string", "a string", item);
        }
        meter.chargeSearch(text.length(), part.length());
        yield text.value().contains(part.value());
      }
      case Sequence s -> {
        boolean found = false;
        for (int i = 0; !found && i < s.items().size(); i++) {
          found = equal(meter, s.items().get(i), item);
        }
        yield found;
      }
      case Value.Generator g -> {
        boolean found = false;
        for (Value next = g.takeFirst(); next != null; next = found ? null : g.takeFirst()) {
          found = equal(meter, next, item);
        }
        yield found;
      }
      case Dict d -> d.get(meter, item) != null;
      case Value.Undefined u -> false;
      default -> throw meter.wrongType("'in'", "a string, list or dictionary", container);
    };
  }

  static boolean isNumber(Value value) {
    return value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
  }

  /** Returns a number as a float. */
  static double toDouble(Value number) {
    return number instanceof Value.Real r ? r.value() : toLong(number);
  }

  /** Returns the value of an integer or boolean. */
  static long toLong(Value number) {
    return switch (number) {
      case Value.Int i -> i.value();
      case Value.Bool b -> b.value() ? 1 : 0;
      default -> throw new AssertionError(number);
    };
  }

  static Value arithmetic(Meter meter, String operator, Value a, Value b) {
    if (isNumber(a) && isNumber(b)) {
      try {
        return a instanceof Value.Real || b instanceof Value.Real || operator.equals("/")
            ? new Value.Real(compute(meter, operator, toDouble(a), toDouble(b)))
            : compute(meter, operator, toLong(a), toLong(b));
      } catch (ArithmeticException e) {
        throw meter.error("the result of '" + operator + "' does not fit into 64 bits");
      }
    }
    if (operator.equals("+") && a instanceof Text x && b instanceof Text y) {
      meter.chargeText((long) x.length() + y.length());
      return x.isMarkup() == y.isMarkup() ? x.plus(y) : joinMarkup(meter, x, y);
    }
    if (operator.equals("+") && a instanceof Sequence x && b instanceof Sequence y) {
      Sequence joined = join(meter, x, y);
      if (joined != null) {
        return joined;
      }
    }
    if (operator.equals("*")) {
      Value repeated = isNumber(b) ? repeat(meter, a, b) : repeat(meter, b, a);
      if (repeated != null) {
        return repeated;
      }
    }
    if (operator.equals("%") && a instanceof Text format && !format.isMarkup()) {
      return new PercentFormat(meter, format, b).format();
    }
    throw meter.error(
        "operator '"
            + operator
            + "' is not supported between "
            + a.describe()
            + " and "
            + b.describe());
  }

  /** Text that is added to HTML is escaped. */
  private static Text joinMarkup(Meter meter, Text a, Text b) {
    Text left = a.isMarkup() ? a : Strings.escape(meter, a);
    Text right = b.isMarkup() ? b : Strings.escape(meter, b);
    return left.asMarkup().plus(right.asMarkup());
  }

  private static @Nullable Sequence join(Meter meter, Sequence a, Sequence b) {
    boolean tuples = a.kind().isTuple() && b.kind().isTuple();
    if (!tuples && (a.kind() != Sequence.Kind.LIST || b.kind() != Sequence.Kind.LIST)) {
      return null;
    }
    meter.chargeItems((long) a.items().size() + b.items().size());
    List<Value> items = new ArrayList<>(a.items());
    items.addAll(b.items());
    return tuples ? Value.tuple(items) : Value.list(items);
  }

  /** Returns text or a list several times; null if it is neither or the number no integer. */
  private static @Nullable Value repeat(Meter meter, Value value, Value number) {
    if (!isNumber(number) || number instanceof Value.Real) {
      return null;
    }
    long times = Math.max(0, toLong(number));
    if (value instanceof Text text) {
      boolean empty = times == 0 || text.isEmpty();
      meter.chargeText(empty ? 0 : times > Meter.MAX_TEXT ? Long.MAX_VALUE : text.length() * times);
      return empty ? Text.EMPTY : text.repeat((int) times);
    }
    if (value instanceof Sequence s && (s.kind().isTuple() || s.kind() == Sequence.Kind.LIST)) {
      boolean empty = times == 0 || s.items().isEmpty();
      if (!empty && times > Meter.MAX_TEXT) {
        throw meter.error("a list grows beyond " + Meter.MAX_TEXT + " elements");
      }
      meter.chargeItems(empty ? 0 : s.items().size() * times);
      List<Value> items = new ArrayList<>();
      for (long i = 0; !empty && i < times; i++) {
        items.addAll(s.items());
      }
      return s.kind().isTuple() ? Value.tuple(items) : Value.list(items);
    }
    return null;
  }

  private static double compute(Meter meter, String operator, double a, double b) {
    if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw meter.error("division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor(a / b);
      case "%" -> {
        double remainder = a % b;
        yield remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
      }
      default -> StrictMath.pow(a, b);
    };
  }

  private static Value compute(Meter meter, String operator, long a, long b) {
    if (b == 0 && (operator.equals("//") || operator.equals("%"))) {
      throw meter.error("division by zero");
    }
    return switch (operator) {
      case "+" -> new Value.Int(Math.addExact(a, b));
      case "-" -> new Value.Int(Math.subtractExact(a, b));
      case "*" -> new Value.Int(Math.multiplyExact(a, b));
      case "//" -> new Value.Int(Math.floorDivExact(a, b));
      case "%" -> new Value.Int(Math.floorMod(a, b));
      default ->
          b < 0
              ? new Value.Real(StrictMath.pow((double) a, (double) b))
              : new Value.Int(power(a, b));
    };
  }

  private static long power(long base, long exponent) {
    long result = 1;
    long square = base;
    for (long e = exponent; e > 0; e >>= 1) {
      if ((e & 1) != 0) {
        result = Math.multiplyExact(result, square);
      }
      if (e > 1) {
        square = Math.multiplyExact(square, square);
      }
    }
    return result;
  }

  static Value sign(Meter meter, boolean minus, Value value) {
    if (!isNumber(value)) {
      throw meter.wrongType("sign", "a number", value);
    }
    if (value instanceof Value.Real(double real)) {
      return new Value.Real(minus ? -real : real);
    }
    return minus ? arithmetic(meter, "-", new Value.Int(0), value) : new Value.Int(toLong(value));
  }
}
