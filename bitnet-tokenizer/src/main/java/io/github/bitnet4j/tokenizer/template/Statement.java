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
      Target target,
      Expression iterable,
      @Nullable Expression filter,
      boolean recursive,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  /** Sets one variable, or several from the elements of a sequence. */
  record Set(Target target, Expression value) implements Statement {}

  /** Sets a variable to what the body prints, after the filters. */
  record SetBlock(Target target, List<Expression.Link> filters, List<Statement> body)
      implements Statement {}

  /** Prints what the body prints, after the filters. */
  record FilterBlock(List<Expression.Link> filters, List<Statement> body) implements Statement {}

  /** Defines a variable that can be called. */
  record Macro(
      int at,
      String name,
      List<Parameter> parameters,
      boolean catchesPositional,
      boolean catchesNamed,
      boolean usesCaller,
      List<Statement> body)
      implements Statement {}

  record Parameter(String name, @Nullable Expression defaultValue) {}

  /** Prints a call whose callee gets the body as the macro {@code caller}. */
  record CallBlock(int at, Expression callee, Expression.ArgumentList arguments, Macro caller)
      implements Statement {}

  /** Statements with variables of their own; the first ones are set from expressions. */
  record With(List<Set> variables, List<Statement> body) implements Statement {}

  /** A named part of a template, which sees only the variables of the whole template. */
  record NamedBlock(List<Statement> body) implements Statement {}

  /** Something that parses and is not supported: an error once it is run. */
  record Unsupported(int at, String message) implements Statement {}

  record Break() implements Statement {}

  record Continue() implements Statement {}

  /** What is set: a variable, an attribute of a namespace, or the elements of a sequence. */
  sealed interface Target {
    int at();
  }

  record NameTarget(int at, String name) implements Target {}

  record AttributeTarget(int at, String namespace, String attribute) implements Target {}

  record TupleTarget(int at, List<Target> targets) implements Target {}
}
