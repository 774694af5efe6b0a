package io.github.bitnet4j.tokenizer.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of a template. */
sealed interface Statement {
  record Literal(Text text) implements Statement {}

  record Print(Expression value) implements Statement {}

  record If(List<Branch> branches, List<Statement> otherwise) implements Statement {}

  record Branch(Expression test, List<Statement> body) {}

  /** A loop; {@code otherwise} runs when there was no element (that passes the filter). */
  record For(
      int at,
      List<String> targets,
      Expression iterable,
      @Nullable Expression filter,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  /** Sets one variable, or several from the elements of a sequence. */
  record SetNames(int at, List<String> targets, Expression value) implements Statement {}

  record SetAttribute(int at, String namespace, String attribute, Expression value)
      implements Statement {}

  /** Sets a variable to what the body prints. */
  record SetBlock(int at, String target, List<Statement> body) implements Statement {}

  record Macro(int at, String name, List<Parameter> parameters, List<Statement> body)
      implements Statement {}

  record Parameter(String name, @Nullable Expression defaultValue) {}

  /** Statements with variables of their own. */
  record Block(List<Statement> body) implements Statement {}

  record Break() implements Statement {}

  record Continue() implements Statement {}
}
