package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Expression.ArgumentList;
import io.github.bitnet4j.tokenizer.template.Expression.Link;
import io.github.bitnet4j.tokenizer.template.Expression.Operand;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluates the expressions of one rendering. */
final class Evaluator {
  private final Meter meter;

  Evaluator(Meter meter) {
    this.meter = meter;
  }

  Value evaluate(Expression expression, Scope scope) {
    meter.enter(expression.at());
    Value result =
        switch (expression) {
          case Expression.Literal e -> e.value();
          case Expression.Name e -> scope.get(e.name());
          case Expression.ListLiteral e -> new Value.Sequence(e.kind(), all(e.items(), scope));
          case Expression.DictLiteral e -> dict(e, scope);
          case Expression.Conditional e -> conditional(e, scope);
          case Expression.Logical e -> logical(e, scope);
          case Expression.Not e -> Value.of(!Operators.isTrue(evaluate(e.operand(), scope)));
          case Expression.Comparison e -> comparison(e, scope);
          case Expression.Arithmetic e -> arithmetic(e, scope);
          case Expression.Concatenation e -> concatenation(e, scope);
          case Expression.Sign e -> {
            Value operand = evaluate(e.operand(), scope);
            meter.at(e.at());
            yield Operators.sign(meter, e.minus(), operand);
          }
          case Expression.Chain e -> follow(e.links(), evaluate(e.base(), scope), scope);
        };
    meter.leave();
    return result;
  }

  private @Nullable Value evaluateOptional(@Nullable Expression expression, Scope scope) {
    return expression == null ? null : evaluate(expression, scope);
  }

  private List<Value> all(List<Expression> expressions, Scope scope) {
    meter.chargeItems(expressions.size());
    List<Value> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private Value dict(Expression.DictLiteral literal, Scope scope) {
    Dict dict = new Dict();
    for (int i = 0; i < literal.keys().size(); i++) {
      Value key = evaluate(literal.keys().get(i), scope);
      meter.charge(Meter.OBJECT);
      dict.put(meter, key, evaluate(literal.values().get(i), scope));
    }
    return dict;
  }

  private Value conditional(Expression.Conditional expression, Scope scope) {
    if (Operators.isTrue(evaluate(expression.test(), scope))) {
      return evaluate(expression.then(), scope);
    }
    return expression.otherwise() == null
        ? new Value.Undefined("an 'if' without 'else'")
        : evaluate(expression.otherwise(), scope);
  }

  private Value logical(Expression.Logical expression, Scope scope) {
    Value result = Value.None.NONE;
    for (Expression operand : expression.operands()) {
      result = evaluate(operand, scope);
      if (Operators.isTrue(result) == expression.any()) {
        break;
      }
    }
    return result;
  }

  private Value comparison(Expression.Comparison expression, Scope scope) {
    Value left = evaluate(expression.first(), scope);
    for (Operand operand : expression.rest()) {
      Value right = evaluate(operand.value(), scope);
      meter.at(operand.at());
      if (!compares(operand.operator(), left, right)) {
        return Value.Bool.FALSE;
      }
      left = right;
    }
    return Value.Bool.TRUE;
  }

  private boolean compares(String operator, Value left, Value right) {
    return switch (operator) {
      case "==" -> Operators.equal(meter, left, right);
      case "!=" -> !Operators.equal(meter, left, right);
      case "in" -> Operators.contains(meter, right, left);
      case "not in" -> !Operators.contains(meter, right, left);
      case "<" -> Operators.compare(meter, left, right) < 0;
      case "<=" -> Operators.compare(meter, left, right) <= 0;
      case ">" -> Operators.compare(meter, left, right) > 0;
      default -> Operators.compare(meter, left, right) >= 0;
    };
  }

  private Value arithmetic(Expression.Arithmetic expression, Scope scope) {
    Value result = evaluate(expression.first(), scope);
    for (Operand operand : expression.rest()) {
      Value right = evaluate(operand.value(), scope);
      meter.at(operand.at());
      result = Operators.arithmetic(meter, operand.operator(), result, right);
    }
    return result;
  }

  private Value concatenation(Expression.Concatenation expression, Scope scope) {
    List<Text> parts = new ArrayList<>();
    for (Expression operand : expression.operands()) {
      parts.add(Printer.print(meter, evaluate(operand, scope)));
    }
    return Strings.join(meter, Text.EMPTY, parts);
  }

  /** Applies the links of a chain to a value, one after the other. */
  Value follow(List<Link> links, Value value, Scope scope) {
    Value result = value;
    for (Link link : links) {
      result = follow(link, result, scope);
    }
    return result;
  }

  private Value follow(Link link, Value value, Scope scope) {
    return switch (link) {
      case Expression.Attribute l -> {
        meter.at(l.at());
        yield Lookup.attribute(meter, value, l.name());
      }
      case Expression.Item l -> {
        Value key = evaluate(l.key(), scope);
        meter.at(l.at());
        yield Lookup.item(meter, value, key);
      }
      case Expression.Slice l -> {
        Value start = evaluateOptional(l.start(), scope);
        Value stop = evaluateOptional(l.stop(), scope);
        Value step = evaluateOptional(l.step(), scope);
        meter.at(l.at());
        yield Lookup.slice(meter, value, start, stop, step);
      }
      case Expression.Call l -> {
        Arguments arguments = arguments(l.at(), value.describe(), l.arguments(), scope);
        yield call(value, arguments);
      }
      case Expression.Filter l -> {
        String callee = "filter '" + l.name() + "'";
        Arguments arguments = arguments(l.at(), callee, l.arguments(), scope);
        yield Filters.apply(l.name(), value, arguments);
      }
      case Expression.Test l -> {
        String callee = "test '" + l.name() + "'";
        Arguments arguments = arguments(l.at(), callee, l.arguments(), scope);
        yield Value.of(Tests.passes(l.name(), value, arguments) != l.negated());
      }
    };
  }

  /** Evaluates the arguments of a call. */
  Arguments arguments(int at, String callee, ArgumentList list, Scope scope) {
    List<Value> positional = all(list.positional(), scope);
    Map<String, Value> named = new LinkedHashMap<>();
    list.named().forEach((key, value) -> named.put(key, evaluate(value, scope)));
    if (list.unpacked() != null) {
      positional.addAll(Functions.iterate(meter, evaluate(list.unpacked(), scope)));
    }
    if (list.unpackedNamed() != null) {
      unpack(evaluate(list.unpackedNamed(), scope), callee, named);
    }
    meter.at(at);
    return new Arguments(meter, callee, positional, named);
  }

  private void unpack(Value entries, String callee, Map<String, Value> named) {
    if (!(entries instanceof Dict dict)) {
      throw meter.wrongType(callee + ": after '**'", "a dictionary", entries);
    }
    meter.chargeItems(dict.size());
    for (Dict.Entry entry : dict.entries()) {
      if (!(entry.key() instanceof Text name)) {
        throw meter.wrongType(callee + ": name of an argument", "a string", entry.key());
      }
      if (named.put(name.value(), entry.value()) != null) {
        throw meter.error(callee + ": argument '" + name.value() + "' is given twice");
      }
    }
  }

  Value call(Value callee, Arguments arguments) {
    if (!(callee instanceof Value.Instance instance) || instance.body() == null) {
      throw meter.error("a call of " + callee.describe());
    }
    meter.enter();
    Value result = instance.body().call(arguments);
    meter.leave();
    return result;
  }
}
