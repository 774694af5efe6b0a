package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What ends a generation ends the preparation of its constraint. */
class ConstraintStoppingTest {
  private static final String PROMPT = "Once upon a time";

  /** Much work to compile, and refused at the end: a generation that ends otherwise was stopped. */
  private static final OutputConstraint SLOW = OutputConstraint.regex("a?".repeat(500_000));

  private static Model model;

  @BeforeAll
  static void load() throws IOException {
    model = Model.load(SampleModels.DEMO, LoadOptions.builder().threads(1).build());
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static GenerationConfig.Builder slow() {
    return GenerationConfig.builder().maxTokens(5).constraint(SLOW);
  }

  private static void assertStopped(Generation generation, FinishReason reason) {
    assertThat(generation.finishReason()).isEqualTo(reason);
    assertThat(generation.ids()).isEmpty();
  }

  @Test
  void withoutAReasonToStopItIsRefused() {
    try (Session session = model.newSession()) {
      assertThatExceptionOfType(OutputConstraintException.class)
          .isThrownBy(() -> session.generate(PROMPT, slow().build()))
          .withMessageContaining("too ambiguous");
    }
  }

  @Test
  void theTimeLimitEndsIt() {
    try (Session session = model.newSession()) {
      GenerationConfig config = slow().timeLimit(Duration.ofMillis(1)).build();
      assertStopped(session.generate(PROMPT, config), FinishReason.TIME_LIMIT);
      assertThat(session.position()).isZero();
    }
  }

  @Test
  void anInterruptEndsIt() {
    try (Session session = model.newSession()) {
      Thread.currentThread().interrupt();
      Generation generation = session.generate(PROMPT, slow().build());
      assertThat(Thread.interrupted()).isTrue();
      assertStopped(generation, FinishReason.CANCELLED);
    }
  }

  @Test
  void cancelEndsIt() throws Exception {
    try (Session session = model.newSession();
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<Generation> generation =
          threads.submit(() -> session.generate(PROMPT, slow().build()));
      while (!generation.isDone()) {
        session.cancel();
        Thread.onSpinWait();
      }
      assertStopped(generation.get(), FinishReason.CANCELLED);
    }
  }

  @Test
  void closingTheSessionEndsIt() throws Exception {
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Session session = model.newSession();
      Future<Generation> generation =
          threads.submit(() -> session.generate(PROMPT, slow().build()));
      while (!isInUse(session)) {
        Thread.onSpinWait();
      }
      session.close();
      assertStopped(generation.get(), FinishReason.CANCELLED);
    }
  }

  private static boolean isInUse(Session session) {
    try {
      session.position();
      return false;
    } catch (ConcurrentModificationException e) {
      return true;
    }
  }

  @Test
  void aConstraintThatIsTooAmbiguousLeavesTheSessionAsItWas() {
    OutputConstraint ambiguous =
        OutputConstraint.regex("(".repeat(100) + "a?" + "c?){0,3}".repeat(100));
    GenerationConfig plain = GenerationConfig.builder().maxTokens(5).build();
    try (Session session = model.newSession()) {
      Generation before = session.generate(PROMPT, plain);
      int position = session.position();
      assertThatExceptionOfType(OutputConstraintException.class)
          .isThrownBy(
              () ->
                  session.generate(
                      PROMPT + " there", GenerationConfig.builder().constraint(ambiguous).build()))
          .withMessageContaining("too ambiguous");
      assertThat(session.position()).isEqualTo(position);
      assertThat(session.generate(PROMPT, plain).ids()).isEqualTo(before.ids());
    }
  }
}
