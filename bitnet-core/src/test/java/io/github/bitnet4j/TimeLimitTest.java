package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.session.BlockingKernels;
import io.github.bitnet4j.core.session.TestProviders;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a generation does when its time is over. */
class TimeLimitTest {
  private static final int[] LONG_PROMPT = IntStream.range(300, 440).toArray();
  private static final int[] PROMPT = {2045, 422, 434, 258, 396};

  @TempDir Path temp;
  private Model model;
  private Session session;

  @BeforeEach
  void open() throws Exception {
    LoadOptions options = LoadOptions.builder().kernels("blocking").threads(1).build();
    model =
        TestProviders.with(
            temp, BlockingKernels.class.getName(), () -> Model.load(SampleModels.DEMO, options));
    session = model.newSession();
  }

  @AfterEach
  void close() {
    BlockingKernels.beforeNorm(() -> {});
    session.close();
    model.close();
  }

  private static GenerationConfig.Builder config(Duration limit) {
    return GenerationConfig.builder().maxTokens(50).ignoreStopTokens(true).timeLimit(limit);
  }

  private static void sleep(Duration duration) {
    long end = System.nanoTime() + duration.toNanos();
    while (System.nanoTime() - end < 0) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  @Test
  void thePromptIsLeftWithinOneLayer() {
    Duration limit = Duration.ofSeconds(1);
    AtomicInteger norms = new AtomicInteger();
    BlockingKernels.beforeNorm(
        () -> {
          if (norms.getAndIncrement() == 0) {
            sleep(limit);
          }
        });
    Generation generation = session.generate(LONG_PROMPT, config(limit).build());
    assertThat(generation.finishReason()).isEqualTo(FinishReason.TIME_LIMIT);
    assertThat(generation.ids()).isEmpty();
    assertThat(generation.text()).isEmpty();
    assertThat(norms.get()).as("four norms for each row of a layer").isEqualTo(4 * 128);
    BlockingKernels.beforeNorm(() -> {});
    assertThat(session.generate(PROMPT, config(Duration.ofDays(200_000)).build()).finishReason())
        .isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void whatWasGeneratedIsReturned() {
    Duration limit = Duration.ofSeconds(3); // three tokens take a hundredth of it
    AtomicInteger count = new AtomicInteger();
    Sampler slow =
        (logits, random) -> {
          if (count.getAndIncrement() == 2) {
            sleep(limit);
          }
          return 300;
        };
    Generation generation = session.generate(PROMPT, config(limit).sampler(slow).build());
    assertThat(generation.finishReason()).isEqualTo(FinishReason.TIME_LIMIT);
    assertThat(generation.ids()).containsExactly(300, 300, 300);
    assertThat(generation.text()).isEqualTo(model.tokenizer().decode(300, 300, 300));
  }

  @Test
  void theTimeOfAStreamRunsFromItsCall() {
    Duration limit = Duration.ofSeconds(1);
    try (TokenStream stream = session.stream(PROMPT, config(limit).build())) {
      sleep(limit);
      assertThat(stream.iterator().hasNext()).isFalse();
      assertThat(stream.result().finishReason()).isEqualTo(FinishReason.TIME_LIMIT);
    }
    assertThat(session.position()).isZero();
  }

  @Test
  void aCancellationIsOneAlsoWhenTheTimeIsOver() {
    Duration limit = Duration.ofNanos(1);
    AtomicInteger norms = new AtomicInteger();
    BlockingKernels.beforeNorm(norms::incrementAndGet);
    try (TokenStream stream = session.stream(PROMPT, config(limit).build())) {
      session.cancel();
      assertThat(stream.iterator().hasNext()).isFalse();
      assertThat(stream.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
    assertThat(norms).hasValue(0);
  }

  @Test
  void aLongLimitChangesNothing() {
    GenerationConfig unlimited =
        GenerationConfig.builder().maxTokens(5).ignoreStopTokens(true).build();
    GenerationConfig limited =
        config(Duration.ofNanos(TimeUnit.HOURS.toNanos(1))).maxTokens(5).build();
    assertThat(session.generate(PROMPT, limited).ids())
        .isEqualTo(session.generate(PROMPT, unlimited).ids());
  }
}
