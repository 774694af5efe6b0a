package io.github.bitnet4j.tokenizer;

/** Takes the places of tokens in a text. */
interface SpanSink {
  /** Takes the characters of the next token, from {@code start} to {@code end}. */
  void accept(int start, int end);
}
