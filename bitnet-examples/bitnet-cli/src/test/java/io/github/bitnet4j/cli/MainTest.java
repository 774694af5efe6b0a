package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

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

  @ParameterizedTest
  @ValueSource(strings = {"I\uFFFD\uFFFDd", "a\uD83D", "\uDE00", "\uDE00\uD83D"})
  void refusesCharactersThatTheLocaleHasDamaged(String text) {
    for (String[] args :
        new String[][] {
          {"--prompt", text}, {"generate", "--prompt=" + text}, {"chat", "--system", text}
        }) {
      Cli.Result result = Cli.run(args);
      assertThat(result.exitCode()).isEqualTo(2);
      assertThat(result.out()).isEmpty();
      assertThat(result.err()).startsWith("error: --").contains("LC_ALL=C.UTF-8");
    }
    assertThat(Cli.run("inspect", text).err()).startsWith("error: argument 2: expected characters");
  }

  @Test
  void neverPrintsControlCharactersOrLongMessages() {
    String name = "a\u001B[31m\u009B\u202Eb" + "ü".repeat(100_000);
    for (String[] args :
        new String[][] {
          {"--model", name, "--prompt=x"}, {"--threads", name}, {"--" + name}, {name}
        }) {
      String err = Cli.run(args).err();
      assertThat(err.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(2_300);
      assertThat(err).doesNotContain("\u001B", "\u009B", "\u202E");
    }
  }

  @Test
  void reportsErrorsOfTheJvmInOneLine() {
    assertReport(new OutOfMemoryError("Java heap space"), "-Xmx", "--context");
    assertReport(new StackOverflowError(), "-Xss");
    assertReport(new NoClassDefFoundError("a/B"), "a/B", "mvn clean package");
    assertReport(new AssertionError("x"), "internal error", "/issues", "--verbose");
    assertReport(new NullPointerException(), "internal error", "/issues", "--verbose");
    assertReport(new NoSuchFileException("f"), "f: does not exist");
    assertReport(new AccessDeniedException("f"), "f: access denied");
  }

  private static void assertReport(Throwable failure, String... parts) {
    StringWriter err = new StringWriter();
    CommandLine line = new CommandLine(new BitnetCommand()).setErr(new PrintWriter(err, true));
    assertThat(Failures.report(failure, line, false)).isEqualTo(1);
    assertThat(err.toString()).startsWith("error: ").contains(parts).hasLineCount(1);
  }

  @Test
  void endsQuietlyIfTheReaderOfTheOutputIsGone() {
    WatchedOutput closed =
        new WatchedOutput(
            new OutputStream() {
              @Override
              public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
              }
            });
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new BufferedReader(new StringReader("")),
            new PrintStream(closed, false, StandardCharsets.UTF_8),
            new PrintStream(err, false, StandardCharsets.UTF_8),
            false,
            closed);
    assertThat(Main.run(terminal, "inspect", Cli.DEMO_MODEL.toString())).isEqualTo(141);
    assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void skipsByteOrderMarks(@TempDir Path folder) throws IOException {
    Path grammar = Files.writeString(folder.resolve("g.gbnf"), "\uFEFFroot ::= \"yes\"");
    assertThat(Cli.run("--prompt", "A", "--grammar", grammar.toString()).out()).startsWith("Ayes");
    Path schema = Files.writeString(folder.resolve("s.json"), "\uFEFF{\"const\": 1}");
    assertThat(Cli.run("--prompt", "A", "--json-schema", schema.toString()).out()).startsWith("A1");
    Path plain = Files.writeString(folder.resolve("plain"), "Once upon a time");
    Path marked = Files.writeString(folder.resolve("marked"), "\uFEFFOnce upon a time");
    assertThat(Cli.run("perplexity", "--file", marked.toString()).out())
        .isEqualTo(Cli.run("perplexity", "--file", plain.toString()).out());
  }
}
