package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The shell script that starts the program. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
class LauncherIT {
  private static final Path LAUNCHER = Path.of("..", "bitnet").toAbsolutePath().normalize();

  @TempDir private Path folder;

  @Test
  void runsTheDemoModelFromAnyFolder() throws Exception {
    Result result = launch(LAUNCHER, "generate", "--json", "--max-tokens", "4");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out())
        .startsWith("{\"promptIds\":[2045,422,434,258,396],\"ids\":[")
        .contains(
            "\"text\":\", there was a\"",
            "\"kernels\":\"" + ExpectedKernels.bestOf("native", "vector", "scalar") + "\"")
        .endsWith("}\n")
        .hasLineCount(1);
  }

  @Test
  void worksThroughASymbolicLink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("bitnet"), LAUNCHER);
    Result result = launch(link, "--version");
    Files.delete(link); // JUnit would warn of a link that leads out of its folder
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).startsWith("bitnet4j ");
  }

  @Test
  void passesTextOfAnyLanguageInAnyLocale() throws Exception {
    ProcessBuilder builder = builder(LAUNCHER, "--prompt", "Zoé \"saw\" a $HOME", "--max-tokens=1");
    builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
    Result result = ChildJvm.finish(builder);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).startsWith("Zoé \"saw\" a $HOME");
  }

  @ParameterizedTest
  @ValueSource(strings = {"xx_XX.UTF-8", "xx_XX.ISO-8859-1", "C", "POSIX"})
  void passesTextAndPathsIfTheLocaleIsNotInstalled(String locale) throws Exception {
    Path model = Files.createDirectory(folder.resolve("m d"));
    try (Stream<Path> files = Files.list(Cli.DEMO_MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    // The JVM of the test may be unable to write the name: a shell does.
    ProcessBuilder builder =
        new ProcessBuilder(
                "sh",
                "-c",
                "name=$(printf 'm d\\303\\274n \\360\\237\\230\\200') && mv 'm d' \"$name\" &&"
                    + " sh \"$0\" --model \"$name\" --json --max-tokens 1 --temperature 0 --prompt"
                    + " \"$(printf 'I\\304\\237d\\304\\261r')\"; code=$?;"
                    + " rm -r \"$name\"; exit $code",
                LAUNCHER.toString())
            .directory(folder.toFile());
    builder.environment().putAll(builder(LAUNCHER).environment());
    builder.environment().put("LC_ALL", locale);
    Result result = ChildJvm.finish(builder);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).startsWith("{\"promptIds\":[2045,40,128,253,67,128,109,81],");
  }

  @ParameterizedTest
  @CsvSource({"tokenize, <&-", "tokenize, <&- >&-", "tokenize, <&- >&- 2>&-", "--version, >&-"})
  void closedStandardStreamsAreEmpty(String command, String redirections) throws Exception {
    Result result = shell("sh \"$0\" " + command + " " + redirections);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEmpty();
  }

  @Test
  void endsQuietlyBeforeAReaderThatHasEnough() throws Exception {
    Result result = shell("{ sh \"$0\" --max-tokens 300 --ignore-eos; echo $? >&2; } | head -c 1");
    assertThat(result.out()).isEqualTo("O");
    assertThat(result.err().lines().filter(line -> !line.startsWith("WARNING: Using incubator")))
        .last()
        .isEqualTo("141");
    assertThat(result.err()).doesNotContain("error", "Exception");
  }

  private Result shell(String script) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("sh", "-c", script, LAUNCHER.toString()).directory(folder.toFile());
    builder.environment().putAll(builder(LAUNCHER).environment());
    return ChildJvm.finish(builder);
  }

  @Test
  void passesMoreOptionsToTheJvm() throws Exception {
    ProcessBuilder builder = builder(LAUNCHER, "--json", "--max-tokens=1");
    builder.environment().put("BITNET_JAVA_OPTS", "-Dbitnet4j.kernels=scalar -Xmx256m");
    assertThat(ChildJvm.finish(builder).out()).contains("\"kernels\":\"scalar\"");
  }

  @Test
  void reportsAWrongPathInOneLine() throws Exception {
    Result result = launch(LAUNCHER, "--model", "no-such-folder", "--prompt", "x");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines().filter(line -> !line.startsWith("WARNING: Using incubator")))
        .singleElement()
        .asString()
        .isEqualTo("error: no-such-folder: it does not exist");
  }

  @Test
  void saysHowToBuildIfNothingIsBuilt() throws Exception {
    Path copy = Files.copy(LAUNCHER, folder.resolve("bitnet"));
    Result result = launch(copy);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("not built yet", "mvn -q package -DskipTests")
        .hasLineCount(1);
  }

  private Result launch(Path script, String... args) throws Exception {
    return ChildJvm.finish(builder(script, args));
  }

  /** Returns a launch in another folder, with the JDK of the test. */
  private ProcessBuilder builder(Path script, String... args) {
    List<String> command =
        Stream.concat(Stream.of("sh", script.toString()), Stream.of(args)).toList();
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("BITNET_JAVA_OPTS");
    return builder;
  }
}
