package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @Test
  void listsCommandsAndExamples() {
    Cli.Result result = Cli.run("--help");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).contains("generate", "chat", "trace", "Examples:");
    assertThat(result.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"generate", "chat", "trace"})
  void helpOfCommandsHasExamplesAndFitsTheScreen(String command) {
    Cli.Result result = Cli.run(command, "--help");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out())
        .startsWith("Usage: bitnet " + command)
        .contains("Examples:", "bitnet " + command + " --", "--model", "--verbose");
    assertThat(result.out().lines()).allMatch(line -> line.length() <= 90);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--version", "-V"})
  void tellsItsVersion(String option) {
    Cli.Result result = Cli.run(option);
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).matches("(?s)bitnet4j \\d+\\.\\d+\\.\\d+.*Java \\d+.*");
  }

  @Test
  void suggestsTheCommandForMistypedOnes() {
    Cli.Result result = Cli.run("genrate");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("error: ", "'genrate'", "Did you mean: bitnet generate");
  }

  @Test
  void suggestsTheOptionForMistypedOnes() {
    Cli.Result result = Cli.run("--promt", "x");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("error: ", "'--promt'", "--prompt");
  }

  @Test
  void showsWhereAnErrorCameFromIfVerbose() {
    String[] args = {"generate", "--model", "no-such-folder", "--prompt", "x"};
    assertThat(Cli.run(args).err()).doesNotContain("\tat ");
    assertThat(Cli.run("generate", "--model", "no-such-folder", "--prompt", "x", "--verbose").err())
        .contains("\tat io.github.bitnet4j.");
  }
}
