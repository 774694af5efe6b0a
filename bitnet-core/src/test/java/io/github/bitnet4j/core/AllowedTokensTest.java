package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.TokenMask;
import io.github.bitnet4j.core.sampling.History;
import io.github.bitnet4j.core.sampling.TokenChooser;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Choices among some tokens, whose logits alone are computed, against choices from all logits. */
class AllowedTokensTest {
  private static final int STEPS = 12;

  private static List<GenerationConfig> settings() {
    return List.of(
        GenerationConfig.defaults(),
        GenerationConfig.builder().temperature(0.8f).build(),
        GenerationConfig.builder().temperature(0.9f).topK(5).build(),
        GenerationConfig.builder().temperature(0.7f).topP(0.8f).build(),
        GenerationConfig.builder().temperature(1.2f).topK(40).topP(0.9f).build(),
        GenerationConfig.builder().temperature(0.7f).minP(0.2f).build(),
        GenerationConfig.builder().temperature(1).topNSigma(1).typicalP(0.9f).build(),
        GenerationConfig.builder().penalties(new Penalties(1.3f, 0.2f, 0.1f, 8)).build(),
        GenerationConfig.builder().temperature(1).bannedIds(2, 3, 5, 7).logitBias(9, 1).build(),
        GenerationConfig.builder().logitsProcessors((ids, logits) -> logits[11] += 2).build());
  }

  @Test
  void theTokensAreThoseOfAllLogits() throws IOException {
    for (boolean screened : new boolean[] {false, true}) {
      try (TestModel model = new TestModel(Fixtures.DEMO_MODEL, "vector", 2, screened)) {
        for (GenerationConfig config : settings()) {
          for (int percent : new int[] {0, 3, 60, 98}) {
            assertThat(generate(model, config, percent, true))
                .as("screened %s, %s, %d percent", screened, config, percent)
                .isEqualTo(generate(model, config, percent, false));
          }
        }
      }
    }
  }

  private static int[] generate(
      TestModel model, GenerationConfig config, int percent, boolean onlyAllowed) {
    int[] prompt = {3, 1, 4, 1, 5};
    int[] ids = Arrays.copyOf(prompt, prompt.length + STEPS);
    int vocabSize = model.config().vocabSize();
    Logits[] logits = {new Logits(vocabSize)};
    TokenChooser chooser = new TokenChooser(config, 11, id -> false);
    History history = new History(ids, prompt.length);
    Random random = new Random(percent);
    try (KvCache cache = model.newCache()) {
      for (int length = prompt.length; length < ids.length; length++) {
        long[] allowed = allowed(random, vocabSize, percent);
        LogitsRequest need = onlyAllowed ? chooser.needAmong(allowed) : LogitsRequest.ALL;
        model.forward(ids, length, cache, need, logits);
        ids[length] = chooser.choose(logits[0], history.upTo(length), allowed);
        assertThat(TokenMask.contains(allowed, ids[length])).isTrue();
      }
    }
    return ids;
  }

  private static long[] allowed(Random random, int vocabSize, int percent) {
    long[] allowed = TokenMask.none(vocabSize);
    TokenMask.add(allowed, 10 + random.nextInt(vocabSize - 10));
    for (int id = 0; id < vocabSize; id++) {
      if (random.nextInt(100) < percent) {
        TokenMask.add(allowed, id);
      }
    }
    return allowed;
  }
}
