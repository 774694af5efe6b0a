package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Expression.ArgumentList;
import io.github.bitnet4j.tokenizer.template.Expression.Link;
import io.github.bitnet4j.tokenizer.template.Statement.Macro;
import io.github.bitnet4j.tokenizer.template.Statement.Target;
import io.github.bitnet4j.tokenizer.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Parses a whole template. */
final class StatementParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int openLoops;

  StatementParser(Source source) {
    tokens = new TokenStream(source);
    expressions = new ExpressionParser(tokens);
  }

  List<Statement> parse() {
    List<Statement> statements = parseBody();
    if (tokens.peek().kind() != Kind.END) {
      // Only a tag that ends or continues a statement can stop the body before.
      throw tokens.error(
          tokens.peek().at(), "found " + tokens.peekSecond().describe() + " where nothing is open");
    }
    return statements;
  }

  /** Parses up to the end or a tag that a surrounding statement must know. */
  private List<Statement> parseBody() {
    List<Statement> statements = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      switch (token.kind()) {
        case TEXT -> statements.add(new Statement.Literal(Text.ofTemplate(tokens.take().text())));
        case OUTPUT_BEGIN -> {
          tokens.take();
          statements.add(new Statement.Print(expressions.parseTuple()));
          tokens.expect(Kind.OUTPUT_END, "'}}'");
        }
        case TAG_BEGIN -> {
          if (continuesStatement(tokens.peekSecond())) {
            return statements;
          }
          tokens.take();
          statements.add(parseTag());
        }
        default -> {
          return statements;
        }
      }
    }
  }

  private static boolean continuesStatement(Token name) {
    return name.kind() == Kind.NAME
        && (name.text().equals("elif")
            || name.text().equals("else")
            || name.text().startsWith("end"));
  }

  private Statement parseTag() {
    Token name = tokens.expect(Kind.NAME, "the name of a tag");
    tokens.enter();
    Statement statement =
        switch (name.text()) {
          case "if" -> parseIf();
          case "for" -> parseFor(name.at());
          case "set" -> parseSet();
          case "macro" -> parseMacro(name.at());
          case "call" -> parseCallBlock(name.at());
          case "filter" -> parseFilterBlock();
          case "with" -> parseWith();
          case "print" -> new Statement.Print(expressions.parseTuple());
          case "generation" -> {
            // Marks what the model wrote, for training; it prints its body.
            endTag();
            yield new Statement.With(List.of(), parseBodyUntil("endgeneration"));
          }
          case "block" -> parseBlock();
          case "autoescape" -> parseAutoescape(name.at());
          case "include", "import", "from", "extends" -> parseReference(name);
          case "break" -> {
            checkInLoop(name);
            yield new Statement.Break();
          }
          case "continue" -> {
            checkInLoop(name);
            yield new Statement.Continue();
          }
          default -> throw tokens.error(name.at(), "tag " + name.describe() + " is not supported");
        };
    endTag();
    tokens.leave();
    return statement;
  }

  private void checkInLoop(Token name) {
    if (openLoops == 0) {
      throw tokens.error(name.at(), name.describe() + " outside of a loop");
    }
  }

  private void endTag() {
    tokens.expect(Kind.TAG_END, "'%}'");
  }

  /** Parses a body and the name of the tag that must end it. */
  private List<Statement> parseBodyUntil(String end) {
    List<Statement> body = parseBody();
    expectTag("'" + end + "'");
    tokens.expectName(end);
    return body;
  }

  private void expectTag(String what) {
    tokens.expect(Kind.TAG_BEGIN, "the tag " + what);
  }

  private Statement parseIf() {
    List<Statement.Branch> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    do {
      Expression test = expressions.parseTuple();
      endTag();
      branches.add(new Statement.Branch(test, parseBody()));
      expectTag("'endif'");
    } while (tokens.skipName("elif"));
    if (tokens.skipName("else")) {
      endTag();
      otherwise = parseBodyUntil("endif");
    } else {
      tokens.expectName("endif");
    }
    return new Statement.If(branches, otherwise);
  }

  private Statement parseFor(int at) {
    Target target = parseTargets("in");
    tokens.expectName("in");
    // An 'if' after the sequence is the loop's own.
    Expression iterable = expressions.parseTupleWithoutIf();
    Expression filter = tokens.skipName("if") ? expressions.parse() : null;
    boolean recursive = tokens.skipName("recursive");
    endTag();
    openLoops++;
    List<Statement> body = parseBody();
    openLoops--;
    expectTag("'endfor'");
    List<Statement> otherwise = List.of();
    if (tokens.skipName("else")) {
      endTag();
      otherwise = parseBodyUntil("endfor");
    } else {
      tokens.expectName("endfor");
    }
    return new Statement.For(at, target, iterable, filter, recursive, body, otherwise);
  }

  /** Parses one target, or several with commas between, up to a name or operator. */
  private Target parseTargets(String end) {
    int at = tokens.peek().at();
    Target first = parseTarget();
    if (!tokens.peek().isOperator(",")) {
      return first;
    }
    List<Target> targets = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",")) {
      Token next = tokens.peek();
      if (next.isName(end) || next.isOperator(end) || next.isOperator(")")) {
        break;
      }
      targets.add(parseTarget());
    }
    return new Statement.TupleTarget(at, targets);
  }

  private Target parseTarget() {
    Token token = tokens.peek();
    if (tokens.skipOperator("(")) {
      tokens.enter();
      Target inner = parseTargets(")");
      tokens.leave();
      tokens.expectOperator(")");
      return inner;
    }
    if (token.kind() == Kind.NAME && tokens.peekSecond().isOperator(".")) {
      tokens.take();
      tokens.take();
      String attribute = tokens.expect(Kind.NAME, "the name of an attribute").text();
      return new Statement.AttributeTarget(token.at(), token.text(), attribute);
    }
    return new Statement.NameTarget(
        token.at(), tokens.expectNewName("the name of a variable").text());
  }

  private Statement parseSet() {
    Target target = parseTargets("=");
    if (tokens.skipOperator("=")) {
      return new Statement.Set(target, expressions.parseTuple());
    }
    if (target instanceof Statement.TupleTarget) {
      throw tokens.unexpected("'='");
    }
    List<Link> filters = new ArrayList<>();
    while (tokens.skipOperator("|")) {
      filters.add(expressions.parseFilter());
    }
    endTag();
    return new Statement.SetBlock(target, filters, parseBodyUntil("endset"));
  }

  private Statement parseFilterBlock() {
    List<Link> filters = new ArrayList<>();
    do {
      filters.add(expressions.parseFilter());
    } while (tokens.skipOperator("|"));
    endTag();
    return new Statement.FilterBlock(filters, parseBodyUntil("endfilter"));
  }

  private Statement parseWith() {
    List<Statement.Set> variables = new ArrayList<>();
    while (tokens.peek().kind() != Kind.TAG_END) {
      if (!variables.isEmpty()) {
        tokens.expectOperator(",");
      }
      Target target = parseTarget();
      tokens.expectOperator("=");
      variables.add(new Statement.Set(target, expressions.parse()));
    }
    endTag();
    return new Statement.With(variables, parseBodyUntil("endwith"));
  }

  private Statement parseBlock() {
    String name = tokens.expectNewName("the name of a block").text();
    while (tokens.skipName("scoped") || tokens.skipName("required")) {
      // Both only matter for templates that extend this one.
    }
    endTag();
    Statement block = new Statement.NamedBlock(withoutLoops(() -> parseBodyUntil("endblock")));
    tokens.skipName(name);
    return block;
  }

  private Statement parseAutoescape(int at) {
    Expression on = expressions.parse();
    endTag();
    List<Statement> body = parseBodyUntil("endautoescape");
    return on instanceof Expression.Literal literal && !Operators.isTrue(literal.value())
        ? new Statement.With(List.of(), body)
        : new Statement.Unsupported(at, "tag 'autoescape' is not supported");
  }

  /** Skips a tag that names another template, of which there is none. */
  private Statement parseReference(Token name) {
    while (tokens.peek().kind() != Kind.TAG_END) {
      if (tokens.peek().kind() == Kind.END) {
        throw tokens.unexpected("'%}'");
      }
      tokens.take();
    }
    return new Statement.Unsupported(
        name.at(), "tag " + name.describe() + " is not supported: there is no other template");
  }

  private Macro parseMacro(int at) {
    Token name = tokens.expectNewName("the name of a macro");
    return parseMacroRest(at, name.text(), parseParameters(), "endmacro");
  }

  private Statement parseCallBlock(int at) {
    List<Statement.Parameter> parameters =
        tokens.peek().isOperator("(") ? parseParameters() : List.of();
    int calleeAt = tokens.peek().at();
    Expression call = expressions.parse();
    if (!(call instanceof Expression.Chain(_, Expression base, List<Link> links))
        || !(links.getLast() instanceof Expression.Call(_, ArgumentList arguments))) {
      throw tokens.error(calleeAt, "expected the call of a macro");
    }
    Expression callee =
        new Expression.Chain(calleeAt, base, List.copyOf(links.subList(0, links.size() - 1)));
    return new Statement.CallBlock(
        at, callee, arguments, parseMacroRest(at, "caller", parameters, "endcall"));
  }

  private List<Statement.Parameter> parseParameters() {
    tokens.expectOperator("(");
    List<Statement.Parameter> parameters = new ArrayList<>();
    Set<String> names = new HashSet<>();
    boolean optional = false;
    while (!tokens.skipOperator(")")) {
      Token parameter = tokens.expectNewName("the name of a parameter");
      if (!names.add(parameter.text())) {
        throw tokens.error(parameter.at(), "parameter " + parameter.describe() + " is there twice");
      }
      Expression defaultValue = tokens.skipOperator("=") ? expressions.parse() : null;
      if (optional && defaultValue == null) {
        throw tokens.error(
            parameter.at(),
            "parameter " + parameter.describe() + " has no default, one before has");
      }
      optional |= defaultValue != null;
      parameters.add(new Statement.Parameter(parameter.text(), defaultValue));
      if (!tokens.peek().isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return parameters;
  }

  /** Parses the body; what it reads decides about what it may be called with. */
  private Macro parseMacroRest(
      int at, String name, List<Statement.Parameter> parameters, String end) {
    endTag();
    Set<String> outerNames = expressions.replaceReadNames(new HashSet<>());
    List<Statement> body = withoutLoops(() -> parseBodyUntil(end));
    Set<String> names = expressions.replaceReadNames(outerNames);
    outerNames.addAll(names);
    parameters.forEach(parameter -> names.remove(parameter.name()));
    return new Macro(
        at,
        name,
        parameters,
        names.contains("varargs"),
        names.contains("kwargs"),
        names.contains("caller"),
        body);
  }

  private interface BodyParser {
    List<Statement> parse();
  }

  /** Parses a body that a loop around it cannot be left from. */
  private List<Statement> withoutLoops(BodyParser parser) {
    int loops = openLoops;
    openLoops = 0;
    List<Statement> body = parser.parse();
    openLoops = loops;
    return body;
  }
}
