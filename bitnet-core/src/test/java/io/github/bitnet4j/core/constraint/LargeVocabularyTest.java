package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.core.logits.TokenMask;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The vocabulary of Llama 3, if it is beside the repository. */
class LargeVocabularyTest {
  private static final String PACKED = "tokenizer/llama3/tokenizer.json.gz";

  /**
   * Returns a file of the folder {@code shared} beside the repository; without it skips the test.
   */
  private static Path shared(String name) {
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.exists(folder.resolve("shared").resolve(name))) {
      folder = folder.getParent();
    }
    Assumptions.assumeTrue(folder != null, "skipped: there is no ../shared/" + name);
    return folder.resolve("shared").resolve(name);
  }

  @Test
  void masksAllowExactlyTheTokensThatCanBeRead(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(shared(PACKED)))) {
      Files.copy(in, file);
    }
    Tokenizer tokenizer = Tokenizer.load(file);
    Vocabulary vocabulary =
        new Vocabulary(tokenizer, tokenizer.vocabSize(), List.of(128_009), Budgets.token());
    assertThat(vocabulary.trie().bytes()).isLessThan(6 << 20);
    OutputConstraint schema =
        OutputConstraint.jsonSchema(
            """
            {"properties": {"a": {"type": "string"}, "b": {"type": "string", "maxLength": 9},
             "c": {"pattern": "^[^x]{2,}$"}, "d": {"type": "number"}}, "required": ["a"]}\
            """);
    Program program = Budgets.compile(schema);
    CompiledConstraint constraint = new CompiledConstraint(vocabulary, program, Budgets.token());
    for (String text :
        List.of(
            "",
            "{\"",
            "{\"a\":\"",
            "{\"a\":\"\u6F22",
            "{\"a\":\"\",\"b\": \"four",
            "{\"a\":\"\",\"c\": \"\\\"",
            "{\"a\":\"\",\"d\": -1")) {
      ConstraintState state = new ConstraintState(constraint, vocabulary, true, () -> false);
      Automaton automaton = new Automaton(program, false, Budgets.token());
      State expected = automaton.start();
      for (int id : tokenizer.encode(text)) {
        state.accept(id);
        expected = read(automaton, expected, tokenizer.tokenBytes(id));
      }
      long[] mask = state.mask();
      for (int id = 0; id < tokenizer.vocabSize(); id++) {
        boolean allowed =
            !tokenizer.isSpecial(id)
                && !read(automaton, expected, tokenizer.tokenBytes(id)).isDead();
        if (TokenMask.contains(mask, id) != allowed) {
          assertThat(TokenMask.contains(mask, id)).as("%s, token %d", text, id).isEqualTo(allowed);
        }
      }
    }
  }

  private static State read(Automaton automaton, State from, byte[] bytes) {
    automaton.allowWork(Budgets.token());
    State state = from;
    for (byte b : bytes) {
      state = automaton.step(state, b & 0xFF);
    }
    return state;
  }
}
