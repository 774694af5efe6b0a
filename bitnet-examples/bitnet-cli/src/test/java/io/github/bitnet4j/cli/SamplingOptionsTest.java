package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Mirostat;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.SamplingStep;
import io.github.bitnet4j.Xtc;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class SamplingOptionsTest {
  private static GenerationConfig parse(String... args) {
    SamplingOptions options = new SamplingOptions();
    new CommandLine(options).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(args);
    return options.config(false, 99);
  }

  @Test
  void noOptionsAreTheDefaultsOfTheLibrary() {
    assertThat(parse()).hasToString(GenerationConfig.builder().maxTokens(99).build().toString());
  }

  @Test
  void everyOptionSetsItsSetting() {
    GenerationConfig config =
        parse(
            "--max-tokens=5",
            "--temperature=0.5",
            "--top-k=3",
            "--top-p=0.75",
            "--min-p=0.25",
            "--typical-p=0.5",
            "--top-n-sigma=1.5",
            "--repetition-penalty=1.25",
            "--presence-penalty=0.5",
            "--frequency-penalty=0.125",
            "--penalty-window=32",
            "--dry=0.5",
            "--dry-base=2",
            "--dry-allowed-length=3",
            "--dry-window=500",
            "--dry-breaker=.",
            "--dry-breaker=!",
            "--xtc-probability=0.5",
            "--xtc-threshold=0.25",
            "--mirostat=4",
            "--mirostat-eta=0.25",
            "--logit-bias=7=-1.5",
            "--logit-bias=3=2",
            "--ban=9,8",
            "--seed=11");
    assertThat(config.maxTokens()).isEqualTo(5);
    assertThat(config.temperature()).isEqualTo(0.5f);
    assertThat(config.topK()).isEqualTo(3);
    assertThat(config.topP()).isEqualTo(0.75f);
    assertThat(config.minP()).isEqualTo(0.25f);
    assertThat(config.typicalP()).isEqualTo(0.5f);
    assertThat(config.topNSigma()).isEqualTo(1.5f);
    assertThat(config.penalties()).isEqualTo(new Penalties(1.25f, 0.5f, 0.125f, 32));
    assertThat(config.dry()).isEqualTo(new Dry(0.5f, 2, 3, 500, List.of(".", "!")));
    assertThat(config.xtc()).isEqualTo(new Xtc(0.5f, 0.25f));
    assertThat(config.mirostat()).contains(new Mirostat(4, 0.25f));
    assertThat(config.logitBias()).hasToString("{3=2.0, 7=-1.5}");
    assertThat(config.bannedIds()).containsExactly(8, 9);
    assertThat(config.seed()).hasValue(11);
    assertThat(config.samplingOrder()).containsExactly(SamplingStep.values());
  }

  @Test
  void theOrderOfTheStepsIsAnOption() {
    assertThat(parse("--sampling-order=top_k,TEMPERATURE", "--top-k=2").samplingOrder())
        .containsExactly(SamplingStep.TOP_K, SamplingStep.TEMPERATURE);
  }

  @Test
  void whatIsLeftOutHasItsUsualValue() {
    assertThat(parse("--xtc-probability=0.5").xtc()).isEqualTo(new Xtc(0.5f, 0.1f));
    assertThat(parse("--mirostat=3").mirostat()).contains(new Mirostat(3, 0.1f));
    assertThat(parse("--dry=0.8").dry()).isEqualTo(Dry.none().withMultiplier(0.8f));
    assertThat(parse("--presence-penalty=1").penalties())
        .isEqualTo(Penalties.none().withPresence(1));
  }
}
