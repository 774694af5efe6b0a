package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Statement.Target;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs the statements of one rendering. */
final class Renderer {
  /** How a list of statements ended. */
  private enum Outcome {
    DONE,
    BREAK,
    CONTINUE
  }

  private final Meter meter;
  private final Evaluator evaluator;
  private final Scope globals;

  Renderer(Meter meter, Scope globals) {
    this.meter = meter;
    this.evaluator = new Evaluator(meter);
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
      case Statement.Print s -> print(evaluator.evaluate(s.value(), scope), out);
      case Statement.Set s -> assign(s.target(), evaluator.evaluate(s.value(), scope), scope);
      case Statement.SetBlock s -> {
        Text printed = capture(s.body(), new Scope(scope));
        assign(s.target(), evaluator.follow(s.filters(), printed, scope), scope);
      }
      case Statement.FilterBlock s -> {
        Text printed = capture(s.body(), new Scope(scope));
        print(evaluator.follow(s.filters(), printed, scope), out);
      }
      case Statement.Macro s -> scope.set(s.name(), macro(s, scope));
      case Statement.CallBlock s -> runCallBlock(s, scope, out);
      case Statement.If s -> {
        return runIf(s, scope, out);
      }
      case Statement.For s -> {
        return runFor(s, scope, out);
      }
      case Statement.With s -> {
        Scope inner = new Scope(scope);
        s.variables().forEach(v -> assign(v.target(), evaluator.evaluate(v.value(), scope), inner));
        return run(s.body(), inner, out);
      }
      case Statement.NamedBlock s -> run(s.body(), new Scope(globals), out);
      case Statement.Unsupported s -> {
        meter.at(s.at());
        throw meter.error(s.message());
      }
      case Statement.Break _ -> {
        return Outcome.BREAK;
      }
      case Statement.Continue _ -> {
        return Outcome.CONTINUE;
      }
    }
    return Outcome.DONE;
  }

  private void print(Value value, Text.Builder out) {
    Strings.append(meter, out, Printer.print(meter, value));
  }

  private Outcome runIf(Statement.If statement, Scope scope, Text.Builder out) {
    for (Statement.Branch branch : statement.branches()) {
      if (Operators.isTrue(evaluator.evaluate(branch.test(), scope))) {
        return run(branch.body(), scope, out);
      }
    }
    return run(statement.otherwise(), scope, out);
  }

  private Outcome runFor(Statement.For loop, Scope scope, Text.Builder out) {
    Value iterable = evaluator.evaluate(loop.iterable(), scope);
    meter.at(loop.at());
    return runFor(loop, iterable, 1, scope, out);
  }

  /** Runs a loop; {@code depth} counts how often a recursive one has called itself. */
  private Outcome runFor(
      Statement.For loop, Value iterable, int depth, Scope scope, Text.Builder out) {
    List<Value> items = new ArrayList<>();
    for (Value item : Functions.iterate(meter, iterable)) {
      meter.charge(Meter.OBJECT);
      if (passes(loop, item, scope)) {
        items.add(item);
      }
    }
    Value.Body body = loop.recursive() ? arguments -> recurse(loop, depth, scope, arguments) : null;
    LoopVariable variable = new LoopVariable(meter, items, depth, body);
    Outcome outcome = Outcome.DONE;
    for (int i = 0; i < items.size() && outcome != Outcome.BREAK; i++) {
      Scope iteration = new Scope(scope);
      meter.charge(Meter.OBJECT);
      assign(loop.target(), items.get(i), iteration);
      iteration.set("loop", variable.at(i));
      outcome = run(loop.body(), iteration, out);
    }
    return items.isEmpty() ? run(loop.otherwise(), scope, out) : Outcome.DONE;
  }

  private Value recurse(Statement.For loop, int depth, Scope scope, Arguments arguments) {
    Text.Builder out = new Text.Builder();
    runFor(loop, arguments.single("iterable"), depth + 1, scope, out);
    return out.build();
  }

  private boolean passes(Statement.For loop, Value item, Scope scope) {
    if (loop.filter() == null) {
      return true;
    }
    Scope iteration = new Scope(scope);
    assign(loop.target(), item, iteration);
    return Operators.isTrue(evaluator.evaluate(loop.filter(), iteration));
  }

  private void assign(Target target, Value value, Scope scope) {
    switch (target) {
      case Statement.NameTarget t -> scope.set(t.name(), value);
      case Statement.AttributeTarget t -> {
        Value owner = scope.get(t.namespace());
        meter.at(t.at());
        if (!(owner instanceof Value.Namespace namespace)) {
          throw meter.wrongType("set " + t.namespace() + "." + t.attribute(), "a namespace", owner);
        }
        namespace.attributes.put(t.attribute(), value);
      }
      case Statement.TupleTarget t -> {
        meter.at(t.at());
        List<? extends Value> parts = Functions.iterate(meter, value);
        if (parts.size() != t.targets().size()) {
          throw meter.error("expected " + t.targets().size() + " values, found " + parts.size());
        }
        for (int i = 0; i < parts.size(); i++) {
          assign(t.targets().get(i), parts.get(i), scope);
        }
      }
    }
  }

  private void runCallBlock(Statement.CallBlock block, Scope scope, Text.Builder out) {
    Value callee = evaluator.evaluate(block.callee(), scope);
    Arguments given = evaluator.arguments(block.at(), callee.describe(), block.arguments(), scope);
    Map<String, Value> named = new LinkedHashMap<>(given.named());
    named.put("caller", macro(block.caller(), scope));
    print(
        evaluator.call(callee, new Arguments(meter, given.callee(), given.positional(), named)),
        out);
  }

  private Value macro(Statement.Macro macro, Scope definedIn) {
    return new Value.Instance(
        "macro '" + macro.name() + "'",
        "<Macro '" + macro.name() + "'>",
        name ->
            switch (name) {
              case "name" -> Text.ofTemplate(macro.name());
              case "arguments" ->
                  Value.tuple(
                      macro.parameters().stream()
                          .map(parameter -> (Value) Text.ofTemplate(parameter.name()))
                          .toList());
              case "catch_varargs" -> Value.of(macro.catchesPositional());
              case "catch_kwargs" -> Value.of(macro.catchesNamed());
              case "caller" -> Value.of(macro.usesCaller());
              default -> null;
            },
        arguments -> callMacro(macro, definedIn, arguments));
  }

  private Value callMacro(Statement.Macro macro, Scope definedIn, Arguments arguments) {
    Scope local = new Scope(definedIn);
    Map<String, Value> named = new LinkedHashMap<>(arguments.named());
    List<Value> positional = arguments.positional();
    List<Statement.Parameter> parameters = macro.parameters();
    if (macro.usesCaller() && parameters.stream().noneMatch(p -> p.name().equals("caller"))) {
      Value caller = named.remove("caller");
      local.set("caller", caller == null ? new Value.Undefined("the macro's caller") : caller);
    }
    for (int i = 0; i < parameters.size(); i++) {
      Statement.Parameter parameter = parameters.get(i);
      Value byName = named.remove(parameter.name());
      if (byName != null && i < positional.size()) {
        throw meter.error(
            arguments.callee() + ": argument '" + parameter.name() + "' is given twice");
      }
      Value value = i < positional.size() ? positional.get(i) : byName;
      local.set(parameter.name(), value == null ? defaultOf(parameter, local) : value);
    }
    int surplus = Math.max(0, positional.size() - parameters.size());
    if (macro.catchesPositional()) {
      List<Value> rest = positional.subList(positional.size() - surplus, positional.size());
      local.set("varargs", Value.tuple(List.copyOf(rest)));
    } else if (surplus > 0) {
      throw meter.error(
          "%s: expected at most %d arguments, found %d"
              .formatted(arguments.callee(), parameters.size(), positional.size()));
    }
    if (macro.catchesNamed()) {
      Dict rest = new Dict();
      named.forEach((name, value) -> rest.put(Text.ofTemplate(name), value));
      local.set("kwargs", rest);
    } else if (!named.isEmpty()) {
      throw meter.error(arguments.callee() + ": unknown arguments " + named.keySet());
    }
    return capture(macro.body(), local);
  }

  private Value defaultOf(Statement.Parameter parameter, Scope local) {
    Expression defaultValue = parameter.defaultValue();
    if (defaultValue == null) {
      return new Value.Undefined("parameter '" + parameter.name() + "'");
    }
    meter.enter();
    Value value = evaluator.evaluate(defaultValue, local);
    meter.leave();
    return value;
  }
}
