package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.TestModel;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Int8Matrix;
import io.github.bitnet4j.spi.Kernels;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Multiplies matrices in a mapped file until the kernels are compiled, cuts the file short, and
 * multiplies again. Prints {@code computed} or the class of what was thrown, for each product.
 */
final class TruncatedMatrixProgram {
  private static final int ROWS = 64;
  private static final int COLUMNS = 512;

  private TruncatedMatrixProgram() {}

  /** Takes the file, of at least 64 KB, the kernels, and the rows that matrices meet. */
  public static void main(String[] args) throws IOException {
    Kernels kernels = TestModel.kernels(args[1]);
    Kernels.Scratch scratch = kernels.newScratch();
    int tokens = Integer.parseInt(args[2]);
    float[] x = new float[tokens * COLUMNS];
    float[] out = new float[tokens * ROWS];
    try (FileChannel file =
            FileChannel.open(Path.of(args[0]), StandardOpenOption.READ, StandardOpenOption.WRITE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment data = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
      Int8Matrix int8 = new Int8Matrix(ROWS, COLUMNS, data.asSlice(0, ROWS * COLUMNS));
      DenseMatrix bf16 = dense(DenseType.BF16, data);
      DenseMatrix f16 = dense(DenseType.F16, data);
      short[] int8Row = new short[COLUMNS];
      int[] lines = IntStream.range(0, int8.lines()).toArray();
      int[] sums = new int[ROWS];
      List<Runnable> products =
          List.of(
              () -> kernels.int8Products(int8, int8Row, lines, lines.length, sums, 0, ROWS),
              () -> kernels.int8MatMul(int8, x, 0, tokens, out, 0, ROWS, scratch),
              () -> kernels.denseMatMul(bf16, x, tokens, out, 0, ROWS, scratch),
              () -> kernels.denseMatMul(f16, x, tokens, out, 0, ROWS, scratch));
      for (Runnable product : products) {
        for (int repetition = 0; repetition < 4000; repetition++) {
          product.run();
        }
      }
      file.truncate(0);
      products.forEach(TruncatedMatrixProgram::say);
    }
  }

  private static DenseMatrix dense(DenseType type, MemorySegment data) {
    long bytes = ROWS * type.rowBytes(COLUMNS);
    return new DenseMatrix("test", type, ROWS, COLUMNS, data.asSlice(0, bytes));
  }

  private static void say(Runnable product) {
    try {
      product.run();
      System.out.println("computed");
    } catch (InternalError e) {
      System.out.println(e.getClass().getName());
    }
  }
}
