package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.bitnet4j.cli.ChildJvm.Command;
import io.github.bitnet4j.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The packaged JARs on the class path and on the module path, with and without the flag. */
class PackagedProgramIT {
  private static final String[] SHORT_STORY = {"--json", "--verbose", "--max-tokens", "4"};

  private static final String NO_MACHINE_CODE = "-Dbitnet4j.native.isa=off";

  @Test
  void usesMachineCodeOnTheClassPathWithoutAnyFlag() throws Exception {
    assumeTrue(ExpectedKernels.haveMachineCode(), "there is no machine code for this machine");
    Result result = ChildJvm.classPathWithoutNativeAccess().run(SHORT_STORY);
    assertKernels(result, "native");
  }

  @Test
  void saysThatNativeAccessIsDeniedAndUsesOtherKernels() throws Exception {
    assumeTrue(ExpectedKernels.haveMachineCode(), "there is no machine code for this machine");
    Result result =
        ChildJvm.classPathWithoutNativeAccess()
            .jvm("--illegal-native-access=deny")
            .run(SHORT_STORY);
    assertKernels(result, "scalar");
    assertThat(result.err()).contains("native cannot be used: native access is denied");
  }

  @Test
  void namesTheMissingFlagOnTheClassPathAndUsesScalarKernels() throws Exception {
    Result result = ChildJvm.classPath().jvm(NO_MACHINE_CODE).run(SHORT_STORY);
    assertKernels(result, "scalar");
    assertThat(result.err().lines().filter(line -> line.contains("--add-modules")))
        .singleElement()
        .asString()
        .startsWith("WARN Slow kernels: scalar")
        .contains("vector", "--add-modules jdk.incubator.vector");
  }

  @Test
  void usesTheBestKernelsOnTheClassPathWithTheFlag() throws Exception {
    Result result = ChildJvm.classPathWithVectors().run(SHORT_STORY);
    assertKernels(result, ExpectedKernels.bestOf("native", "vector", "scalar"));
    assertThat(result.err().lines().filter(line -> line.startsWith("INFO "))).hasSize(1);
  }

  @Test
  void usesTheBestKernelsOnTheModulePathWithoutAnyFlag() throws Exception {
    assertKernels(
        ChildJvm.modulePath().run(SHORT_STORY),
        ExpectedKernels.bestOf("native", "vector", "scalar"));
    assertKernels(ChildJvm.modulePath().jvm(NO_MACHINE_CODE).run(SHORT_STORY), "vector");
  }

  @Test
  void usesScalarKernelsInAnImageWithoutTheVectorModules() throws Exception {
    Command limited =
        ChildJvm.modulePath()
            .jvm(
                "--limit-modules=io.github.bitnet4j.cli,io.github.bitnet4j.kernels.scalar,"
                    + "org.slf4j.simple");
    assertKernels(limited.run(SHORT_STORY), "scalar");
  }

  @Test
  void usesTheKernelsThatAPropertyOrAnOptionNames() throws Exception {
    Command vectors = ChildJvm.classPathWithVectors();
    Command property = vectors.jvm("-Dbitnet4j.kernels=scalar");
    assertKernels(property.run(SHORT_STORY), "scalar");
    assertKernels(vectors.run("--json", "--max-tokens=4", "--kernels=scalar"), "scalar");
    assertKernels(property.run("--json", "--max-tokens=4", "--kernels=vector"), "vector");
  }

  @Test
  void benchStartsFreshJvmsLikeItsOwn() throws Exception {
    String[] bench = {"bench", "--quick", "--repetitions=1", "--threads=1", "--max-seconds=300"};
    for (Command command : List.of(ChildJvm.classPathWithVectors(), ChildJvm.modulePath())) {
      Result result = command.run(bench);
      assertThat(result.exitCode()).as(result.err()).isZero();
      assertThat(result.out())
          .containsPattern("fresh    JVM, 1 thread: first token after \\d+ ms")
          .doesNotContain("JVM skipped");
    }
  }

  @Test
  void saysWhyNamedKernelsCannotBeUsed() throws Exception {
    Result result = ChildJvm.classPath().run("--kernels", "vector");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .startsWith("error: kernels: expected the provider vector")
        .contains("--add-modules jdk.incubator.vector")
        .hasLineCount(1);
  }

  @Test
  void printsNothingButTheTextAndSaysLittleByDefault() throws Exception {
    Result result = ChildJvm.modulePath().run("--max-tokens", "4");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out().strip()).isEqualTo("Once upon a time, there was a");
    assertThat(result.err().lines().filter(line -> !line.startsWith("WARNING: Using incubator")))
        .hasSize(2);
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a process cannot be asked to end")
  void reportsWhatItHasWhenItIsAskedToEnd(@TempDir Path folder) throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    // Far more work than the time until the signal, whatever the machine: the slowest kernels.
    Process process =
        ChildJvm.classPath()
            .jvm("-Xint")
            .start(out, err, "--max-tokens", "370", "--ignore-eos", "--kernels", "scalar");
    try {
      while (process.isAlive() && Files.size(out) == 0) {
        Thread.sleep(20);
      }
      process.destroy();
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("ends").isTrue();
      assertThat(process.exitValue()).as("128 and SIGTERM").isEqualTo(143);
      assertThat(Files.readString(out)).startsWith("Once upon a time").endsWith("\n");
      assertThat(Files.readString(err)).contains(" tokens, cancelled;");
    } finally {
      process.destroyForcibly();
    }
  }

  private static void assertKernels(Result result, String kernels) throws IOException {
    assertThat(result.exitCode()).as(result.err()).isZero();
    Matcher found = Pattern.compile("\"kernels\":\"(\\w+)\"").matcher(result.out());
    assertThat(found.find()).as(result.out()).isTrue();
    assertThat(found.group(1)).as(result.err()).isEqualTo(kernels);
  }
}
