package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Replays what {@link FuzzTargets} are started from: the malformed and the valid small files of the
 * test resources. An input that a fuzzer finds is added to {@code fuzz/}.
 */
class FuzzCorpusTest {
  private static final Path MALFORMED = SampleModels.resource("malformed");
  private static final Path FUZZ = SampleModels.resource("fuzz");

  static Stream<Path> safetensors() throws IOException {
    return files(MALFORMED, file -> file.toString().endsWith(".safetensors"));
  }

  static Stream<Path> ggufs() throws IOException {
    return files(MALFORMED, file -> file.toString().endsWith(".gguf"));
  }

  static Stream<Path> configs() throws IOException {
    return files(MALFORMED, file -> file.endsWith("config.json"));
  }

  static Stream<Path> tokenizers() throws IOException {
    return Stream.concat(
        files(FUZZ.resolve("tokenizer"), file -> true),
        Stream.of(SampleModels.DEMO.resolve("tokenizer.json")));
  }

  private static Stream<Path> files(Path folder, Predicate<Path> wanted) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      List<Path> files = all.filter(Files::isRegularFile).filter(wanted).sorted().toList();
      return files.stream();
    }
  }

  private static void replay(Consumer<byte[]> target, Path file) throws IOException {
    byte[] input = Files.readAllBytes(file);
    assertThatCode(() -> target.accept(input)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @MethodSource("safetensors")
  void safetensors(Path file) throws IOException {
    replay(FuzzTargets.Safetensors::fuzzerTestOneInput, file);
  }

  @ParameterizedTest
  @MethodSource("ggufs")
  void gguf(Path file) throws IOException {
    replay(FuzzTargets.Gguf::fuzzerTestOneInput, file);
  }

  @ParameterizedTest
  @MethodSource("configs")
  void config(Path file) throws IOException {
    replay(FuzzTargets.Config::fuzzerTestOneInput, file);
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void tokenizerJson(Path file) throws IOException {
    replay(FuzzTargets.TokenizerJson::fuzzerTestOneInput, file);
  }
}
