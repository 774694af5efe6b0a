package io.github.bitnet4j.core.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageReleaserTest {
  private static final Path MAPS = Path.of("/proc/self/smaps");
  private static final int ROWS = 4096;
  private static final int COLUMNS = 256;

  @TempDir private Path folder;

  @Test
  void pagesAreGivenBackAfterSomeRowsAndReadAgain() throws IOException {
    assumeTrue(Files.exists(MAPS), "resident memory of a mapping is known on Linux only");
    Path file = folder.resolve("matrix.bin");
    Files.write(file, new byte[ROWS * COLUMNS * Float.BYTES]);
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment data = channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size(), arena);
      data.set(ValueLayout.JAVA_FLOAT, 0, 7);
      DenseMatrix matrix = new DenseMatrix("test", DenseType.F32, ROWS, COLUMNS, data);
      PageReleaser pages = new PageReleaser(matrix);
      for (int row = 0; row < ROWS; row++) {
        matrix.get(row, 0);
      }
      long all = residentKilobytes(file);
      assertThat(all).isGreaterThan(ROWS * COLUMNS * Float.BYTES / 1024 / 2);
      pages.read(PageReleaser.MAX_ROWS - 1);
      assertThat(residentKilobytes(file)).isEqualTo(all);
      pages.read(1);
      assertThat(residentKilobytes(file)).isZero();
      assertThat(matrix.get(0, 0)).isEqualTo(7);
    }
  }

  @Test
  void memoryThatIsNotMappedIsLeftAlone() {
    MemorySegment data = MemorySegment.ofArray(new byte[ROWS * Float.BYTES]);
    PageReleaser pages = new PageReleaser(new DenseMatrix("test", DenseType.F32, ROWS, 1, data));
    pages.read(ROWS);
    assertThat(data.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
  }

  private static long residentKilobytes(Path file) throws IOException {
    long sum = 0;
    boolean inFile = false;
    for (String line : Files.readAllLines(MAPS)) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        inFile = line.endsWith(file.toString());
      } else if (inFile && line.startsWith("Rss:")) {
        sum += Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return sum;
  }
}
