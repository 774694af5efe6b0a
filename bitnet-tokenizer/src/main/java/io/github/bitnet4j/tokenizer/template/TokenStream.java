package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import io.github.bitnet4j.tokenizer.template.Token.Kind;
import java.util.List;
import java.util.Set;

/** The tokens not yet parsed, and how deeply the parser is nested. */
final class TokenStream {
  /** Deepest nesting of brackets and statements together; public templates stay below 20. */
  private static final int MAX_DEPTH = 40;

  private static final Set<String> KEYWORDS =
      Set.of("if", "elif", "else", "for", "and", "or", "not", "in", "is");

  private final Source source;
  private final List<Token> tokens;
  private int next;
  private int depth;

  TokenStream(Source source) {
    this.source = source;
    this.tokens = Lexer.tokens(source);
  }

  Token peek() {
    return tokens.get(next);
  }

  Token peekSecond() {
    return tokens.get(Math.min(next + 1, tokens.size() - 1));
  }

  /** Returns the token and moves on; the end stays where it is. */
  Token take() {
    Token token = tokens.get(next);
    if (token.kind() != Kind.END) {
      next++;
    }
    return token;
  }

  boolean skipOperator(String operator) {
    boolean found = peek().isOperator(operator);
    if (found) {
      take();
    }
    return found;
  }

  boolean skipName(String name) {
    boolean found = peek().isName(name);
    if (found) {
      take();
    }
    return found;
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected("'" + name + "'");
    }
  }

  Token expect(Kind kind, String what) {
    if (peek().kind() != kind) {
      throw unexpected(what);
    }
    return take();
  }

  /** Takes the name of something new: a variable, a macro, a parameter. */
  Token expectNewName(String what) {
    Token name = expect(Kind.NAME, what);
    if (isKeyword(name) || ExpressionParser.isConstant(name.text())) {
      throw error(name.at(), "expected " + what + ", found the word " + name.describe());
    }
    return name;
  }

  static boolean isKeyword(Token token) {
    return token.kind() == Kind.NAME && KEYWORDS.contains(token.text());
  }

  /** Goes one level deeper; {@link #leave} must follow. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      throw error(peek().at(), "nested more than " + MAX_DEPTH + " levels deep");
    }
  }

  void leave() {
    depth--;
  }

  ChatTemplateException unexpected(String expected) {
    return error(peek().at(), "expected " + expected + ", found " + peek().describe());
  }

  ChatTemplateException error(int at, String message) {
    return source.error(at, message);
  }
}
