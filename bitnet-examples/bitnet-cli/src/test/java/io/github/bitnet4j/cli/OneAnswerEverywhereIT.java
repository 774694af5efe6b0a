package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.bitnet4j.cli.ChildJvm.Command;
import io.github.bitnet4j.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The numeric promise across real JVMs: every kernel provider, vector width, instruction set and
 * number of threads gives the same ids and, to the bit, the same intermediate values. Kernels that
 * are asked for by name compute from the start; where they are not, plain loops compute at first.
 */
class OneAnswerEverywhereIT {
  @TempDir private static Path folder;

  private static Answer expected;

  /** The widest registers of this machine, in bits. */
  private static int widest;

  /** The generated ids, what computed them, and the bytes of a trace file. */
  private record Answer(String ids, String kernels, int vectorBits, byte[] trace) {}

  @BeforeAll
  static void answerOfTheReference() throws Exception {
    expected = answer(ChildJvm.classPath().jvm("-Dbitnet4j.kernels=scalar"), 1);
    assertThat(expected.kernels).isEqualTo("scalar");
    assertThat(expected.ids).matches("(\\d+,){63}\\d+");
    widest = answer(ChildJvm.classPathWithVectors().jvm("-Dbitnet4j.kernels=vector"), 1).vectorBits;
  }

  @ParameterizedTest(name = "{0} bits, {1} threads, {2}")
  @CsvSource({
    "0, 2, -Dbitnet4j.kernels=scalar",
    "0, 3, -Dbitnet4j.kernels=scalar",
    "128, 1, -Dbitnet4j.vector.bits=128 -Dbitnet4j.native.isa=off",
    "128, 3, -Dbitnet4j.vector.bits=128 -Dbitnet4j.kernels=vector",
    "256, 2, -Dbitnet4j.vector.bits=256 -Dbitnet4j.native.isa=off",
    "256, 2, -Dbitnet4j.vector.bits=256 -Dbitnet4j.kernels=vector",
    "512, 1, -Dbitnet4j.vector.bits=512 -Dbitnet4j.kernels=vector",
    "512, 3, -Dbitnet4j.vector.bits=512 -Dbitnet4j.native.isa=off",
    // Of x86 only; elsewhere these flags change nothing.
    "-1, 2, -XX:UseAVX=2 -Dbitnet4j.native.isa=off",
    "-1, 2, -XX:UseAVX=2 -Dbitnet4j.kernels=vector",
    "-1, 2, -XX:UseAVX=1 -Dbitnet4j.native.isa=off"
  })
  void givesTheAnswerOfTheReference(int bits, int threads, String options) throws Exception {
    assumeTrue(bits <= widest, "this machine has registers of " + widest + " bits");
    Command jvm =
        ChildJvm.classPathWithVectors()
            .jvm("-XX:+IgnoreUnrecognizedVMOptions")
            .jvm(options.split(" "));
    Answer answer = answer(jvm, threads);
    assertThat(answer.kernels).isEqualTo(bits == 0 ? "scalar" : "vector");
    if (bits >= 0) {
      assertThat(answer.vectorBits).isEqualTo(bits);
    }
    assertThat(answer.ids).isEqualTo(expected.ids);
    assertThat(answer.trace).isEqualTo(expected.trace);
  }

  @ParameterizedTest(name = "{0}, {1} threads")
  @CsvSource({"avx2, 2", "avxvnni, 1", "avx512vnni, 3", "amx, 2"})
  void machineCodeGivesTheAnswerOfTheReference(String level, int threads) throws Exception {
    Command jvm =
        ChildJvm.classPath().jvm("-Dbitnet4j.kernels=native", "-Dbitnet4j.native.isa=" + level);
    Result probe = jvm.run("--json", "--max-tokens=1");
    assumeTrue(probe.exitCode() == 0, "this machine has no kernels in machine code for " + level);
    Answer answer = answer(jvm, threads);
    assertThat(answer.kernels).isEqualTo("native");
    assertThat(answer.ids).isEqualTo(expected.ids);
    assertThat(answer.trace).isEqualTo(expected.trace);
  }

  private static Answer answer(Command jvm, int threads) throws Exception {
    String[] story = {
      "--json", "--max-tokens=64", "--ignore-eos", "--threads=" + threads, "--prompt=The big dog"
    };
    Result generated = jvm.run(story);
    assertThat(generated.exitCode()).as(generated.err()).isZero();
    String json = generated.out();
    String ids = field(json, "\"ids\":\\[([0-9,]+)]");
    assertThat(field(json, "\"threads\":(\\d+)")).isEqualTo(String.valueOf(threads));

    Path file = folder.resolve("trace.safetensors");
    Result traced = jvm.run("trace", "--ids=" + ids, "--threads=" + threads, "--out=" + file);
    assertThat(traced.exitCode()).as(traced.err()).isZero();
    return new Answer(
        ids,
        field(json, "\"kernels\":\"(\\w+)\""),
        Integer.parseInt(field(json, "\"vectorBits\":(\\d+)")),
        Files.readAllBytes(file));
  }

  private static String field(String json, String pattern) {
    Matcher found = Pattern.compile(pattern).matcher(json);
    assertThat(found.find()).as(json).isTrue();
    return found.group(1);
  }
}
