package io.github.bitnet4j.tokenizer.template;

/**
 * A piece of a template.
 *
 * @param text the characters; for a string literal, with escapes resolved
 * @param at its offset in the source
 */
record Token(Kind kind, String text, int at) {
  enum Kind {
    TEXT,
    OUTPUT_BEGIN,
    OUTPUT_END,
    TAG_BEGIN,
    TAG_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  /** Returns the token as error messages show it. */
  String describe() {
    return switch (kind) {
      case TEXT -> "text";
      case OUTPUT_BEGIN -> "'{{'";
      case OUTPUT_END -> "'}}'";
      case TAG_BEGIN -> "'{%'";
      case TAG_END -> "'%}'";
      case STRING -> "a string";
      case NAME, INTEGER, FLOAT, OPERATOR ->
          text.length() > 40 ? "'" + text.substring(0, 40) + "…'" : "'" + text + "'";
      case END -> "the end of the template";
    };
  }
}
