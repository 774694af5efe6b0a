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
import org.junit.jupiter.params.provider.ValueSource;

/** A model file that is cut short while a model uses it. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Windows does not cut mapped files")
class TruncatedWhileUsedTest {
  @TempDir Path temp;

  private Result run(boolean gguf, String kernels, int threads, boolean copy)
      throws IOException, InterruptedException {
    Path model;
    Path file;
    if (gguf) {
      model = temp.resolve("model.gguf");
      Files.copy(SampleModels.TIED.resolveSibling("model-i2_s.gguf"), model);
      file = model;
    } else {
      model = SampleModels.copy(SampleModels.TIED, temp.resolve("hf"));
      file = model.resolve("model.safetensors");
    }
    return ChildJvm.run(
        TruncatingProgram.class,
        List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + temp.resolve("hs_err.log")),
        500,
        model.toString(),
        file.toString(),
        kernels,
        String.valueOf(threads),
        String.valueOf(copy));
  }

  @ParameterizedTest
  @CsvSource({"false, scalar, 1", "true, scalar, 2", "false, vector, 2", "true, vector, 1"})
  void theNextComputationThrows(boolean gguf, String kernels, int threads)
      throws IOException, InterruptedException {
    Result result = run(gguf, kernels, threads, false);
    assertThat(
            result.output().lines().filter(line -> !line.startsWith("WARNING") && !line.isBlank()))
        .as(result.output())
        .containsExactly(
            "java.lang.InternalError",
            "java.lang.InternalError",
            "java.lang.InternalError",
            "closed");
    assertThat(result.exitCode()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"false, vector, 2", "true, scalar, 2"})
  void aModelThatCopiedTheFileGoesOn(boolean gguf, String kernels, int threads)
      throws IOException, InterruptedException {
    Result result = run(gguf, kernels, threads, true);
    assertThat(
            result.output().lines().filter(line -> !line.startsWith("WARNING") && !line.isBlank()))
        .as(result.output())
        .containsExactly("same", "same", "same", "closed");
    assertThat(result.exitCode()).isZero();
  }

  /**
   * The LM head and its int8 copy, which may be in a prepared file, with one row and with several.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void theNextProductThrows(int tokens) throws IOException, InterruptedException {
    Path file = temp.resolve("matrix.bin");
    Files.write(file, new byte[1 << 16]);
    Result result =
        ChildJvm.run(
            TruncatedMatrixProgram.class,
            List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + temp.resolve("hs_err.log")),
            500,
            file.toString(),
            "vector",
            String.valueOf(tokens));
    assertThat(
            result.output().lines().filter(line -> !line.startsWith("WARNING") && !line.isBlank()))
        .as(result.output())
        .hasSize(4)
        .containsOnly("java.lang.InternalError");
    assertThat(result.exitCode()).isZero();
  }
}
