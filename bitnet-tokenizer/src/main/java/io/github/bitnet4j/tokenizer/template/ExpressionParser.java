package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.template.Expression.ArgumentList;
import io.github.bitnet4j.tokenizer.template.Expression.Link;
import io.github.bitnet4j.tokenizer.template.Expression.Operand;
import io.github.bitnet4j.tokenizer.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
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

  /** The names that were read as variables since {@link #replaceReadNames}. */
  private Set<String> readNames = new HashSet<>();

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  static boolean isConstant(String name) {
    return CONSTANTS.containsKey(name);
  }

  /** Collects the names that are read from now on in another set, and returns the last one. */
  Set<String> replaceReadNames(Set<String> names) {
    Set<String> last = readNames;
    readNames = names;
    return last;
  }

  /** Parses one expression, or several with commas between as a tuple. */
  Expression parseTuple() {
    return parseTuple(this::parse);
  }

  /** As {@link #parseTuple()}, of expressions that a following {@code if} does not belong to. */
  Expression parseTupleWithoutIf() {
    return parseTuple(this::parseOr);
  }

  private Expression parseTuple(Supplier<Expression> parseItem) {
    int at = tokens.peek().at();
    Expression first = parseItem.get();
    if (!tokens.peek().isOperator(",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",")) {
      if (endsTuple(tokens.peek())) {
        break;
      }
      items.add(parseItem.get());
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

  private Expression parseOr() {
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
    return new Expression.Arithmetic(at, first, rest);
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
        links.add(new Expression.Call(token.at(), parseArguments()));
      } else {
        return links.isEmpty() ? base : new Expression.Chain(at, base, links);
      }
    }
  }

  private Link parseAttribute(int at) {
    Token name = tokens.take();
    if (name.kind() == Kind.INTEGER) {
      return new Expression.Item(at, new Expression.Literal(at, parseInteger(name)));
    }
    if (name.kind() != Kind.NAME) {
      throw tokens.error(name.at(), "expected a name after '.', found " + name.describe());
    }
    return new Expression.Attribute(at, name.text());
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
        links.add(new Expression.Call(token.at(), parseArguments()));
      } else {
        return;
      }
    }
  }

  /** Parses the name and the arguments of a filter. */
  Link parseFilter() {
    int at = tokens.peek().at();
    String name = parseDottedName("the name of a filter");
    ArgumentList arguments = tokens.peek().isOperator("(") ? parseArguments() : ArgumentList.NONE;
    return new Expression.Filter(at, name, arguments);
  }

  private Link parseTest() {
    boolean negated = tokens.skipName("not");
    int at = tokens.peek().at();
    String name = parseDottedName("the name of a test");
    Token next = tokens.peek();
    ArgumentList arguments = ArgumentList.NONE;
    if (next.isOperator("(")) {
      arguments = parseArguments();
    } else if (startsTestArgument(next)) {
      arguments = new ArgumentList(List.of(parsePostfix()), Map.of(), null, null);
    }
    return new Expression.Test(at, name, negated, arguments);
  }

  private String parseDottedName(String what) {
    StringBuilder name = new StringBuilder(tokens.expect(Kind.NAME, what).text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expect(Kind.NAME, what).text());
    }
    return name.toString();
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
    Expression unpacked = null;
    Expression unpackedNamed = null;
    while (!tokens.skipOperator(")")) {
      Token token = tokens.peek();
      if (unpacked == null && unpackedNamed == null && tokens.skipOperator("*")) {
        unpacked = parse();
      } else if (unpackedNamed == null && tokens.skipOperator("**")) {
        unpackedNamed = parse();
      } else if (token.kind() == Kind.NAME && tokens.peekSecond().isOperator("=")) {
        tokens.take();
        tokens.take();
        if (named.put(token.text(), parse()) != null || unpackedNamed != null) {
          throw tokens.error(token.at(), "argument '" + token.text() + "' is given twice or late");
        }
      } else if (named.isEmpty() && unpacked == null && unpackedNamed == null) {
        positional.add(parse());
      } else {
        throw tokens.error(token.at(), "an argument without a name follows one with a name");
      }
      if (!tokens.peek().isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new ArgumentList(positional, named, unpacked, unpackedNamed);
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
    readNames.add(name.text());
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
    String digits = token.text();
    int radix =
        switch (digits.length() < 2 ? '0' : digits.charAt(1)) {
          case 'x', 'X' -> 16;
          case 'o', 'O' -> 8;
          case 'b', 'B' -> 2;
          default -> 10;
        };
    try {
      return new Value.Int(Long.parseLong(radix == 10 ? digits : digits.substring(2), radix));
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
