package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.format.ChildJvm.Result;
import io.github.bitnet4j.core.format.DamagedModel.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Thousands of damaged files of each format, in a JVM with little memory. For more of them set the
 * system property {@code bitnet4j.damaged.rounds}, for others {@code bitnet4j.damaged.seed}. The
 * output names the seed of a file that is not handled.
 */
class DamagedFilesTest {
  private static final int ROUNDS = Integer.getInteger("bitnet4j.damaged.rounds", 1);
  private static final long FIRST_SEED = Long.getLong("bitnet4j.damaged.seed", 1);

  /** A kind takes a tenth of this on an ordinary machine. */
  private static final int LIMIT_SECONDS = 500;

  @ParameterizedTest
  @Timeout(value = 1, unit = TimeUnit.DAYS) // the child has its own limit, which grows with rounds
  @CsvSource({
    "SAFETENSORS, 2500",
    "GGUF, 2500",
    "GGUF_WITH_VOCABULARY, 1500",
    "GGUF_CONTENT, 600",
    "GGUF_BYTES, 1500",
    "CONFIG, 2000",
    "INDEX, 1000",
    "TOKENIZER, 600",
    "TOKENIZER_CONFIG, 600"
  })
  void loadOrAreRejected(Kind kind, int count, @TempDir Path folder, TestReporter reporter)
      throws IOException, InterruptedException {
    Result result =
        ChildJvm.run(
            DamagedFilesProgram.class,
            List.of("-Xmx256m", "-Xss1m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off"),
            LIMIT_SECONDS * ROUNDS,
            folder.resolve("model").toString(),
            kind.toString(),
            String.valueOf(FIRST_SEED),
            String.valueOf(count * ROUNDS));
    reporter.publishEntry("damaged files", result.output());
    assertThat(result.exitCode()).as(result.output()).isZero();
    String loaded = kind == Kind.GGUF_BYTES ? "\\d+" : "[1-9]\\d*";
    assertThat(result.output())
        .containsPattern(
            "%s: \\d+ files, %s loaded, [1-9]\\d* rejected, 0 escaped".formatted(kind, loaded));
  }
}
