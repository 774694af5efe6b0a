package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Expression.ArgumentList;
import io.github.bitnet4j.tokenizer.template.Expression.Link;
import io.github.bitnet4j.tokenizer.template.Expression.Operand;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs one rendering. */
final class Evaluator {
  /** How a list of statements ended. */
  private enum Outcome {
    DONE,
    BREAK,
    CONTINUE
  }

  private final Meter meter;
  private final Map<String, Statement.Macro> macros;
  private final Scope globals;

  Evaluator(Meter meter, Map<String, Statement.Macro> macros, Scope globals) {
    this.meter = meter;
    this.macros = macros;
    this.globals = globals;
  }

  Text render(List<Statement> statements) {
    return capture(statements, globals);
  }

  private Text capture(List<Statement> statements, Scope scope) {
    Text.Builder out = new Text.Builder();
    run(statements, scope, out);
    return out.build();
  }

  private Outcome run(List<Statement> statements, Scope scope, Text.Builder out) {
    meter.enter();
    Outcome outcome = Outcome.DONE;
    for (int i = 0; i < statements.size() && outcome == Outcome.DONE; i++) {
      outcome = run(statements.get(i), scope, out);
    }
    meter.leave();
    return outcome;
  }

  private Outcome run(Statement statement, Scope scope, Text.Builder out) {
    switch (statement) {
      case Statement.Literal s -> Strings.append(meter, out, s.text());
      case Statement.Print s ->
          Strings.append(meter, out, Printer.print(meter, evaluate(s.value(), scope)));
      case Statement.SetNames s -> assign(s.at(), s.targets(), evaluate(s.value(), scope), scope);
      case Statement.SetAttribute s -> setAttribute(s, scope);
      case Statement.SetBlock s -> scope.set(s.target(), capture(s.body(), new Scope(scope)));
      case Statement.If s -> {
        return runIf(s, scope, out);
      }
      case Statement.For s -> {
        return runFor(s, scope, out);
      }
      case Statement.Block s -> {
        return run(s.body(), new Scope(scope), out);
      }
      case Statement.Break s -> {
        return Outcome.BREAK;
      }
      case Statement.Continue s -> {
        return Outcome.CONTINUE;
      }
      case Statement.Macro s -> throw new AssertionError("a macro is no statement of its own");
    }
    return Outcome.DONE;
  }

  private Outcome runIf(Statement.If statement, Scope scope, Text.Builder out) {
    for (Statement.Branch branch : statement.branches()) {
      if (Operators.isTrue(evaluate(branch.test(), scope))) {
        return run(branch.body(), scope, out);
      }
    }
    return run(statement.otherwise(), scope, out);
  }

  private Outcome runFor(Statement.For loop, Scope scope, Text.Builder out) {
    Value iterable = evaluate(loop.iterable(), scope);
    meter.at(loop.at());
    List<Value> items = new ArrayList<>();
    for (Value item : Functions.iterate(meter, iterable)) {
      meter.charge(Meter.OBJECT);
      if (passes(loop, item, scope)) {
        items.add(item);
      }
    }
    Outcome outcome = Outcome.DONE;
    for (int i = 0; i < items.size() && outcome != Outcome.BREAK; i++) {
      Scope round = new Scope(scope);
      meter.charge(Meter.OBJECT);
      assign(loop.at(), loop.targets(), items.get(i), round);
      round.set("loop", loopVariable(items, i));
      outcome = run(loop.body(), round, out);
    }
    return items.isEmpty() ? run(loop.otherwise(), scope, out) : Outcome.DONE;
  }

  private boolean passes(Statement.For loop, Value item, Scope scope) {
    if (loop.filter() == null) {
      return true;
    }
    Scope round = new Scope(scope);
    assign(loop.at(), loop.targets(), item, round);
    return Operators.isTrue(evaluate(loop.filter(), round));
  }

