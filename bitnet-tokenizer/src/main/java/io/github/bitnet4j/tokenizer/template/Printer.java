package io.github.bitnet4j.tokenizer.template;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values as text: as Python's {@code str} and {@code json.dumps} write them. Text made here from
 * anything but a string counts as data.
 */
final class Printer {
  /** How {@code json.dumps} is asked to write. */
  record JsonStyle(
      @Nullable String indent,
      String itemSeparator,
      String keySeparator,
      boolean sortKeys,
      boolean ascii) {}

  private final Meter meter;
  private final @Nullable JsonStyle json;
  private final StringBuilder out = new StringBuilder();

  private Printer(Meter meter, @Nullable JsonStyle json) {
    this.meter = meter;
    this.json = json;
  }

  /** Python's {@code repr}. */
  static Text repr(Meter meter, Value value) {
    return print(new Printer(meter, null), value);
  }

  /** Python's {@code str}: a string is itself. */
  static Text print(Meter meter, Value value) {
    if (value instanceof Text text) {
      return text;
    }
    if (value instanceof Value.Undefined) {
      return Text.EMPTY;
    }
    return print(new Printer(meter, null), value);
  }

  static Text json(Meter meter, Value value, JsonStyle style) {
    return print(new Printer(meter, style), value);
  }

  private static Text print(Printer printer, Value value) {
    printer.write(value, 0);
    printer.meter.chargeText(printer.out.length());
    return Text.ofData(printer.out.toString());
  }

  private void write(Value value, int depth) {
    if (depth > Meter.MAX_NESTING) {
      throw meter.error("lists are nested too deeply to print");
    }
    meter.charge(Meter.OBJECT);
    if (out.length() > Meter.MAX_TEXT) {
      meter.chargeText(out.length());
    }
    switch (value) {
      case Text t -> writeString(t);
      case Value.Int i -> out.append(i.value());
      case Value.Real r -> out.append(json == null ? number(r.value()) : jsonNumber(r.value()));
      case Value.Bool b -> out.append(word(b.value() ? "True" : "False"));
      case Value.None n -> out.append(json == null ? "None" : "null");
      case Value.Sequence s -> writeSequence(s, depth);
      case Dict d -> writeDict(d, depth);
      case Value.Undefined u -> {
        if (json != null) {
          throw meter.error("cannot write " + u.describe() + " as JSON");
        }
        out.append("Undefined");
      }
      case Value.Instance i when json == null && i.printed() != null -> out.append(i.printed());
      case Value.Instance _, Value.Namespace _, Value.Generator _ ->
          throw meter.error(
              "cannot " + (json == null ? "print" : "write as JSON") + " a " + value.describe());
    }
  }

  private String word(String python) {
    return json == null ? python : PythonText.lower(python);
  }

  private void writeString(Text text) {
    meter.charge(text.length());
    if (json == null) {
      out.append(text.isMarkup() ? "Markup(" : "");
      writeRepr(text.value());
      out.append(text.isMarkup() ? ")" : "");
    } else {
      writeJsonString(text.value(), json.ascii());
    }
  }

  private void writeSequence(Value.Sequence sequence, int depth) {
    if (sequence.kind() != Value.Sequence.Kind.LIST && !sequence.kind().isTuple()) {
      throw meter.error("cannot print a " + sequence.describe() + "; use the filter 'list'");
    }
    boolean round = json == null && sequence.kind().isTuple();
    out.append(round ? '(' : '[');
    boolean first = true;
    for (Value item : sequence.items()) {
      separate(first, depth + 1);
      write(item, depth + 1);
      first = false;
    }
    if (round && sequence.items().size() == 1) {
      out.append(',');
    }
    end(first, depth);
    out.append(round ? ')' : ']');
  }

  private void writeDict(Dict dict, int depth) {
    List<Dict.Entry> entries = new ArrayList<>(dict.entries());
    if (json != null && json.sortKeys()) {
      entries.sort((a, b) -> Operators.compare(meter, a.key(), b.key()));
    }
    out.append('{');
    boolean first = true;
    for (Dict.Entry entry : entries) {
      separate(first, depth + 1);
      writeKey(entry.key(), depth + 1);
      out.append(json == null ? ": " : json.keySeparator());
      write(entry.value(), depth + 1);
      first = false;
    }
    end(first, depth);
    out.append('}');
  }

  /** JSON has strings as keys only; {@code json.dumps} writes other simple values as such. */
  private void writeKey(Value key, int depth) {
    switch (key) {
      case Value.Int _, Value.Real _, Value.Bool _, Value.None _ when json != null -> {
        out.append('"');
        write(key, depth);
        out.append('"');
      }
      case Value.Sequence s when json != null -> throw meter.wrongType("JSON", "a simple key", s);
      default -> write(key, depth);
    }
  }

  private void separate(boolean first, int depth) {
    if (!first) {
      out.append(json == null ? ", " : json.itemSeparator());
    }
    newLine(depth);
  }

  private void end(boolean empty, int depth) {
    if (!empty) {
      newLine(depth);
    }
  }

  private void newLine(int depth) {
    if (json != null && json.indent() != null) {
      meter.charge((long) depth * json.indent().length());
      out.append('\n').repeat(json.indent(), depth);
    }
  }

  /** Python's {@code repr} of a string. */
  private void writeRepr(String value) {
    char quote = value.indexOf('\'') >= 0 && value.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    for (int i = 0; i < value.length(); ) {
      int c = value.codePointAt(i);
      i += Character.charCount(c);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\\' -> out.append("\\\\");
        default -> {
          if (c == quote) {
            out.append('\\').append(quote);
          } else if (isPrintable(c)) {
            out.appendCodePoint(c);
          } else if (c < 0x100) {
            out.append(String.format("\\x%02x", c));
          } else if (c < 0x10000) {
            out.append(String.format("\\u%04x", c));
          } else {
            out.append(String.format("\\U%08x", c));
          }
        }
      }
    }
    out.append(quote);
  }

  /** {@code str.isprintable} for one character. */
  static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  private void writeJsonString(String value, boolean ascii) {
    out.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < ' ' || (ascii && c > '~')) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private static String jsonNumber(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    return Double.isInfinite(value) ? (value < 0 ? "-Infinity" : "Infinity") : number(value);
  }

  /** Python's {@code repr} of a float: the shortest digits that read back as the same number. */
  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value < 0 ? "-inf" : "inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    String digits = decimal.unscaledValue().abs().toString();
    int exponent = digits.length() - decimal.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = decimal.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    return (value < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + String.format("e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
  }
}
