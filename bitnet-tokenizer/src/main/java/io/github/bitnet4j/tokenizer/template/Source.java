package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.ChatTemplateException;

/** The text of a template with unified line ends; places are offsets into it. */
record Source(String text) {
  /** Longest accepted template; the largest public ones have about 30 000 characters. */
  static final int MAX_LENGTH = 1 << 20;

  /** Applies Jinja's rules for a whole template: all line ends are {@code \n}, the last is cut. */
  static Source of(String template) {
    if (template.length() > MAX_LENGTH) {
      throw new ChatTemplateException(
          "chat template: expected at most "
              + MAX_LENGTH
              + " characters, found "
              + template.length());
    }
    String unified = template.replace("\r\n", "\n").replace('\r', '\n');
    return new Source(
        unified.endsWith("\n") ? unified.substring(0, unified.length() - 1) : unified);
  }

  /** Returns an exception that names the line and column (from 1) of the offset. */
  ChatTemplateException error(int at, String message) {
    int line = 1;
    int lineStart = 0;
    for (int i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) {
      line++;
      lineStart = i + 1;
    }
    int column = text.codePointCount(lineStart, Math.min(at, text.length())) + 1;
    return new ChatTemplateException(
        "chat template: line " + line + ", column " + column + ": " + message);
  }
}
