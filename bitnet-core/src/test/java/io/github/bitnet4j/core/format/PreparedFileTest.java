package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.AvailableKernels;
import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.core.TestModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreparedFileTest {
  private static final int[] IDS = {1, 5, 9, 200, 31, 7, 7, 80};
  private static final String TIED = "b158-tied";

  /** A time that no file written by a test has. */
  private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "b158-tied, scalar", "b158-tied, vector",
    "b158-untied-sharded, vector", "b158-bf16-online, scalar",
    "b158-bf16-online, vector", "llama-bitlinear, vector",
    "old-1bitllm, vector"
  })
  void aModelThatIsMappedFromItGivesTheSameBits(String name, String kernels) throws IOException {
    float[] expected = logits(name, kernels, null);
    Path file = folder.resolve("prepared");
    assertThat(logits(name, kernels, file)).isEqualTo(expected);
    Files.setLastModifiedTime(file, LONG_AGO);
    assertThat(logits(name, kernels, file)).isEqualTo(expected);
    assertThat(wasReplaced(file)).isFalse();
    assertThat(files()).containsExactly(file);
  }

  @Test
  void aDamagedFileIsMadeAnew() throws IOException {
    Path file = folder.resolve("prepared");
    float[] expected = logits(TIED, "vector", file);
    byte[] whole = Files.readAllBytes(file);
    Random random = new Random(3);
    List<Integer> places = new ArrayList<>(List.of(8, 12, 16, 47, 48, 56, 60, 64, 72, 80));
    random.ints(20, 100, whole.length).forEach(places::add);
    int replaced = 0;
    for (int at : places) {
      byte[] damaged = whole.clone();
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, damaged);
      Files.setLastModifiedTime(file, LONG_AGO);
      assertThat(logits(TIED, "vector", file)).as("byte %d", at).isEqualTo(expected);
      if (wasReplaced(file)) {
        replaced++;
        assertThat(Files.readAllBytes(file)).as("byte %d", at).isEqualTo(whole);
      }
    }
    assertThat(replaced).isGreaterThan(places.size() - 5); // the rest hit gaps between sections
  }

  @Test
  void aFileThatIsCutShortIsMadeAnew() throws IOException {
    Path file = folder.resolve("prepared");
    float[] expected = logits(TIED, "vector", file);
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[] {8, 11, 55, 60, 100, whole.length / 2, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThat(logits(TIED, "vector", file)).as("%d bytes", length).isEqualTo(expected);
      assertThat(Files.readAllBytes(file)).as("%d bytes", length).isEqualTo(whole);
    }
  }

  @Test
  void aFileOfAnotherModelOrWithoutTheCopyOfTheHeadIsMadeAnew() throws IOException {
    Path file = folder.resolve("prepared");
    float[] expected = logits(TIED, "vector", file);
    byte[] whole = Files.readAllBytes(file);
    logits("b158-untied-sharded", "vector", file);
    assertThat(Files.readAllBytes(file)).isNotEqualTo(whole);
    assertThat(logits(TIED, "vector", file)).isEqualTo(expected);
    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
    new TestModel(Fixtures.goldenModel(TIED), "vector", 1, false, file).close();
    assertThat(Files.size(file)).isLessThan(whole.length);
  }

  @Test
  void aModelThatChangedIsNotTakenFromIt() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    for (Path source : list(Fixtures.goldenModel(TIED))) {
      Files.copy(source, model.resolve(source.getFileName()));
    }
    Path file = folder.resolve("prepared");
    new TestModel(model, "vector", 1, true, file).close();
    byte[] before = Files.readAllBytes(file);
    Path weights = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 1] ^= 1; // of the last weight
    Files.write(weights, bytes);
    new TestModel(model, "vector", 1, true, file).close();
    assertThat(Files.readAllBytes(file)).isNotEqualTo(before);
  }

  @Test
  void aFileOfAnotherKindIsRefusedAndKept() throws IOException {
    for (String content : List.of("", "BITNET4", "a letter to my mother")) {
      Path file = Files.writeString(folder.resolve("letter"), content);
      LoadOptions options = LoadOptions.builder().preparedFile(file).build();
      assertThatThrownBy(() -> Model.load(Fixtures.goldenModel(TIED), options))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("letter: expected a file of prepared weights, or none");
      assertThat(file).hasContent(content);
    }
  }

  @Test
  void aModelIsLoadedEvenIfTheFileCannotBeWritten() throws IOException {
    Path file = folder.resolve("missing").resolve("prepared");
    LoadOptions options = LoadOptions.builder().preparedFile(file).build();
    try (Model model = Model.load(Fixtures.goldenModel(TIED), options)) {
      assertThat(model.info().vocabSize()).isPositive();
    }
    assertThat(file).doesNotExist();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aModelIsLoadedWhateverHasTheNameOfTheFile() throws IOException, InterruptedException {
    float[] expected = logits(TIED, "vector", null);
    Path pipe = folder.resolve("pipe");
    assumeThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    Path directory = Files.createDirectory(folder.resolve("directory"));
    Path loop = folder.resolve("loop");
    Files.createSymbolicLink(loop, loop);
    Path tooLong = folder.resolve("x".repeat(300));
    Path inFile = Files.createFile(folder.resolve("file")).resolve("prepared");
    for (Path path : List.of(pipe, directory, loop, tooLong, inFile, Path.of("/dev/zero"))) {
      assertThat(logits(TIED, "vector", path)).as("%s", path).isEqualTo(expected);
    }
    assertThat(files()).containsExactlyInAnyOrder(pipe, directory, loop, folder.resolve("file"));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aFileThatMayNotBeReadIsLeftAlone() throws IOException {
    Path file = folder.resolve("prepared");
    float[] expected = logits(TIED, "vector", file);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    Files.setLastModifiedTime(file, LONG_AGO);
    assumeThat(Files.isReadable(file)).as("root ignores permissions").isFalse();
    assertThat(logits(TIED, "vector", file)).isEqualTo(expected);
    assertThat(wasReplaced(file)).isFalse();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void theFileHasTheUsualPermissionsAndALinkToItStays() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("prepared"));
    float[] expected = logits(TIED, "vector", link);
    Path usual = Files.createFile(folder.resolve("usual"));
    assertThat(Files.getPosixFilePermissions(folder.resolve("prepared")))
        .isEqualTo(Files.getPosixFilePermissions(usual));
    assertThat(link).isSymbolicLink();
    assertThat(logits(TIED, "vector", link)).isEqualTo(expected);
  }

  @Test
  void contentThatIsWrongBehindRightChecksumsIsMadeAnew() throws IOException {
    Path file = folder.resolve("prepared");
    for (String kernels : AvailableKernels.names()) {
      Files.deleteIfExists(file);
      float[] expected = logits("b158-bf16-online", kernels, file);
      byte[] whole = Files.readAllBytes(file);
      ByteBuffer header = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
      int sections = header.getInt(12);
      int content = (int) header.getLong(56 + 8);
      Map<Integer, Integer> edits =
          Map.of(56, 0x7FC00000, 60, 3, 64, -64, 72, 1, 76, 1, 88, 0, content + 4, -1);
      for (Map.Entry<Integer, Integer> edit : edits.entrySet()) {
        byte[] forged = whole.clone();
        ByteBuffer.wrap(forged)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(edit.getKey(), edit.getValue());
        SealedFile.sealPrepared(forged, sections);
        Files.write(file, forged);
        assertThat(logits("b158-bf16-online", kernels, file)).isEqualTo(expected);
        assertThat(Files.readAllBytes(file)).as("%s %s", kernels, edit).isEqualTo(whole);
      }
    }
  }

  @Test
  void aModelInUseOutlivesItsFile() throws IOException {
    Path file = folder.resolve("prepared");
    float[] expected = logits(TIED, "vector", file);
    try (TestModel model = new TestModel(Fixtures.goldenModel(TIED), "vector", 1, true, file)) {
      logits("b158-untied-sharded", "vector", file);
      assertThat(model.logits(IDS)).isEqualTo(expected);
      Files.delete(file);
      assertThat(model.logits(IDS)).isEqualTo(expected);
    }
  }

  private static float[] logits(String name, String kernels, Path preparedFile) throws IOException {
    try (TestModel model =
        new TestModel(Fixtures.goldenModel(name), kernels, 2, true, preparedFile)) {
      return model.logits(IDS);
    }
  }

  private static boolean wasReplaced(Path file) throws IOException {
    return !Files.getLastModifiedTime(file).equals(LONG_AGO);
  }

  private List<Path> files() throws IOException {
    return list(folder);
  }

  private static List<Path> list(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.toList();
    }
  }
}
