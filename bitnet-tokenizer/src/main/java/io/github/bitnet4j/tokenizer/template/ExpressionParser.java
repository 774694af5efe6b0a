package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import io.github.bitnet4j.tokenizer.template.Expression.ArgumentList;
import io.github.bitnet4j.tokenizer.template.Expression.Link;
import io.github.bitnet4j.tokenizer.template.Expression.Operand;
import io.github.bitnet4j.tokenizer.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Parses expressions; one method for each level of precedence, the loosest first. */
final class ExpressionParser {
  private static final Map<String, Value> CONSTANTS =
      Map.of(
          "true", Value.Bool.TRUE,
          "True", Value.Bool.TRUE,
          "false", Value.Bool.FALSE,
          "False", Value.Bool.FALSE,
          "none", Value.None.NONE,
          "None", Value.None.NONE);

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> SUMS = Set.of("+", "-");
  private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");
  private static final Set<String> POWERS = Set.of("**");

  private final TokenStream tokens;

  /** Where functions and plain names occur first; macros are known only at the end. */
  private final Map<String, Integer> calledNames = new HashMap<>();

  private final Map<String, Integer> readNames = new HashMap<>();

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  static boolean isConstant(String name) {
    return CONSTANTS.containsKey(name);
  }

  /** Refuses calls of what is no function, and macros used as values. */
  void checkNames(Set<String> macros) {
    calledNames.forEach(
        (name, at) -> {
          if (!macros.contains(name) && !Functions.NAMES.contains(name)) {
            throw tokens.error(at, "function '" + name + "' is not supported");
          }
        });
    readNames.forEach(
        (name, at) -> {
          if (macros.contains(name)) {
            throw tokens.error(at, "macro '" + name + "' as a value is not supported; call it");
          }
        });
  }

