package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Callers that prepare constraints of one model at the same time, and callers that stop. */
class ModelConstraintsTest {
  private static final Tokenizer TOKENIZER = TestVocabulary.byteLevel();
  private static final OutputConstraint LARGE = OutputConstraint.regex("(ab|cd)e".repeat(20_000));
  private static final OutputConstraint SMALL = OutputConstraint.choices("ab", "cd");

  private final ModelConstraints model =
      new ModelConstraints(TOKENIZER, TOKENIZER.vocabSize(), List.of());

  /** Stops the thread that asks until the test lets it go on, with an answer. */
  private static final class Pause implements BooleanSupplier {
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final boolean stops;

    Pause(boolean stops) {
      this.stops = stops;
    }

    @Override
    public boolean getAsBoolean() {
      reached.countDown();
      try {
        released.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return stops;
    }
  }

  private ConstraintState begin(OutputConstraint constraint, BooleanSupplier stopped) {
    return model.begin(constraint, true, stopped);
  }

  @Test
  void otherConstraintsAreNotBlockedWhileOneCompiles() throws Exception {
    begin(SMALL, () -> false); // prepares the vocabulary
    Pause pause = new Pause(false);
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<ConstraintState> large = threads.submit(() -> begin(LARGE, pause));
      pause.reached.await();
      assertThat(begin(SMALL, () -> false).isFinished()).isFalse();
      assertThat(begin(OutputConstraint.regex("a+"), () -> false).isFinished()).isFalse();
      assertThat(large.isDone()).isFalse();
      pause.released.countDown();
      assertThat(large.get().isFinished()).isFalse();
    }
  }

  /** States of one compiled constraint have the same mask object. */
  @Test
  void equalConstraintsAreCompiledOnce() throws Exception {
    begin(SMALL, () -> false);
    Pause pause = new Pause(false);
    AtomicBoolean waits = new AtomicBoolean();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<ConstraintState> first = threads.submit(() -> begin(LARGE, pause));
      pause.reached.await();
      Future<ConstraintState> second =
          threads.submit(
              () ->
                  begin(
                      OutputConstraint.regex("(ab|cd)e".repeat(20_000)),
                      () -> {
                        waits.set(true);
                        pause.released.countDown();
                        return false;
                      }));
      assertThat(second.get().mask()).isSameAs(first.get().mask());
      assertThat(waits).as("the second waited for the first").isTrue();
    }
    assertThat(begin(LARGE, () -> false).mask()).isSameAs(begin(LARGE, () -> false).mask());
  }

  @Test
  void aCallerThatWaitsForAnotherCanStop() throws Exception {
    begin(SMALL, () -> false);
    Pause pause = new Pause(false);
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<ConstraintState> first = threads.submit(() -> begin(LARGE, pause));
      pause.reached.await();
      assertThatExceptionOfType(ConstraintStoppedException.class)
          .isThrownBy(() -> begin(LARGE, () -> true));
      Thread.currentThread().interrupt();
      assertThatExceptionOfType(ConstraintStoppedException.class)
          .isThrownBy(() -> begin(LARGE, () -> false));
      assertThat(Thread.interrupted()).as("the interrupt status is kept").isTrue();
      assertThat(first.isDone()).isFalse();
      pause.released.countDown();
      assertThat(first.get().isFinished()).isFalse();
    }
  }

  @Test
  void whoWaitsForACallerThatStopsCompilesItself() throws Exception {
    begin(SMALL, () -> false);
    Pause pause = new Pause(true);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<ConstraintState> first = threads.submit(() -> begin(LARGE, pause));
      pause.reached.await();
      Future<ConstraintState> second =
          threads.submit(
              () ->
                  begin(
                      LARGE,
                      () -> {
                        pause.released.countDown();
                        return false;
                      }));
      assertThat(second.get().isFinished()).isFalse();
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(first::get)
          .withCauseInstanceOf(ConstraintStoppedException.class);
    }
  }

  @Test
  void aRefusedConstraintIsRefusedAgain() {
    for (int i = 0; i < 2; i++) {
      assertThatExceptionOfType(OutputConstraintException.class)
          .isThrownBy(() -> begin(OutputConstraint.regex("a".repeat(2_000_000)), () -> false))
          .withMessageContaining("expected at most 1048576 characters");
    }
  }

  @Test
  void preparingAVocabularyCanBeStopped() {
    List<TokenTrie.Entry> entries = new ArrayList<>();
    for (int id = 0; id < 20_000; id++) {
      entries.add(new TokenTrie.Entry(id, ("t" + id * 7919L).getBytes(StandardCharsets.UTF_8)));
    }
    long[] noTokens = new long[20_000 / 64 + 1];
    assertThatExceptionOfType(ConstraintStoppedException.class)
        .isThrownBy(() -> new TokenTrie(entries, noTokens, WorkBudget.unlimited(() -> true)));
    assertThat(new TokenTrie(entries, noTokens, WorkBudget.unlimited(() -> false)).size())
        .isGreaterThan(20_000);
  }

  /** A mask that was not completed is computed again. */
  @Test
  void computingAMaskCanBeStopped() {
    OutputConstraint ambiguous = OutputConstraint.regex("([ab]*[bc]*){3}(.?[a-c]{0,3}){900}x");
    AtomicBoolean stop = new AtomicBoolean();
    ConstraintState state = begin(ambiguous, stop::get);
    stop.set(true);
    assertThatExceptionOfType(ConstraintStoppedException.class).isThrownBy(state::mask);
    stop.set(false);
    long[] mask = state.mask();
    ModelConstraints other = new ModelConstraints(TOKENIZER, TOKENIZER.vocabSize(), List.of());
    assertThat(mask).isEqualTo(other.begin(ambiguous, true, () -> false).mask());
  }

  @Test
  void nestedRepetitionsMeanTheInnermost() throws IOException {
    List<OutputConstraint> nested =
        List.of(
            OutputConstraint.regex(resource("nested-repetition.regex")),
            OutputConstraint.gbnf(resource("nested-repetition.gbnf")));
    for (OutputConstraint constraint : nested) {
      Texts texts = new Texts(constraint);
      assertThat(texts.accepts("")).isTrue();
      assertThat(texts.accepts("a".repeat(1000))).isTrue();
      assertThat(texts.accepts("aab")).isFalse();
    }
  }

  @Test
  void aByteOrderMarkBeforeAGrammarIsSkipped() throws IOException {
    String grammar = resource("byte-order-mark.gbnf");
    assertThat(grammar).startsWith("\uFEFF");
    Texts texts = new Texts(OutputConstraint.gbnf(grammar));
    assertThat(texts.accepts("a")).isTrue();
    assertThat(texts.accepts("\uFEFFa")).isFalse();
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = ModelConstraintsTest.class.getResourceAsStream("/constraints/" + name)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
    }
  }
}
