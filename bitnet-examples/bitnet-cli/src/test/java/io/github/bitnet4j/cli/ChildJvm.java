package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the packaged program in a JVM of its own: that of the test. */
final class ChildJvm {
  private static final Path JAR = Path.of("target", "bitnet-cli.jar").toAbsolutePath();
  private static final Path LIB = Path.of("target", "lib").toAbsolutePath();
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");
  private static final String ADD_MODULES = "--add-modules=jdk.incubator.vector";
  private static final int LIMIT_SECONDS = 500;

  private ChildJvm() {}

  /** Returns a JVM with all JARs on the class path, which may call machine code. */
  static Command classPath() {
    return classPathWithoutNativeAccess().jvm("--enable-native-access=ALL-UNNAMED");
  }

  /** Returns a JVM with all JARs on the class path, and no flag. */
  static Command classPathWithoutNativeAccess() {
    return new Command(List.of(JAVA.toString(), demoModel()))
        .with("-cp", JAR + File.pathSeparator + LIB.resolve("*"))
        .main("io.github.bitnet4j.cli.Main");
  }

  /** Returns a JVM with all JARs on the class path and the flag that SIMD needs there. */
  static Command classPathWithVectors() {
    return classPath().jvm(ADD_MODULES);
  }

  /** Returns a JVM with all JARs on the module path, which may call machine code. */
  static Command modulePath() {
    return new Command(
            List.of(
                JAVA.toString(),
                demoModel(),
                "--enable-native-access=io.github.bitnet4j.kernels.machinecode"))
        .with("-p", JAR + File.pathSeparator + LIB)
        .main("-m", "io.github.bitnet4j.cli/io.github.bitnet4j.cli.Main");
  }

  private static String demoModel() {
    return "-D" + ModelOptions.DEMO_MODEL_PROPERTY + "=" + Cli.DEMO_MODEL;
  }

  /**
   * A command line in the making.
   *
   * @param jvm the program and its JVM options
   * @param main the main class or module
   */
  record Command(List<String> jvm, List<String> main) {
    Command(List<String> jvm) {
      this(jvm, List.of());
    }

    private Command with(String... options) {
      List<String> all = new ArrayList<>(jvm);
      all.addAll(List.of(options));
      return new Command(all, main);
    }

    private Command main(String... words) {
      return new Command(jvm, List.of(words));
    }

    /** Adds JVM options. */
    Command jvm(String... options) {
      return with(options);
    }

    Cli.Result run(String... args) throws IOException, InterruptedException {
      List<String> command = new ArrayList<>(jvm);
      command.addAll(main);
      command.addAll(List.of(args));
      return finish(new ProcessBuilder(command));
    }

    /** Starts it without waiting; its output goes to the given files. */
    Process start(Path out, Path err, String... args) throws IOException {
      List<String> command = new ArrayList<>(jvm);
      command.addAll(main);
      command.addAll(List.of(args));
      return new ProcessBuilder(command)
          .redirectOutput(out.toFile())
          .redirectError(err.toFile())
          .start();
    }
  }

  /** Runs a process to its end, within a time limit. */
  static Cli.Result finish(ProcessBuilder builder) throws IOException, InterruptedException {
    Path out = Files.createTempFile("bitnet-cli", ".out");
    Path err = Files.createTempFile("bitnet-cli", ".err");
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      process.getOutputStream().close();
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
          .as("%s ends within %d s", builder.command(), LIMIT_SECONDS)
          .isTrue();
      return new Cli.Result(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      process.destroyForcibly();
      Files.delete(out);
      Files.delete(err);
    }
  }
}
