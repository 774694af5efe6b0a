package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses a whole template. */
final class StatementParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final Map<String, Statement.Macro> macros = new LinkedHashMap<>();
  private int openStatements;
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
    expressions.checkNames(macros.keySet());
    return statements;
  }

  /** Returns the macros by name, once the template is parsed. */
  Map<String, Statement.Macro> macros() {
    return macros;
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
          Statement statement = parseTag();
          if (statement != null) {
            statements.add(statement);
          }
        }
        default -> {
          return statements;
        }
      }
    }
  }

  private static boolean continuesStatement(Token name) {
    return name.kind() == Kind.NAME
        && switch (name.text()) {
          case "elif", "else", "endif", "endfor", "endset", "endmacro", "endgeneration" -> true;
          default -> false;
        };
  }

  /** Returns null for a macro: it is not run where it stands. */
  private @Nullable Statement parseTag() {
    Token name = tokens.expect(Kind.NAME, "the name of a tag");
    tokens.enter();
    openStatements++;
    Statement statement =
        switch (name.text()) {
          case "if" -> parseIf();
          case "for" -> parseFor(name.at());
          case "set" -> parseSet(name.at());
          case "macro" -> parseMacro(name.at());
          case "generation" -> {
            // Marks what the model wrote, for training; it prints its body.
            endTag();
            yield new Statement.Block(parseBodyUntil("endgeneration"));
          }
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
    openStatements--;
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
    List<String> targets = parseTargets("in");
    tokens.expectName("in");
    // An 'if' after the sequence is the loop's own.
    Expression iterable = expressions.parseOr();
    Expression filter = tokens.skipName("if") ? expressions.parse() : null;
    if (tokens.peek().isName("recursive")) {
      throw tokens.error(tokens.peek().at(), "'recursive' is not supported");
    }
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
    return new Statement.For(at, targets, iterable, filter, body, otherwise);
  }

  /** Parses names with commas between; brackets around all of them are allowed. */
  private List<String> parseTargets(String end) {
    boolean brackets = tokens.skipOperator("(");
    List<String> targets = new ArrayList<>();
    do {
      if (!targets.isEmpty() && (tokens.peek().isName(end) || tokens.peek().isOperator(")"))) {
        throw tokens.error(tokens.peek().at(), "a comma after the last variable is not supported");
      }
      targets.add(tokens.expectNewName("the name of a variable").text());
    } while (tokens.skipOperator(","));
    if (brackets) {
      tokens.expectOperator(")");
    }
    return targets;
  }

  private Statement parseSet(int at) {
    if (tokens.peek().kind() == Kind.NAME && tokens.peekSecond().isOperator(".")) {
      String namespace = tokens.take().text();
      tokens.take();
      String attribute = tokens.expect(Kind.NAME, "the name of an attribute").text();
      tokens.expectOperator("=");
      return new Statement.SetAttribute(at, namespace, attribute, expressions.parseTuple());
    }
    List<String> targets = parseTargets("=");
    if (tokens.skipOperator("=")) {
      return new Statement.SetNames(at, targets, expressions.parseTuple());
    }
    if (targets.size() > 1) {
      throw tokens.unexpected("'='");
    }
    if (tokens.peek().isOperator("|")) {
      throw tokens.error(tokens.peek().at(), "a filter of a block 'set' is not supported");
    }
    endTag();
    return new Statement.SetBlock(at, targets.getFirst(), parseBodyUntil("endset"));
  }

  private @Nullable Statement parseMacro(int at) {
    if (openStatements > 1) {
      throw tokens.error(at, "'macro' inside another statement is not supported");
    }
    Token name = tokens.expectNewName("the name of a macro");
    tokens.expectOperator("(");
    List<Statement.Parameter> parameters = new ArrayList<>();
    Set<String> names = new HashSet<>();
    while (!tokens.skipOperator(")")) {
      Token parameter = tokens.expectNewName("the name of a parameter");
      if (!names.add(parameter.text())) {
        throw tokens.error(parameter.at(), "parameter " + parameter.describe() + " is there twice");
      }
      Expression defaultValue = tokens.skipOperator("=") ? expressions.parse() : null;
      parameters.add(new Statement.Parameter(parameter.text(), defaultValue));
      if (!tokens.peek().isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    endTag();
    Statement.Macro macro =
        new Statement.Macro(at, name.text(), parameters, parseBodyUntil("endmacro"));
    if (Functions.NAMES.contains(name.text()) || macros.put(name.text(), macro) != null) {
      throw tokens.error(name.at(), "macro " + name.describe() + " is already defined");
    }
    return null;
  }
}
