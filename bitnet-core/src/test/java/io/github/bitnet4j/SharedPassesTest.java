package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.Fixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sessions that generate at the same time share passes; each gets what it would get alone. */
class SharedPassesTest {
  private static final int SESSIONS = 8;

  /** A prompt and settings for each session: all kinds of needs of logits. */
  private static GenerationConfig config(int session) {
    GenerationConfig.Builder builder =
        GenerationConfig.builder().maxTokens(20 + session).seed(session).ignoreStopTokens(true);
    return switch (session % 4) {
      case 0 -> builder.build();
      case 1 -> builder.temperature(0.8f).topK(20).build();
      case 2 -> builder.temperature(0.9f).speculation(true).build();
      default -> builder.temperature(0.7f).topP(0.9f).build();
    };
  }

  private static int[] prompt(int session, int vocabSize) {
    return Fixtures.randomIds(session, session == 5 ? 150 : 3 + 4 * session, vocabSize);
  }

  @ParameterizedTest
  @CsvSource({"scalar, 2", "vector, 1", "vector, 2"})
  void eachGetsItsOwnTokens(String kernels, int threads) throws Exception {
    Path path = Fixtures.DEMO_MODEL;
    LoadOptions options = LoadOptions.builder().kernels(kernels).threads(threads).build();
    try (Model model = Model.load(path, options)) {
      int vocabSize = model.info().vocabSize();
      List<int[]> alone = new ArrayList<>();
      for (int i = 0; i < SESSIONS; i++) {
        try (Session session = model.newSession()) {
          alone.add(session.generate(prompt(i, vocabSize), config(i)).ids());
        }
      }
      for (int round = 0; round < 3; round++) {
        assertThat(together(model))
            .as("round %d", round)
            .usingElementComparator(Arrays::compare)
            .isEqualTo(alone);
      }
    }
  }

  private static List<int[]> together(Model model) throws Exception {
    int vocabSize = model.info().vocabSize();
    List<int[]> ids = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<int[]>> futures =
          IntStream.range(0, SESSIONS)
              .mapToObj(
                  i ->
                      executor.submit(
                          () -> {
                            try (Session session = model.newSession()) {
                              return session.generate(prompt(i, vocabSize), config(i)).ids();
                            }
                          }))
              .toList();
      for (Future<int[]> future : futures) {
        ids.add(future.get());
      }
    }
    return ids;
  }
}
