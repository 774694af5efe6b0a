package io.github.bitnet4j.tokenizer;

/** A fault of a vocabulary, for the reader that knows file and place. */
final class VocabularyException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String fault;

  VocabularyException(String fault) {
    super(fault);
    this.fault = fault;
  }

  /** Returns what was expected and what was found. */
  String fault() {
    return fault;
  }
}
