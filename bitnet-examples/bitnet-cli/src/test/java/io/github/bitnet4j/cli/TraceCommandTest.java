package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceCommandTest {
  @TempDir private Path folder;

  @Test
  void printsTheNormOfEveryStepAtEveryPosition() {
    Result result = Cli.run("trace", "--ids", "2045,422,434");
    assertThat(result.exitCode()).as(result.err()).isZero();
    List<String> lines = result.out().lines().toList();
    assertThat(lines.getFirst().split(" +")).containsExactly("step", "shape", "[0]", "[1]", "[2]");
    assertThat(lines.get(1)).matches("embed +3x256( +[0-9.]+){3}");
    assertThat(lines.getLast()).matches("logits +3x2048( +[0-9.]+){3}");
    assertThat(lines).anyMatch(line -> line.startsWith("layers.3.down_proj.act_int8 "));
  }

  @Test
  void leavesOutPositionsInTheMiddleOfLongPrompts() {
    Result result = Cli.run("trace", "--ids", "1,2,3,4,5,6,7,8,9");
    assertThat(result.out().lines().findFirst().orElseThrow().split(" +"))
        .containsExactly("step", "shape", "[0]", "[1]", "[2]", "[3]", "[7]", "[8]");
    assertThat(result.out()).contains("  ...  ");
    assertThat(Cli.run("trace", "--ids", "1,2,3,4,5,6,7,8").out())
        .contains("[7]")
        .doesNotContain("...");
  }

  @Test
  void putsTheBeginningOfSequenceIdBeforeAText() {
    Result ofText = Cli.run("trace", "--prompt", "Once upon a time");
    assertThat(ofText.exitCode()).as(ofText.err()).isZero();
    assertThat(ofText.out()).isEqualTo(Cli.run("trace", "--ids", "2045,422,434,258,396").out());
  }

  @Test
  void isTheSameForAllKernelsAndThreads() {
    Path file = write("2045,422,434", "--kernels", "scalar", "--threads", "1");
    Result result =
        Cli.run("trace", "--ids", "2045,422,434", "--compare", file.toString(), "--tolerance", "0");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out())
        .containsPattern("(?m)^OK: (\\d+) of \\1 steps compared")
        .doesNotContain("DEPARTS");
  }

  @Test
  void namesTheFirstStepThatDeparts() {
    Path file = write("2045,422,434");
    Result result = Cli.run("trace", "--ids", "2045,422,435", "--compare", file.toString());
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).containsPattern("(?m)^DEPARTS at embed: relative L2 distance 0\\.");
    assertThat(result.out()).containsPattern("(?m)^layers.0.q_proj.act_int8 .* [1-9]\\d*  DEPARTS");
  }

  @Test
  void findsOneChangedValue() throws IOException {
    Path file = write("2045,422,434");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= (byte) 0x80; // the sign of the last value of the last tensor
    Files.write(file, bytes);
    String[] args = {"trace", "--ids", "2045,422,434", "--compare", file.toString()};
    Result result = Cli.run(args);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out().lines().filter(line -> line.endsWith(" DEPARTS"))).hasSize(1);
    assertThat(result.out()).containsPattern("(?m)^DEPARTS at ");
  }

  @Test
  void acceptsWhatTheToleranceAllows() {
    Path file = write("2045,422,434");
    Result result =
        Cli.run(
            "trace", "--ids", "2045,422,435", "--compare", file.toString(), "--tolerance", "1e9");
    // int8 values must be identical whatever the tolerance.
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out())
        .contains("DEPARTS at layers.0.q_proj.act_int8: ")
        .containsPattern("(?m)^embed .*[0-9]$");
  }

  @Test
  void failsIfNothingCanBeCompared() {
    String weights = Cli.DEMO_MODEL.resolve("model.safetensors").toString();
    Result result = Cli.run("trace", "--ids", "1", "--compare", weights);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("error: " + weights, "nothing is compared");
  }

  @Test
  void reportsFilesThatCannotBeReadOrWritten() {
    Result missing = Cli.run("trace", "--ids", "1", "--compare", "no-such-file");
    assertThat(missing.exitCode()).isEqualTo(1);
    assertThat(missing.err())
        .isEqualTo("error: no-such-file: it does not exist" + System.lineSeparator());
    Result damaged = Cli.run("trace", "--ids", "1", "--compare", "pom.xml");
    assertThat(damaged.exitCode()).isEqualTo(1);
    assertThat(damaged.err()).startsWith("error: pom.xml: ").hasLineCount(1);
    Path unwritable = folder.resolve("no-such-folder").resolve("trace.safetensors");
    Result unwritten = Cli.run("trace", "--ids", "1", "--out", unwritable.toString());
    assertThat(unwritten.exitCode()).isEqualTo(1);
    assertThat(unwritten.err()).contains("error: ", "no-such-folder");
  }

  @Test
  void refusesWrongArguments() {
    assertThat(Cli.run("trace").err()).startsWith("error: no prompt: give --prompt");
    assertThat(Cli.run("trace").exitCode()).isEqualTo(2);
    Result result = Cli.run("trace", "--ids", "1", "--tolerance", "NaN");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).startsWith("error: --tolerance: expected 0 or more, found NaN");
  }

  private Path write(String ids, String... more) {
    Path file = folder.resolve("trace.safetensors");
    List<String> args = new ArrayList<>(List.of("trace", "--ids", ids, "--out"));
    args.add(file.toString());
    args.addAll(List.of(more));
    Result result = Cli.run(args.toArray(String[]::new));
    assertThat(result.exitCode()).as(result.err()).isZero();
    return file;
  }
}
