package io.github.bitnet4j.cli;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Runs commands in this JVM. */
final class Cli {
  /** The demo model, as the build passes it. */
  static final Path DEMO_MODEL =
      Path.of(System.getProperty(ModelOptions.DEMO_MODEL_PROPERTY)).normalize();

  private Cli() {}

  /** What a command returned and printed. */
  record Result(int exitCode, String out, String err) {}

  static Result run(String... args) {
    return runWithInput("", args);
  }

  static Result runWithInput(String input, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new BufferedReader(new StringReader(input)),
            new PrintStream(out, false, StandardCharsets.UTF_8),
            new PrintStream(err, false, StandardCharsets.UTF_8),
            false);
    int exitCode = Main.run(terminal, args);
    terminal.out().flush();
    terminal.err().flush();
    return new Result(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
