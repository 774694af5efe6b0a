package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What settings do to the texts of the demo model. */
class SamplingSettingsTest {
  private static final String PROMPT = "Once upon a time";
  private static final String REPETITION = "The cat said no. ".repeat(5) + "The cat said";

  private static Model model;
  private Session session;

  @BeforeAll
  static void load() throws IOException {
    model = Model.load(SampleModels.DEMO);
  }

  @AfterAll
  static void closeModel() {
    model.close();
  }

  @BeforeEach
  void open() {
    session = model.newSession();
  }

  @AfterEach
  void close() {
    session.close();
  }

  private static GenerationConfig.Builder config(int maxTokens) {
    return GenerationConfig.builder().maxTokens(maxTokens);
  }

  @Test
  void bannedTokensDoNotComeAndOnlyAllowedOnesDo() {
    int comma = model.tokenizer().idOf(",").orElseThrow();
    assertThat(session.generate(PROMPT, config(40).build()).ids()).contains(comma);
    for (float temperature : new float[] {0, 2}) {
      GenerationConfig.Builder config = config(40).temperature(temperature).seed(1);
      assertThat(session.generate(PROMPT, config.bannedIds(comma).build()).ids())
          .hasSizeGreaterThan(1)
          .doesNotContain(comma);
      int[] allowed =
          session.generate(PROMPT, config.bannedIds().allowedIds(comma, 300).build()).ids();
      assertThat(allowed).hasSize(40);
      assertThat(Arrays.stream(allowed).filter(id -> id != comma && id != 300)).isEmpty();
    }
  }

  @Test
  void aBiasMovesTheChoice() {
    int dog = model.tokenizer().encode(" dog")[0];
    assertThat(session.generate(PROMPT, config(5).build()).ids()).doesNotContain(dog);
    assertThat(session.generate(PROMPT, config(5).logitBias(dog, 50).build()).ids())
        .containsOnly(dog);
  }

  @Test
  void aPenaltyOfTheWholeTextLetsNoTokenComeTwice() {
    Penalties once = Penalties.none().withPresence(1000).withWindow(Integer.MAX_VALUE);
    Generation generation =
        session.generate(PROMPT, config(60).ignoreStopTokens(true).penalties(once).build());
    int[] all = new int[generation.promptIds().length + 60];
    System.arraycopy(generation.promptIds(), 0, all, 0, all.length - 60);
    System.arraycopy(generation.ids(), 0, all, all.length - 60, 60);
    assertThat(Arrays.stream(all).distinct().count()).isEqualTo(all.length);
  }

  @Test
  void dryEndsARepetitionThatNoBreakerInterrupts() {
    int no = model.tokenizer().encode(" no")[0];
    Dry dry = Dry.none().withMultiplier(100);
    assertThat(firstId(no, Dry.none())).isEqualTo(no);
    assertThat(firstId(no, dry)).isNotEqualTo(no);
    assertThat(firstId(no, dry.withSequenceBreakers("cat"))).isEqualTo(no);
    // " cat said" still is long enough.
    assertThat(firstId(no, dry.withSequenceBreakers("The"))).isNotEqualTo(no);
    assertThat(firstId(no, dry.withSequenceBreakers("no"))).isEqualTo(no);
  }

  private int firstId(int favoured, Dry dry) {
    return session.generate(REPETITION, config(1).logitBias(favoured, 30).dry(dry).build())
        .ids()[0];
  }

  @Test
  void theSeedThatWasUsedIsReportedAndRepeatsTheText() {
    GenerationConfig.Builder config =
        config(40)
            .temperature(1.3f)
            .minP(0.02f)
            .xtc(new Xtc(0.5f, 0.1f))
            .mirostat(new Mirostat(4, 0.1f))
            .penalties(Penalties.none().withRepetition(1.1f));
    Generation first = session.generate(PROMPT, config.build());
    Generation other = session.generate(PROMPT, config.build());
    assertThat(other.seed()).isNotEqualTo(first.seed());
    Generation again = session.generate(PROMPT, config.seed(first.seed()).build());
    assertThat(again.seed()).isEqualTo(first.seed());
    assertThat(again.ids()).as("seed %d", first.seed()).isEqualTo(first.ids());
  }

  // ---- Faults

  @Test
  void idsOutsideTheVocabularyAreRefusedBeforeAnythingIsComputed() {
    for (GenerationConfig.Builder config :
        new GenerationConfig.Builder[] {
          config(1).bannedIds(5, 2048), config(1).allowedIds(5, 2048), config(1).logitBias(2048, 1)
        }) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.generate(PROMPT, config.build()))
          .withMessageMatching(
              "(bannedIds|allowedIds|logitBias): expected token ids from 0 to 2047, found 2048");
      assertThat(session.position()).isZero();
    }
  }

  @Test
  void ifNothingCanBeChosenTheGenerationFailsAndTheSessionGoesOn() {
    LogitsProcessor maskAll = (ids, logits) -> Arrays.fill(logits, Float.NEGATIVE_INFINITY);
    LogitsProcessor makeNaN = (ids, logits) -> logits[7] = Float.NaN;
    assertThatIllegalStateException()
        .isThrownBy(() -> session.generate(PROMPT, config(1).logitsProcessors(maskAll).build()))
        .withMessageContaining("no token is left to choose: all 2048 are masked");
    assertThatIllegalStateException()
        .isThrownBy(() -> session.generate(PROMPT, config(1).logitsProcessors(makeNaN).build()))
        .withMessageContaining("found NaN for token 7");
    assertThat(session.generate(PROMPT, config(2).build()).ids()).hasSize(2);
  }

  @Test
  void aProcessorMayNotUseItsSession() {
    LogitsProcessor recursive = (ids, logits) -> session.generate(PROMPT);
    assertThatIllegalStateException()
        .isThrownBy(() -> session.generate(PROMPT, config(1).logitsProcessors(recursive).build()))
        .withMessageContaining("by a callback of its own");
  }

  @Test
  void sequenceBreakersNeedATokenizer() throws IOException {
    try (Model withoutTokenizer = Model.load(SampleModels.TIED);
        Session s = withoutTokenizer.newSession()) {
      int[] prompt = {1, 2, 3};
      Dry dry = Dry.none().withMultiplier(1);
      assertThatIllegalStateException()
          .isThrownBy(() -> s.generate(prompt, config(1).dry(dry).build()))
          .withMessageContaining("no tokenizer");
      assertThat(s.generate(prompt, config(1).dry(Dry.none()).build()).ids()).hasSize(1);
      assertThat(s.generate(prompt, config(1).dry(dry.withSequenceBreakers()).build()).ids())
          .hasSize(1);
    }
  }
}