  /** Parses one expression, or several with commas between as a tuple. */
  Expression parseTuple() {
    int at = tokens.peek().at();
    Expression first = parse();
    if (!tokens.peek().isOperator(",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",")) {
      if (endsTuple(tokens.peek())) {
        break;
      }
      items.add(parse());
    }
    return new Expression.ListLiteral(at, Value.Sequence.Kind.TUPLE, items);
  }

  private static boolean endsTuple(Token token) {
    return token.kind() == Kind.OUTPUT_END || token.kind() == Kind.TAG_END || token.isOperator(")");
  }

  Expression parse() {
    tokens.enter();
    int at = tokens.peek().at();
    Expression result = parseOr();
    if (tokens.skipName("if")) {
      Expression test = parseOr();
      Expression otherwise = tokens.skipName("else") ? parse() : null;
      result = new Expression.Conditional(at, test, result, otherwise);
    }
    tokens.leave();
    return result;
  }

  /** Parses an expression that a following {@code if} does not belong to. */
  Expression parseOr() {
    return parseLogical("or", true, () -> parseLogical("and", false, this::parseNot));
  }

  private Expression parseLogical(String operator, boolean any, Supplier<Expression> parseOperand) {
    int at = tokens.peek().at();
    Expression first = parseOperand.get();
    if (!tokens.peek().isName(operator)) {
      return first;
    }
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (tokens.skipName(operator)) {
      operands.add(parseOperand.get());
    }
    return new Expression.Logical(at, any, operands);
  }

  private Expression parseNot() {
    int at = tokens.peek().at();
    if (!tokens.skipName("not")) {
      return parseComparison();
    }
    tokens.enter();
    Expression operand = parseNot();
    tokens.leave();
    return new Expression.Not(at, operand);
  }

  private Expression parseComparison() {
    int at = tokens.peek().at();
    Expression first = parseSum();
    List<Operand> rest = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      String operator;
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        tokens.take();
        operator = token.text();
      } else if (tokens.skipName("in")) {
        operator = "in";
      } else if (token.isName("not") && tokens.peekSecond().isName("in")) {
        tokens.take();
        tokens.take();
        operator = "not in";
      } else {
        return rest.isEmpty() ? first : new Expression.Comparison(at, first, rest);
      }
      rest.add(new Operand(token.at(), operator, parseSum()));
    }
  }

  private Expression parseSum() {
    return parseArithmetic(SUMS, this::parseConcatenation);
  }

  private Expression parseConcatenation() {
    int at = tokens.peek().at();
    Expression first = parseProduct();
    if (!tokens.peek().isOperator("~")) {
      return first;
    }
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      operands.add(parseProduct());
    }
    return new Expression.Concatenation(at, operands);
  }

  private Expression parseProduct() {
    return parseArithmetic(PRODUCTS, () -> parseArithmetic(POWERS, this::parseSign));
  }

  private Expression parseArithmetic(Set<String> operators, Supplier<Expression> parseOperand) {
    int at = tokens.peek().at();
    Expression first = parseOperand.get();
    List<Operand> rest = new ArrayList<>();
    while (tokens.peek().kind() == Kind.OPERATOR && operators.contains(tokens.peek().text())) {
      Token operator = tokens.take();
      rest.add(new Operand(operator.at(), operator.text(), parseOperand.get()));
    }
    if (rest.isEmpty()) {
      return first;
    }
    refuseSafe(first);
    rest.forEach(operand -> refuseSafe(operand.value()));
    return new Expression.Arithmetic(at, first, rest);
  }

  /** In Jinja, arithmetic with the result of this filter would escape its other operand. */
  private void refuseSafe(Expression operand) {
    if (operand instanceof Expression.Chain chain
        && chain.links().getLast() instanceof Expression.Filter filter
        && filter.name().equals("safe")) {
      throw tokens.error(filter.at(), "filter 'safe' in arithmetic is not supported; use '~'");
    }
  }

  /** A sign binds tighter than a filter and looser than an attribute, as in Jinja. */
  private Expression parseSign() {
    List<Link> filters = new ArrayList<>();
    int at = tokens.peek().at();
    Expression operand = parseSignOperand();
    parseFilters(filters);
    return filters.isEmpty() ? operand : new Expression.Chain(at, operand, filters);
  }

  private Expression parseSignOperand() {
    Token token = tokens.peek();
    if (!token.isOperator("-") && !token.isOperator("+")) {
      return parsePostfix();
    }
    tokens.take();
    tokens.enter();
    Expression operand = parseSignOperand();
    tokens.leave();
    return new Expression.Sign(token.at(), token.isOperator("-"), operand);
  }

  private Expression parsePostfix() {
    int at = tokens.peek().at();
    Expression base = parsePrimary();
    List<Link> links = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      if (tokens.skipOperator(".")) {
        links.add(parseAttribute(token.at()));
      } else if (tokens.skipOperator("[")) {
        links.add(parseSubscript(token.at()));
      } else if (token.isOperator("(")) {
        throw calledValue(token);
      } else {
        return links.isEmpty() ? base : new Expression.Chain(at, base, links);
      }
    }
  }

  private ChatTemplateException calledValue(Token token) {
    return tokens.error(token.at(), "a call of anything but a function or method by its name");
  }

  private Link parseAttribute(int at) {
    Token name = tokens.take();
    if (name.kind() == Kind.INTEGER) {
      return new Expression.Item(at, new Expression.Literal(at, parseInteger(name)));
    }
    if (name.kind() != Kind.NAME) {
      throw tokens.error(name.at(), "expected a name after '.', found " + name.describe());
    }
    if (!tokens.peek().isOperator("(")) {
      return new Expression.Attribute(at, name.text());
    }
    Methods.Method method = Methods.BY_NAME.get(name.text());
    if (method == null) {
      throw tokens.error(name.at(), "method '" + name.text() + "' is not supported");
    }
    return new Expression.MethodCall(at, name.text(), method, parseArguments());
  }

  private Link parseSubscript(int at) {
    Expression start = tokens.peek().isOperator(":") ? null : parse();
    if (!tokens.skipOperator(":")) {
      tokens.expectOperator("]");
      if (start == null) {
        throw tokens.error(at, "expected an index");
      }
      return new Expression.Item(at, start);
    }
    Expression stop = parseSlicePart();
    Expression step = tokens.skipOperator(":") ? parseSlicePart() : null;
    tokens.expectOperator("]");
    return new Expression.Slice(at, start, stop, step);
  }

  private @Nullable Expression parseSlicePart() {
    Token token = tokens.peek();
    return token.isOperator(":") || token.isOperator("]") ? null : parse();
  }

  private void parseFilters(List<Link> links) {
    while (true) {
      Token token = tokens.peek();
      if (tokens.skipOperator("|")) {
        links.add(parseFilter());
      } else if (tokens.skipName("is")) {
        links.add(parseTest());
      } else if (token.isOperator("(")) {
        throw calledValue(token);
      } else {
        return;
      }
    }
  }

  private Link parseFilter() {
    Token name = tokens.expect(Kind.NAME, "the name of a filter");
    Filters.Function function = Filters.BY_NAME.get(name.text());
    if (function == null) {
      throw tokens.error(name.at(), "filter '" + name.text() + "' is not supported");
    }
    ArgumentList arguments = tokens.peek().isOperator("(") ? parseArguments() : ArgumentList.NONE;
    return new Expression.Filter(name.at(), name.text(), function, arguments);
  }

  private Link parseTest() {
    boolean negated = tokens.skipName("not");
    Token name = tokens.expect(Kind.NAME, "the name of a test");
    Tests.Test test = Tests.BY_NAME.get(name.text());
    if (test == null) {
      throw tokens.error(name.at(), "test '" + name.text() + "' is not supported");
    }
    Token next = tokens.peek();
    ArgumentList arguments = ArgumentList.NONE;
    if (next.isOperator("(")) {
      arguments = parseArguments();
    } else if (startsTestArgument(next)) {
      arguments = new ArgumentList(List.of(parsePostfix()), Map.of());
    }
    return new Expression.Test(name.at(), name.text(), negated, test, arguments);
  }

  private static boolean startsTestArgument(Token token) {
    return switch (token.kind()) {
      case NAME -> !TokenStream.isKeyword(token);
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> token.text().equals("[") || token.text().equals("{");
      default -> false;
    };
  }

  private ArgumentList parseArguments() {
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!tokens.skipOperator(")")) {
      Token token = tokens.peek();
      if (token.isOperator("*") || token.isOperator("**")) {
        throw tokens.error(token.at(), "unpacked arguments (*) are not supported");
      }
      if (token.kind() == Kind.NAME && tokens.peekSecond().isOperator("=")) {
        tokens.take();
        tokens.take();
        if (named.put(token.text(), parse()) != null) {
          throw tokens.error(token.at(), "argument '" + token.text() + "' is given twice");
        }
      } else if (named.isEmpty()) {
        positional.add(parse());
      } else {
        throw tokens.error(token.at(), "an argument without a name follows one with a name");
      }
      if (!tokens.peek().isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new ArgumentList(positional, named);
  }

  private Expression parsePrimary() {
    Token token = tokens.peek();
    return switch (token.kind()) {
      case NAME -> parseName();
      case STRING -> parseString();
      case INTEGER -> new Expression.Literal(token.at(), parseInteger(tokens.take()));
      case FLOAT ->
          new Expression.Literal(
              token.at(), new Value.Real(Double.parseDouble(tokens.take().text())));
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> parseParentheses();
            case "[" -> parseList();
            case "{" -> parseDict();
            default -> throw tokens.unexpected("an expression");
          };
      default -> throw tokens.unexpected("an expression");
    };
  }

  private Expression parseName() {
    Token name = tokens.take();
    if (TokenStream.isKeyword(name)) {
      throw tokens.error(name.at(), "expected an expression, found " + name.describe());
    }
    Value constant = CONSTANTS.get(name.text());
    if (constant != null) {
      return new Expression.Literal(name.at(), constant);
    }
    if (tokens.peek().isOperator("(")) {
      calledNames.putIfAbsent(name.text(), name.at());
      return new Expression.Call(name.at(), name.text(), parseArguments());
    }
    readNames.putIfAbsent(name.text(), name.at());
    return new Expression.Name(name.at(), name.text());
  }

  private Expression parseString() {
    int at = tokens.peek().at();
    StringBuilder value = new StringBuilder();
    while (tokens.peek().kind() == Kind.STRING) {
      value.append(tokens.take().text());
    }
    return new Expression.Literal(at, Text.ofTemplate(value.toString()));
  }

  private Value parseInteger(Token token) {
    try {
      return new Value.Int(Long.parseLong(token.text()));
    } catch (NumberFormatException e) {
      throw tokens.error(token.at(), "expected an integer below 2^63");
    }
  }

  private Expression parseParentheses() {
    int at = tokens.take().at();
    if (tokens.skipOperator(")")) {
      return new Expression.ListLiteral(at, Value.Sequence.Kind.TUPLE, List.of());
    }
    Expression inner = parseTuple();
    tokens.expectOperator(")");
    return inner;
  }

  private Expression parseList() {
    int at = tokens.take().at();
    List<Expression> items = new ArrayList<>();
    while (!tokens.skipOperator("]")) {
      items.add(parse());
      if (!tokens.peek().isOperator("]")) {
        tokens.expectOperator(",");
      }
    }
    return new Expression.ListLiteral(at, Value.Sequence.Kind.LIST, items);
  }

  private Expression parseDict() {
    int at = tokens.take().at();
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      keys.add(parse());
      tokens.expectOperator(":");
      values.add(parse());
      if (!tokens.peek().isOperator("}")) {
        tokens.expectOperator(",");
      }
    }
    return new Expression.DictLiteral(at, keys, values);
  }
}
