package io.github.bitnet4j.tokenizer;

/** Turns ids into text one at a time, holding back the bytes of an unfinished character. */
public final class StreamingDecoder {
  StreamingDecoder() {}

  /** Returns the text that has become certain with this id; often empty inside a character. */
  public String accept(int id) {
    throw new UnsupportedOperationException();
  }

  /** Returns what is still held back, as replacement characters, and starts anew. */
  public String finish() {
    throw new UnsupportedOperationException();
  }
}
