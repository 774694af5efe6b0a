package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class SequenceBreakersTest {
  @Test
  void areTokensThatContainATextAndSpecialTokens() throws IOException {
    try (TransformerModel model = (TransformerModel) Model.load(SampleModels.DEMO)) {
      Tokenizer tokenizer = model.tokenizer();
      SequenceBreakers breakers = new SequenceBreakers(model, Dry.DEFAULT_BREAKERS);
      for (int id = 0; id < tokenizer.vocabSize(); id++) {
        String text = tokenizer.tokenText(id);
        boolean expected =
            text.contains("\n")
                || text.contains(":")
                || text.contains("\"")
                || text.contains("*")
                || tokenizer.isSpecial(id);
        assertThat(breakers.test(id)).as("token %d, %s", id, text).isEqualTo(expected);
        assertThat(breakers.test(id)).as("again").isEqualTo(expected);
      }
      assertThat(breakers.test(tokenizer.idOf("\"").orElseThrow())).isTrue();
      assertThat(new SequenceBreakers(model, List.of()).test(2046)).isTrue();
    }
  }

  @Test
  void areTheStopTokensOfAModelWithoutTokenizer() throws IOException {
    try (TransformerModel model = (TransformerModel) Model.load(SampleModels.TIED)) {
      SequenceBreakers breakers = new SequenceBreakers(model, List.of());
      assertThat(model.info().stopIds()).isNotEmpty();
      for (int id = 0; id < model.info().vocabSize(); id++) {
        assertThat(breakers.test(id)).isEqualTo(model.info().stopIds().contains(id));
      }
    }
  }
}
