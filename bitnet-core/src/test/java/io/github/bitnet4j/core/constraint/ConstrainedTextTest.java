package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.tokenizer.StreamingDecoder;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.json.JsonFormatException;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Texts of random allowed tokens, for random schemas. */
class ConstrainedTextTest {
  private static final Tokenizer BYTES = TestVocabulary.byteLevel();
  private static final int END = BYTES.idOf("<|end|>").orElseThrow();

  @Test
  void completeTextsParseAndSatisfyTheirSchema() throws JsonFormatException {
    ModelConstraints model = new ModelConstraints(BYTES, BYTES.vocabSize(), java.util.List.of(END));
    int complete = 0;
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      String schema = new RandomSchemas(random).document();
      JsonValue document = JsonReader.read(schema);
      for (int text = 0; text < 4; text++) {
        String written = write(model, OutputConstraint.jsonSchema(schema), random);
        if (written == null) {
          continue; // it did not come to its end
        }
        complete++;
        String where = "seed %d: %s for %s".formatted(seed, written, schema);
        JsonValue value;
        try {
          value = JsonReader.read(written);
        } catch (JsonFormatException e) {
          // The names of additional properties are not kept in mind; JSON allows that.
          assertThat(e).as(where).hasMessageContaining("expected each key once");
          continue;
        }
        assertThat(new SchemaCheck(document).accepts(value)).as(where).isTrue();
      }
    }
    assertThat(complete).isGreaterThan(150);
  }

  private static String write(ModelConstraints model, OutputConstraint constraint, Random random) {
    ConstraintState state = model.begin(constraint, true, () -> false);
    StreamingDecoder decoder = BYTES.newStreamingDecoder(true);
    var text = new StringBuilder();
    for (int step = 0; step < 150; step++) {
      int id = state.isFinished() ? END : TestVocabulary.anyOf(state.mask(), BYTES, random);
      if (id == END) {
        return text.append(decoder.finish()).toString();
      }
      state.accept(id);
      text.append(decoder.accept(id));
    }
    return null;
  }
}
