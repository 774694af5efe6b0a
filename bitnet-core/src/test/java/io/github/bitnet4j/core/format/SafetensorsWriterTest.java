package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.core.format.SafetensorsWriter.Entry;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir Path directory;

  private Path file;

  @BeforeEach
  void chooseFile() {
    file = directory.resolve("out.safetensors");
  }

  @Test
  void layoutIsLengthHeaderAndData() throws IOException {
    SafetensorsWriter.write(
        file,
        List.of(
            entry("a", DType.I8, List.of(3L), 1, 2, 3),
            entry("b.weight", DType.F16, List.of(1L, 2L), 4, 5, 6, 7)));
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    long headerBytes = bytes.getLong();
    byte[] header = new byte[(int) headerBytes];
    bytes.get(header);
    JsonObject tensors = (JsonObject) JsonReader.read(header);
    assertThat(tensors.members().keySet()).containsExactly("a", "b.weight");
    checkEntry(tensors, "a", "I8", new int[] {3}, 0, 3);
    checkEntry(tensors, "b.weight", "F16", new int[] {1, 2}, 3, 7);
    byte[] data = new byte[bytes.remaining()];
    bytes.get(data);
    assertThat(data).containsExactly(1, 2, 3, 4, 5, 6, 7);
  }

  private static void checkEntry(
      JsonObject tensors, String name, String dtype, int[] shape, int from, int to) {
    JsonObject entry = (JsonObject) tensors.get(name);
    assertThat(Fixtures.string(entry.get("dtype"))).isEqualTo(dtype);
    assertThat(Fixtures.ints(entry.get("shape"))).containsExactly(shape);
    assertThat(Fixtures.ints(entry.get("data_offsets"))).containsExactly(from, to);
  }

  @Test
  void dataStartsAtAMultipleOfEightBytesWhateverTheNames() throws IOException {
    String name = "";
    for (String letter : List.of("a", "b", "ß", "d", "漢", "😀", "g", "\"", "\\", "\n", "k")) {
      name += letter;
      SafetensorsWriter.write(file, List.of(entry(name, DType.U8, List.of(2L), 1, 2)));
      try (Arena arena = Arena.ofConfined()) {
        Map<String, Tensor> tensors = SafetensorsFile.open(file, arena).tensors();
        assertThat(tensors).containsOnlyKeys(name);
        assertThat(tensors.get(name).fileOffset() % 8).as(name).isZero();
      }
    }
  }

  @Test
  void theReaderReadsWhatWasWritten() throws IOException {
    long seed = 20261125;
    Random random = new Random(seed);
    byte[] large = new byte[3 << 20]; // more than is written at once
    random.nextBytes(large);
    SafetensorsWriter.write(
        file,
        List.of(
            new Entry("large", DType.U8, List.of(3L, 1L << 20), MemorySegment.ofArray(large)),
            entry("scalar", DType.F32, List.of(), 0, 0, -128, 63)));
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Tensor> tensors = SafetensorsFile.open(file, arena).tensors();
      assertThat(tensors).containsOnlyKeys("large", "scalar");
      Tensor read = tensors.get("large");
      assertThat(read.shape()).isEqualTo(List.of(3L, 1L << 20));
      assertThat(read.dtype()).isEqualTo(DType.U8);
      assertThat(Arrays.equals(read.data().toArray(ValueLayout.JAVA_BYTE), large))
          .as("data of seed %d", seed)
          .isTrue();
      assertThat(tensors.get("scalar").shape()).isEmpty();
      assertThat(tensors.get("scalar").data().toArray(ValueLayout.JAVA_BYTE))
          .containsExactly(0, 0, -128, 63);
    }
  }

  @Test
  void aFileWithoutTensorsIsValid() throws IOException {
    SafetensorsWriter.write(file, List.of());
    try (Arena arena = Arena.ofConfined()) {
      assertThat(SafetensorsFile.open(file, arena).tensors()).isEmpty();
    }
  }

  @Test
  void anOlderFileIsReplaced() throws IOException {
    SafetensorsWriter.write(file, List.of(entry("old", DType.U8, List.of(2L), 1, 2)));
    SafetensorsWriter.write(file, List.of(entry("new", DType.U8, List.of(1L), 3)));
    try (Arena arena = Arena.ofConfined()) {
      assertThat(SafetensorsFile.open(file, arena).tensors()).containsOnlyKeys("new");
    }
    assertThat(directory).isDirectoryNotContaining("glob:**.unfinished");
  }

  @Test
  void aFailureLeavesTheOlderFileAndNothingElse() throws IOException {
    SafetensorsWriter.write(file, List.of(entry("old", DType.U8, List.of(2L), 1, 2)));
    byte[] old = Files.readAllBytes(file);
    MemorySegment gone;
    try (Arena arena = Arena.ofConfined()) {
      gone = arena.allocate(2);
    }
    List<Entry> entries =
        List.of(
            entry("written", DType.U8, List.of(1L), 3),
            new Entry("gone", DType.U8, List.of(2L), gone));
    assertThatThrownBy(() -> SafetensorsWriter.write(file, entries))
        .isInstanceOf(IllegalStateException.class);
    assertThat(file).hasBinaryContent(old);
    assertThat(directory).isDirectoryNotContaining("glob:**.unfinished");
  }

  @Test
  void aFailureOfTheLastStepLeavesWhatWasThere() throws IOException {
    Files.createDirectories(file.resolve("full")); // a folder where the file should go
    assertThatThrownBy(
            () -> SafetensorsWriter.write(file, List.of(entry("a", DType.U8, List.of(1L), 3))))
        .isInstanceOf(IOException.class);
    assertThat(file.resolve("full")).isDirectory();
    assertThat(directory).isDirectoryNotContaining("glob:**.unfinished");
  }

  private static Entry entry(String name, DType dtype, List<Long> shape, int... bytes) {
    byte[] data = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      data[i] = (byte) bytes[i];
    }
    return new Entry(name, dtype, shape, MemorySegment.ofArray(data));
  }
}
