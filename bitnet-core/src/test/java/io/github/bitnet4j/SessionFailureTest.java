package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An exception passes, and leaves the session as it was before the call. */
class SessionFailureTest {
  private static final String PROMPT = "Once upon a time";

  private static final class SamplerFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private Model model;
  private Session session;
  private Generation expected;

  @BeforeEach
  void open() throws IOException {
    model = Model.load(SampleModels.DEMO);
    session = model.newSession();
    expected = session.generate(PROMPT, config().build());
    session.reset();
    session.addMessage(ChatMessage.system("s"));
  }

  @AfterEach
  void close() {
    session.close();
    model.close();
  }

  private static GenerationConfig.Builder config() {
    return GenerationConfig.builder().maxTokens(10);
  }

  /** Says id 300, and fails at the given token. */
  private static Sampler failingAt(int token) {
    int[] count = {0};
    return (logits, random) -> {
      if (count[0]++ == token) {
        throw new SamplerFailure();
      }
      return 300;
    };
  }

  private void assertAsBefore() {
    assertThat(session.messages()).isEqualTo(List.of(ChatMessage.system("s")));
    assertThat(session.generate(PROMPT, config().build()).ids()).isEqualTo(expected.ids());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5})
  void anExceptionOfTheSamplerPassesThroughGenerate(int token) {
    GenerationConfig config = config().sampler(failingAt(token)).build();
    assertThatExceptionOfType(SamplerFailure.class)
        .isThrownBy(() -> session.generate(PROMPT, config));
    assertAsBefore();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5})
  void anExceptionOfTheSamplerPassesThroughAStreamAndEndsIt(int token) {
    try (TokenStream stream = session.stream(PROMPT, config().sampler(failingAt(token)).build())) {
      for (int i = 0; i < token; i++) {
        assertThat(stream.iterator().next().id()).isEqualTo(300);
      }
      assertThatExceptionOfType(SamplerFailure.class).isThrownBy(() -> stream.iterator().next());
      assertThat(stream.iterator().hasNext()).isFalse();
      assertThatIllegalStateException()
          .isThrownBy(stream::result)
          .withMessage("the generation failed with an exception");
      assertAsBefore(); // the stream is not open any more
    }
    assertAsBefore();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 2048, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void aSamplerThatReturnsNoIdIsNamed(int id) {
    GenerationConfig config = config().sampler((logits, random) -> id).build();
    assertThatIllegalStateException()
        .isThrownBy(() -> session.generate(PROMPT, config))
        .withMessage("the configured Sampler returned " + id + "; expected an id from 0 to 2047");
    assertAsBefore();
  }

  @Test
  void anErrorOfTheSamplerPassesToo() {
    GenerationConfig config =
        config()
            .sampler(
                (logits, random) -> {
                  throw new StackOverflowError();
                })
            .build();
    assertThatExceptionOfType(StackOverflowError.class)
        .isThrownBy(() -> session.generate(PROMPT, config));
    assertAsBefore();
  }

  @Test
  void anExceptionOfATraceListenerPassesAndLeavesTheCache() {
    session.generate(new int[] {9, 8, 7}, config().maxTokens(1).build());
    TraceListener listener =
        new TraceListener() {
          @Override
          public void onFloats(String name, int rows, int columns, float[] values) {
            if (name.equals("layers.1.out")) {
              throw new SamplerFailure();
            }
          }

          @Override
          public void onBytes(String name, int rows, int columns, byte[] values) {}
        };
    assertThatExceptionOfType(SamplerFailure.class)
        .isThrownBy(() -> session.trace(expected.promptIds(), listener));
    assertThat(session.position()).isEqualTo(3);
    assertAsBefore();
  }

  /** A text that fills more than one block of the cache, and prompts that share more or less. */
  @ParameterizedTest
  @ValueSource(ints = {0, 64, 89, 90, 91})
  void theTokensInTheCacheStayAfterAnException(int shared) {
    int[] text = IntStream.range(300, 391).toArray();
    session.generate(text, config().maxTokens(1).build());
    session.rewind(90);
    long bytes = session.kvCacheBytes();
    int[] prompt = Arrays.copyOf(text, 150);
    Arrays.fill(prompt, shared, 150, 77);
    LogitsProcessor failingProcessor =
        (ids, logits) -> {
          if (ids.size() > ids.promptSize() + 2) {
            throw new SamplerFailure();
          }
        };
    GenerationConfig ofProcessor = config().logitsProcessors(failingProcessor).build();
    GenerationConfig makesNaN =
        config().logitsProcessors((ids, logits) -> logits[5] = Float.NaN).build();
    for (GenerationConfig failing :
        List.of(config().sampler(failingAt(3)).build(), ofProcessor, makesNaN)) {
      try (Session fork = session.fork()) {
        assertThatExceptionOfType(RuntimeException.class)
            .isThrownBy(() -> session.generate(prompt, failing));
        assertThat(fork.generate(text, config().maxTokens(1).build()).stats().reusedTokens())
            .isEqualTo(90);
      }
      assertThat(session.position()).isEqualTo(90);
      assertThat(session.kvCacheBytes()).isEqualTo(bytes);
    }
    Generation again = session.generate(text, config().build());
    assertThat(again.stats().reusedTokens()).isEqualTo(90);
    try (Session fresh = model.newSession()) {
      assertThat(again.ids()).isEqualTo(fresh.generate(text, config().build()).ids());
    }
  }

  @Test
  void refusedPromptsLeaveCacheAndConversation() {
    session.generate(PROMPT, config().build());
    int position = session.position();
    assertThatExceptionOfType(ContextOverflowException.class)
        .isThrownBy(() -> session.generate(new int[400], config().build()));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> session.generate(new int[] {-1}, config().build()));
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> session.trace(new int[] {5000}, null));
    assertThatIllegalStateException() // the demo model has no chat template
        .isThrownBy(() -> session.chat(ChatMessage.user("x")))
        .withMessageContaining("has no chat template; use generate instead");
    assertThat(session.position()).isEqualTo(position);
    assertAsBefore();
  }
}
