package io.github.bitnet4j.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** Turns text into token ids and back. Immutable and thread-safe. */
public final class Tokenizer {
  private Tokenizer() {}

  /** Reads {@code tokenizer.json}, given the file or the folder that holds it. */
  public static Tokenizer load(Path fileOrFolder) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Encodes ordinary text, see {@link EncodeOptions#LITERAL}. */
  public int[] encode(String text) {
    throw new UnsupportedOperationException();
  }

  /** Encodes text. */
  public int[] encode(String text, EncodeOptions options) {
    throw new UnsupportedOperationException();
  }

  /** Decodes ids; special tokens appear as their names. */
  public String decode(int... ids) {
    throw new UnsupportedOperationException();
  }

  /** Returns a decoder for one stream of ids. */
  public StreamingDecoder newStreamingDecoder(boolean skipSpecial) {
    throw new UnsupportedOperationException();
  }

  /** Returns the number of ids: every id is below it. */
  public int vocabSize() {
    throw new UnsupportedOperationException();
  }

  /** Returns the id of a token by its text, such as {@code <|eot_id|>}. */
  public OptionalInt idOf(String token) {
    throw new UnsupportedOperationException();
  }

  /** Returns whether the id is a special (control) token. */
  public boolean isSpecial(int id) {
    throw new UnsupportedOperationException();
  }

  /** Returns the beginning-of-sequence id. */
  public OptionalInt bosId() {
    throw new UnsupportedOperationException();
  }

  /** Returns whether the model expects the beginning-of-sequence id before a prompt. */
  public boolean addsBos() {
    throw new UnsupportedOperationException();
  }

  /** Returns the end-of-sequence id of {@code tokenizer_config.json}. */
  public OptionalInt eosId() {
    throw new UnsupportedOperationException();
  }

  /** Returns the model's chat template. */
  public Optional<ChatTemplate> chatTemplate() {
    throw new UnsupportedOperationException();
  }
}
