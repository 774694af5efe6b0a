package io.github.bitnet4j.core.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** An expression over bytes: a part of a {@link Grammar}, as its source says it. */
sealed interface Expr {
  /** For a repetition without an upper limit. */
  int UNBOUNDED = Integer.MAX_VALUE;

  /** The empty text. */
  Expr EMPTY = new Sequence(List.of());

  /** No text at all. */
  Expr NEVER = new Choice(List.of());

  /** One byte of a set. */
  record Bytes(ByteSet set) implements Expr {
    private static final List<Bytes> SINGLE =
        IntStream.range(0, 256).mapToObj(b -> new Bytes(ByteSet.range(b, b))).toList();

    /** Returns the expression of one byte; for the same byte it is the same object. */
    static Bytes of(int value) {
      return SINGLE.get(value);
    }

    /** Returns the expression of the bytes from {@code first} to {@code last}. */
    static Bytes range(int first, int last) {
      return first == last ? of(first) : new Bytes(ByteSet.range(first, last));
    }
  }

  /** One after the other. */
  record Sequence(List<Expr> parts) implements Expr {}

  /** One of several. */
  record Choice(List<Expr> options) implements Expr {}

  /** From {@code min} to {@code max} times. */
  record Repeat(Expr body, int min, int max) implements Expr {}

  /** What a rule says. */
  record Rule(int index) implements Expr {}

  static Expr sequence(Expr... parts) {
    return new Sequence(List.of(parts));
  }

  static Expr choice(Expr... options) {
    return new Choice(List.of(options));
  }

  static Expr optional(Expr body) {
    return new Repeat(body, 0, 1);
  }

  static Expr star(Expr body) {
    return new Repeat(body, 0, UNBOUNDED);
  }

  /** Returns the bytes of a text without lone surrogates. */
  static Expr literal(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    List<Expr> bytes = new ArrayList<>(utf8.length);
    for (byte b : utf8) {
      bytes.add(Bytes.of(b & 0xFF));
    }
    return new Sequence(bytes);
  }
}
