package io.github.bitnet4j.tokenizer.template;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A string that knows where each of its characters comes from: the template (and the variables its
 * author expects), or data such as the content of a message. Only the former may form special
 * tokens. Whatever is computed from data is data; equality ignores the origin.
 */
public final class Text implements Value {
  static final Text EMPTY = new Text("", "");

  private static final String TEMPLATE = "t";
  private static final String DATA = "d";

  private final String value;

  /** As long as {@link #value}; each character says where the one of the value comes from. */
  private final String origins;

  private Text(String value, String origins) {
    assert value.length() == origins.length();
    this.value = value;
    this.origins = origins;
  }

  static Text ofTemplate(String value) {
    return new Text(value, TEMPLATE.repeat(value.length()));
  }

  static Text ofData(String value) {
    return new Text(value, DATA.repeat(value.length()));
  }

  /** Returns the characters. */
  public String value() {
    return value;
  }

  /** Returns whether the UTF-16 unit at the index comes from data. */
  public boolean isData(int index) {
    return origins.charAt(index) == DATA.charAt(0);
  }

  int length() {
    return value.length();
  }

  boolean isEmpty() {
    return value.isEmpty();
  }

  int codePoints() {
    return value.codePointCount(0, value.length());
  }

  Text substring(int from, int to) {
    return from == 0 && to == value.length()
        ? this
        : new Text(value.substring(from, to), origins.substring(from, to));
  }

  Text plus(Text other) {
    return new Text(value.concat(other.value), origins.concat(other.origins));
  }

  Text repeat(int times) {
    return new Text(value.repeat(times), origins.repeat(times));
  }

  /** Returns the changed text; all of it counts as data if any character did. */
  Text map(UnaryOperator<String> change) {
    String changed = change.apply(value);
    if (changed.equals(value)) {
      return this;
    }
    return origins.contains(DATA) ? ofData(changed) : ofTemplate(changed);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Text text && value.equals(text.value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  /** Returns the characters. */
  @Override
  public String toString() {
    return value;
  }

  /** Joins texts with their origins. */
  static final class Builder {
    private final StringBuilder value = new StringBuilder();
    private final StringBuilder origins = new StringBuilder();

    Builder append(Text text) {
      value.append(text.value);
      origins.append(text.origins);
      return this;
    }

    int length() {
      return value.length();
    }

    Text build() {
      return new Text(value.toString(), origins.toString());
    }
  }
}
