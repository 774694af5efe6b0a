package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.tools.CheckReport;
import io.github.bitnet4j.core.tools.ModelChecker;
import io.github.bitnet4j.core.tools.ModelInspector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelPathTest {
  private static final Path GGUF =
      SampleModels.golden("b158-tied").resolveSibling("model-i2_s.gguf");

  @TempDir private Path temp;
  private Path directory;

  @BeforeEach
  void create() throws IOException {
    directory = Files.createDirectory(temp.resolve("directory"));
  }

  private Path put(String name) throws IOException {
    return Files.writeString(directory.resolve(name), "x");
  }

  private void assertRefused(String... parts) {
    assertThatExceptionOfType(ModelFormatException.class)
        .isThrownBy(() -> Model.load(directory).close())
        .withMessageStartingWith(directory + ": expected ")
        .satisfies(e -> assertThat(e.getMessage()).contains(parts))
        .satisfies(e -> assertThat(e.path()).isEqualTo(directory));
  }

  @Test
  void aDirectoryWithOneGgufIsThatModel() throws IOException {
    Files.copy(GGUF, directory.resolve("model.gguf"));
    put("README.md");
    Files.createDirectory(directory.resolve("images"));
    assertThat(ModelPath.locate(directory)).isEqualTo(directory.resolve("model.gguf"));
    try (Model model = Model.load(directory)) {
      assertThat(model.info().architecture()).isEqualTo("bitnet-b1.58");
      assertThat(model.info().path()).isEqualTo(directory);
    }
    assertThat(ModelChecker.check(directory, LoadOptions.defaults()))
        .returns(true, CheckReport::accepted);
    assertThat(ModelInspector.inspect(directory).format()).isEqualTo("GGUF");
  }

  @Test
  void aCompleteSplitModelIsOneModel() throws IOException {
    put("m-00001-of-00002.gguf");
    put("m-00002-of-00002.gguf");
    assertThat(ModelPath.locate(directory)).isEqualTo(directory.resolve("m-00001-of-00002.gguf"));
    put("n-00001-of-00002.gguf");
    assertRefused("found several: m-*-of-00002.gguf, n-*-of-00002.gguf; give the path of one");
  }

  @Test
  void ofSeveralModelsTheNamesAreGiven() throws IOException {
    put("b.gguf");
    put("a.gguf");
    assertRefused("expected config.json or one GGUF model, found several: a.gguf, b.gguf;");
    for (int i = 0; i < 20; i++) {
      put("m" + i + ".gguf");
    }
    assertRefused("a.gguf, b.gguf, m0.gguf", " and 14 more");
  }

  @Test
  void whatADirectoryHoldsInsteadIsSaid() throws IOException {
    assertRefused("with config.json, or one GGUF model, found an empty directory");
    put("pytorch_model.bin");
    put("esc\u001b[2Jape");
    assertRefused(
        "found the files esc\\u001b[2Jape, pytorch_model.bin; download the missing files");
    Files.createDirectory(directory.resolve("snapshots"));
    assertRefused("found the folders snapshots and the files esc", "give its path");
  }

  @Test
  void aConfigurationDecidesForSafetensors() throws IOException {
    Files.copy(SampleModels.TIED.resolve("config.json"), directory.resolve("config.json"));
    put("model.gguf");
    assertThat(ModelPath.locate(directory)).isEqualTo(directory);
    assertRefused("model.safetensors", "found model.gguf instead; give the path of a GGUF file");
  }

  @Test
  void linksThatLeadNowhereAreNamed() throws IOException {
    Path blob = temp.resolve("blob");
    Files.createSymbolicLink(directory.resolve("model.gguf"), blob);
    assertRefused("found the files model.gguf (a broken link)");
    Files.createSymbolicLink(directory.resolve("config.json"), blob);
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> Model.load(directory))
        .withMessageContaining("config.json: it is a link to a file that does not exist");
  }

  @Test
  void nothingIsThere() {
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> ModelPath.locate(directory.resolve("no")))
        .withMessageContaining("it does not exist");
  }
}