  private Value loopVariable(List<Value> items, int index) {
    int size = items.size();
    Map<Text, Value> loop = new LinkedHashMap<>();
    loop.put(Text.ofTemplate("index"), new Value.Int(index + 1L));
    loop.put(Text.ofTemplate("index0"), new Value.Int(index));
    loop.put(Text.ofTemplate("revindex"), new Value.Int((long) size - index));
    loop.put(Text.ofTemplate("revindex0"), new Value.Int(size - index - 1L));
    loop.put(Text.ofTemplate("first"), Value.of(index == 0));
    loop.put(Text.ofTemplate("last"), Value.of(index == size - 1));
    loop.put(Text.ofTemplate("length"), new Value.Int(size));
    if (index > 0) {
      loop.put(Text.ofTemplate("previtem"), items.get(index - 1));
    }
    if (index < size - 1) {
      loop.put(Text.ofTemplate("nextitem"), items.get(index + 1));
    }
    return new Value.Dict(loop);
  }

  private void assign(int at, List<String> targets, Value value, Scope scope) {
    if (targets.size() == 1) {
      scope.set(targets.getFirst(), value);
      return;
    }
    meter.at(at);
    List<? extends Value> parts = Functions.iterate(meter, value);
    if (parts.size() != targets.size()) {
      throw meter.error("expected " + targets.size() + " values, found " + parts.size());
    }
    for (int i = 0; i < parts.size(); i++) {
      scope.set(targets.get(i), parts.get(i));
    }
  }

  private void setAttribute(Statement.SetAttribute statement, Scope scope) {
    Value value = evaluate(statement.value(), scope);
    Value target = scope.get(statement.namespace());
    meter.at(statement.at());
    if (!(target instanceof Value.Namespace namespace)) {
      throw meter.wrongType(
          "set " + statement.namespace() + "." + statement.attribute(), "a namespace", target);
    }
    namespace.attributes.put(statement.attribute(), value);
  }

  private Value evaluate(Expression expression, Scope scope) {
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
          case Expression.Chain e -> chain(e, scope);
          case Expression.Call e -> call(e, scope);
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
    Map<Text, Value> entries = new LinkedHashMap<>();
    for (int i = 0; i < literal.keys().size(); i++) {
      Value key = evaluate(literal.keys().get(i), scope);
      if (!(key instanceof Text name)) {
        throw meter.wrongType("key of a dictionary", "a string", key);
      }
      meter.charge(Meter.OBJECT);
      entries.put(name, evaluate(literal.values().get(i), scope));
    }
    return new Value.Dict(entries);
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

  private Value chain(Expression.Chain chain, Scope scope) {
    Value value = evaluate(chain.base(), scope);
    for (Link link : chain.links()) {
      value = follow(link, value, scope);
    }
    return value;
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
      case Expression.MethodCall l -> {
        Arguments arguments = arguments(l.at(), "method", l.name(), l.arguments(), scope);
        yield l.method().call(value, arguments);
      }
      case Expression.Filter l -> {
        Arguments arguments = arguments(l.at(), "filter", l.name(), l.arguments(), scope);
        yield l.function().apply(value, arguments);
      }
      case Expression.Test l -> {
        Arguments arguments = arguments(l.at(), "test", l.name(), l.arguments(), scope);
        yield Value.of(l.test().passes(value, arguments) != l.negated());
      }
    };
  }

  private Arguments arguments(int at, String kind, String name, ArgumentList list, Scope scope) {
    List<Value> positional = all(list.positional(), scope);
    Map<String, Value> named = new LinkedHashMap<>();
    list.named().forEach((key, value) -> named.put(key, evaluate(value, scope)));
    meter.at(at);
    return new Arguments(meter, kind + " '" + name + "'", positional, named);
  }

  private Value call(Expression.Call call, Scope scope) {
    Statement.Macro macro = macros.get(call.name());
    if (macro == null) {
      Arguments arguments = arguments(call.at(), "function", call.name(), call.arguments(), scope);
      return Functions.call(call.name(), arguments, scope);
    }
    Arguments arguments = arguments(call.at(), "macro", call.name(), call.arguments(), scope);
    List<Statement.Parameter> parameters = macro.parameters();
    @Nullable Value[] bound =
        arguments.bind(parameters.stream().map(Statement.Parameter::name).toArray(String[]::new));
    Scope local = new Scope(globals);
    for (int i = 0; i < bound.length; i++) {
      String name = parameters.get(i).name();
      Value value = bound[i];
      if (value == null) {
        Expression defaultValue = parameters.get(i).defaultValue();
        value =
            defaultValue == null
                ? new Value.Undefined("parameter '" + name + "'")
                : evaluate(defaultValue, local);
      }
      local.set(name, value);
    }
    return capture(macro.body(), local);
  }
}
