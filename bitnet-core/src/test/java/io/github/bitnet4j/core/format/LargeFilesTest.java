package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of more than 2 and 4 GiB: sparse, so that they take next to no space. */
class LargeFilesTest {
  private static final int[] IDS = {3, 141, 59, 26, 5, 35};
  private static final long GIB = 1L << 30;

  @TempDir Path temp;

  @BeforeEach
  void skipWithoutSparseFiles() throws IOException {
    long usable = Files.getFileStore(temp).getUsableSpace();
    assumeTrue(usable > 8 * GIB, "not enough space should files not be sparse here");
    Path probe = temp.resolve("probe");
    try (FileChannel channel = sparse(probe)) {
      channel.write(ByteBuffer.allocate(1), GIB);
      channel.force(true);
    }
    long taken = usable - Files.getFileStore(temp).getUsableSpace();
    Files.delete(probe);
    assumeTrue(taken < GIB / 2, "this file system has no sparse files");
  }

  private static FileChannel sparse(Path file) throws IOException {
    return FileChannel.open(
        file,
        StandardOpenOption.CREATE_NEW,
        StandardOpenOption.SPARSE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  /** Writes a file with a gap of zeros. */
  private static void write(Path file, byte[] start, long gap, byte[] end) throws IOException {
    try (FileChannel channel = sparse(file)) {
      channel.write(ByteBuffer.wrap(start), 0);
      channel.write(ByteBuffer.wrap(end), start.length + gap);
    }
  }

  private static void assertGivesTheLogitsOf(Path expected, Path large, long gap)
      throws IOException {
    TraceStep logits;
    try (Model model = Model.load(expected);
        Session session = model.newSession()) {
      logits = Trace.record(session, IDS).step("logits").orElseThrow();
    }
    long before = usedHeap();
    try (Model model = Model.load(large, LoadOptions.builder().kernels("scalar").build());
        Session session = model.newSession()) {
      TraceStep ours = Trace.record(session, IDS).step("logits").orElseThrow();
      GoldenFormatsTest.assertLogits(ours, logits, 0);
      assertThat(model.info().mappedBytes()).isGreaterThan(gap);
      assertThat(model.info().preparedBytes()).isLessThan(1 << 20);
      assertThat(usedHeap() - before).isLessThan(16 << 20);
    }
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @ParameterizedTest
  @ValueSource(longs = {2 * GIB, 5 * GIB})
  void safetensorsWithWeightsBehindGigabytes(long gap) throws IOException {
    Path model = SampleModels.copy(SampleModels.TIED, temp.resolve("model"));
    Path weights = model.resolve("model.safetensors");
    byte[] original = Files.readAllBytes(weights);
    Files.delete(weights);
    int headerBytes = (int) ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    String header = new String(original, 8, headerBytes, StandardCharsets.UTF_8);
    String moved =
        Pattern.compile("\"data_offsets\":\\s*\\[(\\d+),\\s*(\\d+)]")
            .matcher(header)
            .replaceAll(
                offsets ->
                    "\"data_offsets\":[%d,%d]"
                        .formatted(
                            gap + Long.parseLong(offsets.group(1)),
                            gap + Long.parseLong(offsets.group(2))));
    String all =
        "{\"unused\":{\"dtype\":\"U8\",\"shape\":[1024,%d],\"data_offsets\":[0,%d]},"
                .formatted(gap / 1024, gap)
            + moved.strip().substring(1);
    byte[] json = all.getBytes(StandardCharsets.UTF_8);
    byte[] start =
        ByteBuffer.allocate(8 + json.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json)
            .array();
    byte[] data = Arrays.copyOfRange(original, 8 + headerBytes, original.length);
    write(weights, start, gap, data);
    assertGivesTheLogitsOf(SampleModels.TIED, model, gap);
  }

  @ParameterizedTest
  @ValueSource(longs = {2 * GIB, 5 * GIB})
  void ggufWithWeightsBehindGigabytes(long gap) throws IOException {
    Path golden = SampleModels.TIED.resolveSibling("model-i2_s.gguf");
    EditableGguf gguf = EditableGguf.read(golden);
    Path file = temp.resolve("model.gguf");
    byte[] header = gguf.header(gap);
    write(file, header, gap, gguf.data());
    assertGivesTheLogitsOf(golden, file, gap);
  }

  @ParameterizedTest
  @EnumSource(TernaryLayout.class)
  void tritsBehindGigabytesOfTheirTensor(TernaryLayout layout) throws IOException {
    int columns = 1 << 16;
    int rows = 280_000; // more than 4 GiB, but for the layouts with five trits in a byte
    long bytes = layout.byteSize(rows, columns);
    assertThat(bytes).isGreaterThan(3 * GIB);
    Path file = temp.resolve("trits");
    try (FileChannel channel = sparse(file);
        Arena arena = Arena.ofConfined()) {
      channel.write(ByteBuffer.allocate(1), bytes - 1);
      MemorySegment data = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
      TernaryTensor large = new TernaryTensor("t", layout, rows, columns, data);
      // The last row, alone: its bytes at the start of a matrix of one row.
      MemorySegment one = arena.allocate(layout.byteSize(4, columns));
      TernaryTensor small = new TernaryTensor("t", layout, 4, columns, one);
      byte[] expected = new byte[columns];
      byte[] actual = new byte[columns];
      for (long i = 0; i < one.byteSize(); i++) {
        one.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 % 251 & 0xAA));
      }
      boolean tail = layout == TernaryLayout.I2_S || layout == TernaryLayout.I2_S_ARM;
      long matrixBytes = one.byteSize() - (tail ? 32 : 0);
      long end = bytes - (tail ? 32 : 0);
      MemorySegment.copy(one, 0, data, end - matrixBytes, matrixBytes);
      int row = layout == TernaryLayout.ROW_QUARTERS ? rows - 1 : rows - 4;
      small.decodeRow(layout == TernaryLayout.ROW_QUARTERS ? 3 : 0, expected, 0);
      large.decodeRow(row, actual, 0);
      assertThat(actual).isEqualTo(expected);
    }
  }

  @Test
  void denseValuesBehindGigabytesOfTheirMatrix() throws IOException {
    int columns = 4096;
    int rows = 700_000; // 5.7 GB of BF16
    long bytes = DenseType.BF16.rowBytes(columns) * rows;
    Path file = temp.resolve("dense");
    try (FileChannel channel = sparse(file);
        Arena arena = Arena.ofConfined()) {
      channel.write(ByteBuffer.wrap(new byte[] {(byte) 0xC0, 0x3F}), bytes - 2); // 1.5
      MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena);
      DenseMatrix matrix = new DenseMatrix("e", DenseType.BF16, rows, columns, data);
      float[] row = new float[columns];
      matrix.copyRow(rows - 1, row, 0);
      assertThat(row[columns - 1]).isEqualTo(1.5f);
      assertThat(row[columns - 2]).isZero();
      assertThat(matrix.get(rows - 1, columns - 1)).isEqualTo(1.5f);
    }
  }
}
