/** Byte pair encoding and chat templates, usable without the rest of bitnet4j. */
@SuppressWarnings("module") // io.github.bitnet4j.core is compiled later, against this module
module io.github.bitnet4j.tokenizer {
  requires static org.jspecify;

  exports io.github.bitnet4j.tokenizer;
  exports io.github.bitnet4j.tokenizer.file to
      io.github.bitnet4j.api,
      io.github.bitnet4j.core,
      io.github.bitnet4j.cli;
  exports io.github.bitnet4j.tokenizer.json to
      io.github.bitnet4j.core;
}
