package io.github.bitnet4j.tokenizer.template;

import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A string that knows where each of its characters comes from: the template (and the variables its
 * author expects), or data such as the content of a message. Only the former may form special
 * tokens. Whatever is computed from data is data; equality ignores the origin.
 */
public final class Text implements Value {
  static final Text EMPTY = new Text("", "", false);

  private static final String TEMPLATE = "t";
  private static final String DATA = "d";

  private final String value;

  /** As long as {@link #value}; each character says where the one of the value comes from. */
  private final String origins;

  private final boolean markup;

  private Text(String value, String origins, boolean markup) {
    assert value.length() == origins.length();
    this.value = value;
    this.origins = origins;
    this.markup = markup;
  }

  static Text ofTemplate(String value) {
    return new Text(value, TEMPLATE.repeat(value.length()), false);
  }

  static Text ofData(String value) {
    return new Text(value, DATA.repeat(value.length()), false);
  }

  /** Returns whether filters such as {@code safe} declared the text HTML. */
  boolean isMarkup() {
    return markup;
  }

  /** Returns the same text, declared HTML. */
  Text asMarkup() {
    return new Text(value, origins, true);
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
        : new Text(value.substring(from, to), origins.substring(from, to), markup);
  }

  /** Joins two texts of the same kind, see {@link #isMarkup}. */
  Text plus(Text other) {
    assert markup == other.markup;
    return new Text(value.concat(other.value), origins.concat(other.origins), markup);
  }

  Text repeat(int times) {
    return new Text(value.repeat(times), origins.repeat(times), markup);
  }

  /**
   * Returns a changed text, each character of which counts as data if one that it comes from does.
   *
   * @param start where that which the character at an index comes from starts in this text
   * @param end where it ends
   */
  public Text changed(String text, IntUnaryOperator start, IntUnaryOperator end) {
    StringBuilder changedOrigins = new StringBuilder(text.length());
    int from = 0;
    int to = 0;
    boolean data = false;
    for (int i = 0; i < text.length(); i++) {
      if (from != start.applyAsInt(i) || to != end.applyAsInt(i)) {
        from = start.applyAsInt(i);
        to = end.applyAsInt(i);
        data = origins.indexOf(DATA, from, to) >= 0;
      }
      changedOrigins.append(data ? DATA : TEMPLATE);
    }
    return new Text(text, changedOrigins.toString(), markup);
  }

  /**
   * Returns the text with its case changed. Characters keep their origins if none changed its
   * length, or if the parts of one origin change as they do in the whole; otherwise all of the text
   * counts as data if any character did.
   */
  Text mapCase(UnaryOperator<String> change) {
    String changed = change.apply(value);
    if (changed.length() == value.length()) {
      return new Text(changed, origins, markup);
    }
    Builder parts = new Builder();
    for (int from = 0; from < value.length(); ) {
      int to = from + 1;
      while (to < value.length() && origins.charAt(to) == origins.charAt(from)) {
        to++;
      }
      String part = change.apply(value.substring(from, to));
      parts.append(isData(from) ? ofData(part) : ofTemplate(part));
      from = to;
    }
    Text result = parts.build();
    if (!result.value.equals(changed)) {
      result = origins.contains(DATA) ? ofData(changed) : ofTemplate(changed);
    }
    return markup ? result.asMarkup() : result;
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
      return new Text(value.toString(), origins.toString(), false);
    }
  }
}
