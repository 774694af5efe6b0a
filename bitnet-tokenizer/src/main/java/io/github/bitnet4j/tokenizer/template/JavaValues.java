package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Value.Sequence;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes in what the caller gives, as JSON-like Java values, and measures its size. */
final class JavaValues {
  /**
   * Roles that templates know. As a message's {@code role} they count as template text, because
   * some templates build a special token around them ({@code '<|' + message.role + '|>'}).
   */
  private static final Set<String> KNOWN_ROLES =
      Set.of("system", "developer", "user", "assistant", "model", "tool", "function", "ipython");

  private static final Text ROLE = Text.ofTemplate("role");

  private static final long MAX_SIZE = 1L << 28;

  private final String root;
  private final boolean data;
  private long size;

  private JavaValues(String root, boolean data) {
    this.root = root;
    this.data = data;
  }

  static Value ofVariable(Meter meter, String name, @Nullable Object value) {
    JavaValues values = new JavaValues(name, false);
    Value result = values.convert(value, 0);
    meter.allowFor(values.size);
    return result;
  }

  static Value ofMessages(Meter meter, List<? extends Map<String, ?>> messages) {
    JavaValues values = new JavaValues("messages", true);
    List<Value> result = new ArrayList<>();
    for (Map<String, ?> message : messages) {
      Dict entries = values.convertEntries(message, 1);
      if (entries.get(ROLE) instanceof Text role && KNOWN_ROLES.contains(role.value())) {
        entries.put(ROLE, Text.ofTemplate(role.value()));
      }
      result.add(entries);
    }
    meter.allowFor(values.size);
    return Value.list(result);
  }

  private Value convert(@Nullable Object value, int depth) {
    if (depth > Meter.MAX_NESTING) {
      throw new IllegalArgumentException(
          root + ": nested more than " + Meter.MAX_NESTING + " levels deep");
    }
    size += Meter.OBJECT;
    if (size > MAX_SIZE) {
      throw new IllegalArgumentException(root + ": too large for a prompt");
    }
    return switch (value) {
      case null -> Value.None.NONE;
      case CharSequence s -> text(s.toString());
      case Boolean b -> Value.of(b);
      case Integer i -> new Value.Int(i);
      case Long l -> new Value.Int(l);
      case Short s -> new Value.Int(s);
      case Byte b -> new Value.Int(b);
      case Double d -> new Value.Real(d);
      case Float f -> new Value.Real(f);
      case BigInteger i -> integer(i);
      case BigDecimal d ->
          d.scale() <= 0 && d.precision() - d.scale() < 20
              ? integer(d.toBigIntegerExact())
              : new Value.Real(d.doubleValue());
      case Map<?, ?> map -> convertEntries(map, depth);
      case Collection<?> items -> convertItems(items, depth);
      default ->
          throw new IllegalArgumentException(
              root
                  + ": expected text, numbers, booleans, null, lists and maps, found "
                  + value.getClass().getName());
    };
  }

  private Text text(String value) {
    size += value.length();
    return data ? Text.ofData(value) : Text.ofTemplate(value);
  }

  private Value integer(BigInteger value) {
    if (value.bitLength() > 63) {
      throw new IllegalArgumentException(root + ": expected integers of 64 bits, found " + value);
    }
    return new Value.Int(value.longValue());
  }

  private Dict convertEntries(Map<?, ?> map, int depth) {
    Dict entries = new Dict();
    map.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) {
            throw new IllegalArgumentException(root + ": expected strings as keys, found " + key);
          }
          entries.put(text(name), convert(value, depth + 1));
        });
    return entries;
  }

  private Sequence convertItems(Collection<?> items, int depth) {
    List<Value> converted = new ArrayList<>(items.size());
    for (Object item : items) {
      converted.add(convert(item, depth + 1));
    }
    return Value.list(converted);
  }
}
