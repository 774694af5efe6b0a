package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraint;
import java.nio.charset.StandardCharsets;

/** Reads whole texts with a constraint, byte by byte, without a vocabulary. */
final class Texts {
  private final Automaton automaton;

  Texts(OutputConstraint constraint) {
    automaton = new Automaton(Budgets.compile(constraint), false, Budgets.token());
  }

  static Texts gbnf(String grammar) {
    return new Texts(OutputConstraint.gbnf(grammar));
  }

  static Texts regex(String regex) {
    return new Texts(OutputConstraint.regex(regex));
  }

  static Texts schema(String schema) {
    return new Texts(OutputConstraint.jsonSchema(schema));
  }

  boolean accepts(String text) {
    return accepts(text.getBytes(StandardCharsets.UTF_8));
  }

  boolean accepts(byte[] bytes) {
    return read(bytes).complete;
  }

  /** Returns whether some whole text begins with this one. */
  boolean begins(String text) {
    return !read(text.getBytes(StandardCharsets.UTF_8)).isDead();
  }

  private State read(byte[] bytes) {
    State state = automaton.start();
    for (byte b : bytes) {
      automaton.allowWork(Budgets.token());
      state = automaton.step(state, b & 0xFF);
    }
    return state;
  }
}
