package io.github.bitnet4j.kernels.benchmarks;

import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A slice of the LM head on one thread; the whole head has 128256 rows. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
public class DenseMatMulBenchmark {
  private static final int COLUMNS = 2560;

  /** Provider of the kernels. */
  @Param({"vector", "scalar"})
  public String provider;

  /** How weights are stored. */
  @Param({"BF16", "F16", "F32"})
  public DenseType type;

  /** Rows of the slice: 100 stay in the second-level cache, 32064 stream from memory. */
  @Param({"100", "32064"})
  public int rows;

  private final Arena arena = Arena.ofShared();
  private final float[] x = new float[COLUMNS];
  private Kernels kernels;
  private Kernels.Scratch scratch;
  private DenseMatrix matrix;
  private float[] out;

  /** Makes the inputs and compares the result with that of the reference. */
  @Setup
  public void setUp() {
    Random random = new Random(1);
    long elements = (long) rows * COLUMNS;
    MemorySegment data = arena.allocate(elements * type.blockBytes(), 64);
    for (long i = 0; i < elements; i++) {
      float weight = (float) random.nextGaussian();
      switch (type) {
        case F32 -> data.set(order(ValueLayout.JAVA_FLOAT), i * 4, weight);
        case F16 -> data.set(order(ValueLayout.JAVA_SHORT), i * 2, Float.floatToFloat16(weight));
        case BF16 ->
            data.set(
                order(ValueLayout.JAVA_SHORT),
                i * 2,
                (short) (Float.floatToRawIntBits(weight) >>> 16));
        default -> throw new AssertionError(type);
      }
    }
    for (int i = 0; i < COLUMNS; i++) {
      x[i] = (float) random.nextGaussian();
    }
    matrix = new DenseMatrix("benchmark", type, rows, COLUMNS, data);
    out = new float[rows];
    kernels = Providers.kernels(provider);
    scratch = kernels.newScratch();
    float[] expected = new float[rows];
    Kernels scalar = Providers.kernels("scalar");
    scalar.denseMatMul(matrix, x, 1, expected, rows - 9, rows, scalar.newScratch());
    kernels.denseMatMul(matrix, x, 1, out, 0, rows, scratch);
    for (int row = rows - 9; row < rows; row++) {
      Providers.check(out[row] == expected[row]);
    }
  }

  private static ValueLayout.OfFloat order(ValueLayout.OfFloat layout) {
    return layout.withOrder(ByteOrder.LITTLE_ENDIAN);
  }

  private static ValueLayout.OfShort order(ValueLayout.OfShort layout) {
    return layout.withOrder(ByteOrder.LITTLE_ENDIAN);
  }

  /** Frees the weights. */
  @TearDown
  public void tearDown() {
    arena.close();
  }

  /** Multiplies the whole slice. */
  @Benchmark
  public float[] multiply() {
    kernels.denseMatMul(matrix, x, 1, out, 0, rows, scratch);
    return out;
  }
}
