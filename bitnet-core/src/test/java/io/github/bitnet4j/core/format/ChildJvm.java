package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a class of the tests in a JVM of its own, with the class path of this one. */
public final class ChildJvm {
  /**
   * How it ended.
   *
   * @param output what it wrote to standard output and standard error
   */
  public record Result(int exitCode, String output) {}

  private ChildJvm() {}

  /**
   * Runs a class.
   *
   * @param options of the JVM, such as {@code -Xmx256m}
   */
  public static Result run(Class<?> main, List<String> options, int limitSeconds, String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules=jdk.incubator.vector");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(args));
    Path output = Files.createTempFile("bitnet4j-child", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(limitSeconds, TimeUnit.SECONDS);
      assertThat(ended)
          .as("it ends within %d s; it wrote: %s", limitSeconds, Files.readString(output))
          .isTrue();
      return new Result(process.exitValue(), Files.readString(output));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
