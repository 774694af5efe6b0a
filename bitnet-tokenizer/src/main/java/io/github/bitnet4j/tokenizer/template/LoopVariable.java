package io.github.bitnet4j.tokenizer.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop} of one run of a loop. */
final class LoopVariable {
  private final Meter meter;
  private final List<Value> items;
  private final int depth;
  private final Value.@Nullable Body body;

  /** The arguments of the last call of {@code loop.changed}; null before the first. */
  private @Nullable Value lastChanged;

  /**
   * Creates the variable.
   *
   * @param depth 1, and one more for each call of a recursive loop
   * @param body the loop itself, if it is recursive
   */
  LoopVariable(Meter meter, List<Value> items, int depth, Value.@Nullable Body body) {
    this.meter = meter;
    this.items = items;
    this.depth = depth;
    this.body = body;
  }

  /** Returns the value of the variable for one element. */
  Value at(int index) {
    return new Value.Instance(
        "loop",
        "<LoopContext " + (index + 1) + "/" + items.size() + ">",
        name -> attribute(name, index),
        body);
  }

  private @Nullable Value attribute(String name, int index) {
    int size = items.size();
    return switch (name) {
      case "index" -> new Value.Int(index + 1L);
      case "index0" -> new Value.Int(index);
      case "revindex" -> new Value.Int((long) size - index);
      case "revindex0" -> new Value.Int(size - index - 1L);
      case "first" -> Value.of(index == 0);
      case "last" -> Value.of(index == size - 1);
      case "length" -> new Value.Int(size);
      case "depth" -> new Value.Int(depth);
      case "depth0" -> new Value.Int(depth - 1L);
      case "previtem" -> index > 0 ? items.get(index - 1) : null;
      case "nextitem" -> index < size - 1 ? items.get(index + 1) : null;
      case "cycle" -> Value.Instance.callable("loop.cycle", call -> cycle(call, index));
      case "changed" -> Value.Instance.callable("loop.changed", this::changed);
      default -> null;
    };
  }

  private static Value cycle(Arguments arguments, int index) {
    List<Value> values = arguments.positional();
    if (values.isEmpty()) {
      throw arguments.meter().error("loop.cycle: expected at least one argument");
    }
    return values.get(index % values.size());
  }

  private Value changed(Arguments arguments) {
    Value values = Value.tuple(arguments.positional());
    boolean changed = lastChanged == null || !Operators.equal(meter, lastChanged, values);
    lastChanged = values;
    return Value.of(changed);
  }
}
