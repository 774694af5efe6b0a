package io.github.bitnet4j.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * Entry point for Jazzer: {@code --target_class=...TokenizerFuzzTarget}. The input is a tokenizer
 * file: {@code tokenizer.json}, a SentencePiece model or tiktoken ranks, which are told apart by
 * their bytes. What escapes is a finding. For one thread at a time.
 */
public final class TokenizerFuzzTarget {
  private static final Path FILE = file();

  private TokenizerFuzzTarget() {}

  private static Path file() {
    try {
      Path file = Files.createTempFile("bitnet4j-fuzz", ".vocabulary");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Tries an input: it is refused, or it can be used. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  /** Returns whether an input is accepted. */
  static boolean accepts(byte[] input) {
    try {
      Files.write(FILE, input);
      Tokenizer tokenizer = Tokenizer.load(FILE);
      tokenizer.encode("Hello world, it's 12345 日本\n\n \0\uD83D", new EncodeOptions(true, true));
      tokenizer.decode(IntStream.range(0, tokenizer.vocabSize()).toArray());
      return true;
    } catch (TokenizerFormatException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
