package io.github.bitnet4j.core.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LogitsProcessor;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.TokenIds;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processors, bias, allowed and banned ids. */
class LogitEditsTest {
  private static final float NO = Float.NEGATIVE_INFINITY;

  /** A processor with a name. */
  private record Named(String name, LogitsProcessor processor) implements LogitsProcessor {
    @Override
    public void process(TokenIds ids, float[] logits) {
      processor.process(ids, logits);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static GenerationConfig.Builder config() {
    return GenerationConfig.builder();
  }

  private static int choose(GenerationConfig.Builder config, float... logits) {
    History text = new History(new int[] {2, 1, 3, 99}, 2).upTo(3);
    return new TokenChooser(config.build(), 1, id -> false).choose(Logits.all(logits), text);
  }

  /** Returns the logits that a sampler sees. */
  private static float[] edited(GenerationConfig.Builder config, float... logits) {
    List<float[]> seen = new ArrayList<>();
    config.sampler(
        (values, random) -> {
          seen.add(values.clone());
          return 0;
        });
    choose(config, logits);
    return seen.getFirst();
  }

  @Test
  void processorsComeFirstThenBiasThenMasks() {
    GenerationConfig.Builder config =
        config()
            .logitsProcessors(
                (ids, logits) -> logits[0] *= 2,
                (ids, logits) -> {
                  logits[0] += 1;
                  logits[1] = NO;
                  logits[2] = 100;
                })
            .logitBias(0, 0.5f)
            .logitBias(1, 50)
            .logitBias(4, -1)
            .allowedIds(0, 1, 2, 4)
            .bannedIds(2);
    assertThat(edited(config, 3, 1, 1, 1, 1)).containsExactly(7.5f, NO, NO, NO, 0);
  }

  @Test
  void processorsSeeTheTextSoFarAndNothingBehindIt() {
    List<String> seen = new ArrayList<>();
    LogitsProcessor watching =
        (ids, logits) -> {
          seen.add(ids.size() + " " + ids.promptSize() + " " + ids.get(0) + ids.get(2));
          assertThatThrownBy(() -> ids.get(3)).isInstanceOf(IndexOutOfBoundsException.class);
          assertThatThrownBy(() -> ids.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        };
    choose(config().logitsProcessors(watching), 1, 2);
    assertThat(seen).containsExactly("3 2 23");
  }

  @Test
  void whatIsMaskedIsNeverDrawnHoweverHotItIs() {
    for (GenerationConfig.Builder settings :
        List.of(
            config().bannedIds(0, 2),
            config().allowedIds(1, 3),
            config().allowedIds(3, 2, 1, 0).bannedIds(2, 0, 0),
            config().logitsProcessors((ids, logits) -> logits[0] = logits[2] = NO))) {
      for (GenerationConfig config :
          List.of(
              settings.temperature(100).build(),
              settings.temperature(100).topK(3).build(),
              settings.topK(0).topP(0.999f).build(),
              settings.topP(1).typicalP(0.999f).build())) {
        TokenChooser chooser = new TokenChooser(config, 4, id -> false);
        int[] counts = new int[4];
        for (int i = 0; i < 200; i++) {
          counts[
              chooser.choose(Logits.all(new float[] {3, 2, 3, 2}), new History(new int[1], 1))]++;
        }
        assertThat(counts[0] + counts[2]).as("%s", config).isZero();
        assertThat(counts[1]).as("%s", config).isPositive();
        assertThat(counts[3]).as("%s", config).isPositive();
      }
    }
  }

  @Test
  void aBiasLeavesFiniteLogits() {
    float max = Float.MAX_VALUE;
    GenerationConfig.Builder config = config().logitBias(0, max).logitBias(1, -max);
    assertThat(edited(config, max, -max, 0)).containsExactly(max, -max, 0);
  }

  // ---- Faults

  @Test
  void ifAllTokensAreMaskedItSaysByWhat() {
    LogitsProcessor none = new Named("none", (ids, logits) -> Arrays.fill(logits, NO));
    for (GenerationConfig.Builder draw : List.of(config(), config().temperature(1).topK(2))) {
      assertThatIllegalStateException()
          .isThrownBy(() -> choose(draw.bannedIds(0, 1), 5, 6))
          .withMessage("no token is left to choose: all 2 are masked by bannedIds (2 ids banned)");
      assertThatIllegalStateException()
          .isThrownBy(() -> choose(draw.bannedIds(0).allowedIds(0), 5, 6))
          .withMessage(
              "no token is left to choose: all 2 are masked by allowedIds (1 ids allowed),"
                  + " bannedIds (1 ids banned)");
      assertThatIllegalStateException()
          .isThrownBy(() -> choose(draw.bannedIds().allowedIds().logitsProcessors(none), 5, 6))
          .withMessage("no token is left to choose: all 2 are masked by logitsProcessors [none]");
    }
    assertThatIllegalStateException()
        .isThrownBy(
            () -> choose(config().logitsProcessors(none).sampler((logits, random) -> 0), 5, 6))
        .withMessageContaining("no token is left");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void aProcessorThatMakesNoLogitIsNamed(float bad) {
    LogitsProcessor good = new Named("good", (ids, logits) -> logits[0] = NO);
    LogitsProcessor faulty = new Named("faulty", (ids, logits) -> logits[1] = bad);
    assertThatIllegalStateException()
        .isThrownBy(() -> choose(config().logitsProcessors(good, faulty, good), 5, 6, 7))
        .withMessage(
            "LogitsProcessor 2 of 3, faulty: expected finite logits or -Infinity, found "
                + bad
                + " for token 1");
  }

  @Test
  void aModelThatMakesNoLogitIsToldFromAProcessor() {
    LogitsProcessor repairing = (ids, logits) -> Arrays.fill(logits, 1);
    for (float bad : new float[] {Float.NaN, NO, Float.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> choose(config().logitsProcessors(repairing).bannedIds(1), 5, bad, 7))
          .isInstanceOf(NonFiniteValueException.class)
          .hasMessageContaining("token 1");
    }
  }

  @Test
  void aSamplerMayNotChooseWhatIsMasked() {
    for (GenerationConfig.Builder config :
        List.of(
            config().bannedIds(1),
            config().allowedIds(0, 2),
            config().logitsProcessors((ids, logits) -> logits[1] = NO))) {
      assertThat(choose(config.sampler((logits, random) -> 2), 5, 6, 7)).isEqualTo(2);
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  choose(
                      config.sampler(
                          (logits, random) -> {
                            Arrays.fill(logits, 0);
                            return 1;
                          }),
                      5,
                      6,
                      7))
          .withMessage("the configured Sampler returned 1; that token is masked");
    }
  }

  @Test
  void anExceptionOfAProcessorPassesThrough() {
    ArithmeticException fault = new ArithmeticException("of the application");
    LogitsProcessor failing =
        (ids, logits) -> {
          throw fault;
        };
    assertThatThrownBy(() -> choose(config().logitsProcessors(failing), 1, 2)).isSameAs(fault);
  }

  // ---- What need not be computed

  @Test
  void logitsThatCannotMatterAreNotAskedFor() {
    assertThat(need(config())).isEqualTo(new LogitsRequest.TopK(1));
    assertThat(need(config().bannedIds(3, 4, 5))).isEqualTo(new LogitsRequest.TopK(4));
    assertThat(need(config().logitBias(3, -1).bannedIds(3))).isEqualTo(new LogitsRequest.TopK(3));
    Penalties penalties = Penalties.none().withRepetition(1.1f);
    assertThat(need(config().penalties(penalties).topNSigma(1)))
        .isEqualTo(new LogitsRequest.TopK(65));
    assertThat(need(config().temperature(1).penalties(penalties.withWindow(20)).topK(40)))
        .isEqualTo(new LogitsRequest.TopK(60));
    assertThat(need(config().dry(Dry.none().withMultiplier(1).withWindow(100)).bannedIds(1)))
        .isEqualTo(new LogitsRequest.TopK(102));
    GenerationConfig.Builder warm = config().temperature(0.5f);
    assertThat(need(warm)).isEqualTo(LogitsRequest.ALL);
    assertThat(need(warm.minP(0.1f))).isInstanceOf(LogitsRequest.Within.class);
    assertThat(need(warm.topP(0.9f))).isEqualTo(new LogitsRequest.Nucleus(0.5f, 0.9f));
    assertThat(need(warm.topK(40))).isEqualTo(new LogitsRequest.TopK(40));
  }

  @Test
  void allLogitsAreAskedForIfOthersMayRise() {
    Stream.of(
            config().logitBias(3, 0.1f),
            config().allowedIds(3),
            config().logitsProcessors((ids, logits) -> {}),
            config().penalties(Penalties.none().withRepetition(0.9f)),
            config().penalties(Penalties.none().withPresence(-0.1f)),
            config().penalties(Penalties.none().withFrequency(-0.1f)),
            config().temperature(1).topP(0.9f).bannedIds(1),
            config().temperature(1).minP(0.1f).bannedIds(1),
            config().temperature(1).topNSigma(1),
            config().temperature(1).topK(4).topNSigma(1))
        .forEach(settings -> assertThat(need(settings)).isEqualTo(LogitsRequest.ALL));
  }

  private static LogitsRequest need(GenerationConfig.Builder config) {
    return new TokenChooser(config.build(), 1, id -> false).need();
  }
}
