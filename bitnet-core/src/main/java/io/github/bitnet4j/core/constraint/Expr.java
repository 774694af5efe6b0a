package io.github.bitnet4j.core.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** An expression over bytes: a part of a {@link Grammar}, as its source says it. */
sealed interface Expr {
  /** For a repetition without an upper limit. */
  int UNBOUNDED = Integer.MAX_VALUE;

  /** The empty text. */
  Expr EMPTY = new Sequence(List.of());

  /** No text at all. */
  Expr NEVER = new Choice(List.of());

  /** One byte of a set. */
  record Bytes(ByteSet set) implements Expr {}

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
    List<Expr> bytes = new ArrayList<>();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(new Bytes(ByteSet.range(b & 0xFF, b & 0xFF)));
    }
    return new Sequence(bytes);
  }
}
