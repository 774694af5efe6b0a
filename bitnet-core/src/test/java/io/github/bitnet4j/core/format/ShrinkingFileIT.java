package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.format.ChildJvm.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A model file that is cut short by somebody else while it is read. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Windows does not cut mapped files")
class ShrinkingFileIT {
  private static final int ROUNDS = 40;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "load, false",
    "load, true",
    "copy, true",
    "prepare, false",
    "prepare, true",
    "inspect, true",
    "check, false",
    "convert, false",
    "convert, true"
  })
  void isReadOrRefused(String what, boolean gguf) throws IOException, InterruptedException {
    Path model;
    Path weights;
    if (gguf) {
      Path source = SampleModels.TIED.resolveSibling("model-i2_s.gguf");
      model = Files.copy(source, folder.resolve("model.gguf"));
      weights = model;
    } else {
      model = SampleModels.copy(SampleModels.DEMO, folder.resolve("hf"));
      weights = model.resolve("model.safetensors");
    }
    Result result =
        ChildJvm.run(
            ShrinkingFileProgram.class,
            List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + folder.resolve("hs_err.log")),
            600,
            what,
            model.toString(),
            weights.toString(),
            folder.toString(),
            String.valueOf(ROUNDS));
    List<String> lines =
        result
            .output()
            .lines()
            .filter(line -> line.startsWith("read") || line.contains("Exc") || line.equals("end"))
            .toList();
    assertThat(lines).as(result.output()).hasSize(ROUNDS + 1).endsWith("end");
    assertThat(result.output()).doesNotContain("InternalError").doesNotContain("\tat ");
    String refused = "io.github.bitnet4j.ModelFormatException: " + folder;
    assertThat(lines.subList(0, ROUNDS))
        .allMatch(line -> line.startsWith("read") || line.startsWith(refused), result.output());
    System.out.printf(
        "%s: %d of %d refused%n",
        what, lines.stream().filter(line -> line.contains(folder.toString())).count(), ROUNDS);
  }
}
