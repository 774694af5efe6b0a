package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.TokenStream;
import io.github.bitnet4j.core.format.SampleModels;
import org.junit.jupiter.api.Test;

/** Memory outside the heap that sessions leave behind: none. */
class SessionMemoryTest {
  private static final int[] PROMPT = {30, 31, 32, 33};
  private static final GenerationConfig TWO_TOKENS =
      GenerationConfig.builder().maxTokens(2).ignoreStopTokens(true).build();

  @Test
  void aThousandSessionsLeaveNoBlock() throws Exception {
    LoadOptions options = LoadOptions.builder().kernels("scalar").threads(1).build();
    try (TransformerModel model = (TransformerModel) Model.load(SampleModels.TIED, options)) {
      for (int cycle = 0; cycle < 1000; cycle++) {
        Session session = model.newSession();
        session.generate(PROMPT, TWO_TOKENS);
        assertThat(model.kvMemory().liveBlocks()).isEqualTo(1);
        switch (cycle % 4) {
          case 0 -> session.reset();
          case 1 -> session.rewind(1);
          case 2 -> {
            try (Session fork = session.fork()) {
              fork.generate(new int[] {30, 31, 7}, TWO_TOKENS);
            }
          }
          default -> {
            try (TokenStream stream = session.stream(PROMPT, TWO_TOKENS)) {
              assertThat(stream.iterator().hasNext()).isTrue(); // and closed half way
            }
          }
        }
        session.close();
        assertThat(model.kvMemory().liveBlocks()).as("after " + cycle).isZero();
      }
    }
  }
}
