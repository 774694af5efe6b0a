package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Replays what {@link TokenizerFuzzTarget} is started from: small valid files, whole and cut. */
class TokenizerFuzzCorpusTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"mini/tokenizer.json", "mini-spm/tokenizer.json", "mini-spm/tokenizer.model"})
  void wholeFilesAreAcceptedAndCutOnesRefused(String name) throws IOException {
    byte[] file = Files.readAllBytes(TestData.resource(name));
    assertThat(TokenizerFuzzTarget.accepts(file)).isTrue();
    for (int part = 0; part < 20; part++) {
      byte[] cut = Arrays.copyOf(file, file.length * part / 20);
      boolean accepted = TokenizerFuzzTarget.accepts(cut);
      // A SentencePiece model is a sequence of records: cut between two it is a smaller one.
      assertThat(accepted && !name.endsWith(".model")).as("%s, part %d", name, part).isFalse();
    }
  }
}
