package io.github.bitnet4j.tokenizer.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An expression of a template. Chains such as {@code a + b + c} or {@code a.b.c} are one node, so
 * that the depth of the tree is the depth of brackets in the source, which the parser limits.
 */
sealed interface Expression {
  /** Returns the offset in the source that error messages name. */
  int at();

  record Literal(int at, Value value) implements Expression {}

  record Name(int at, String name) implements Expression {}

  record ListLiteral(int at, Value.Sequence.Kind kind, List<Expression> items)
      implements Expression {}

  record DictLiteral(int at, List<Expression> keys, List<Expression> values)
      implements Expression {}

  /** {@code then if test else otherwise}; without {@code else} the result may be undefined. */
  record Conditional(int at, Expression test, Expression then, @Nullable Expression otherwise)
      implements Expression {}

  /** A chain of {@code or} (any) or of {@code and}; its value is that of one of the operands. */
  record Logical(int at, boolean any, List<Expression> operands) implements Expression {}

  record Not(int at, Expression operand) implements Expression {}

  /** {@code first < a == b}: every neighbouring pair must compare. */
  record Comparison(int at, Expression first, List<Operand> rest) implements Expression {}

  /** Operators of one precedence, applied from left to right. */
  record Arithmetic(int at, Expression first, List<Operand> rest) implements Expression {}

  record Operand(int at, String operator, Expression value) {}

  record Concatenation(int at, List<Expression> operands) implements Expression {}

  record Sign(int at, boolean minus, Expression operand) implements Expression {}

  /** A value and the links applied to it one after the other: {@code base.a[b](c) | d is e}. */
  record Chain(int at, Expression base, List<Link> links) implements Expression {}

  /** One step of a {@link Chain}. */
  sealed interface Link {
    int at();
  }

  record Attribute(int at, String name) implements Link {}

  record Item(int at, Expression key) implements Link {}

  record Slice(
      int at, @Nullable Expression start, @Nullable Expression stop, @Nullable Expression step)
      implements Link {}

  record Call(int at, ArgumentList arguments) implements Link {}

  record Filter(int at, String name, ArgumentList arguments) implements Link {}

  record Test(int at, String name, boolean negated, ArgumentList arguments) implements Link {}

  /**
   * The arguments of a call.
   *
   * @param unpacked an expression whose elements are further arguments ({@code *x})
   * @param unpackedNamed an expression whose entries are further named arguments ({@code **x})
   */
  record ArgumentList(
      List<Expression> positional,
      Map<String, Expression> named,
      @Nullable Expression unpacked,
      @Nullable Expression unpackedNamed) {
    static final ArgumentList NONE = new ArgumentList(List.of(), Map.of(), null, null);
  }
}
