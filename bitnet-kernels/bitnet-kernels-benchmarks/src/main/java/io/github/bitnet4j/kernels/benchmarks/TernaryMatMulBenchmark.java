package io.github.bitnet4j.kernels.benchmarks;

import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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

/**
 * The ternary matrix product on one thread. The counter {@code weights} is products of a weight and
 * an activation per second.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
public class TernaryMatMulBenchmark {
  /** Provider of the kernels. */
  @Param({"vector", "scalar"})
  public String provider;

  /**
   * Rows x columns. The projections of 2B-4T, and one of 500 MB that streams from memory as the
   * whole model does.
   */
  @Param({"2560x2560", "6912x2560", "2560x6912", "781250x2560"})
  public String shape;

  /** Rows of activations: 1 as in decoding, more as in prefill. */
  @Param({"1", "32"})
  public int tokens;

  private final Arena arena = Arena.ofShared();
  private Kernels kernels;
  private Kernels.Scratch scratch;
  private TernaryMatrix matrix;
  private byte[] x;
  private int[] out;

  /** Makes the inputs and compares the result with that of the reference. */
  @Setup
  public void setUp() {
    String[] sizes = shape.split("x", 2);
    int rows = Integer.parseInt(sizes[0]);
    int columns = Integer.parseInt(sizes[1]);
    Random random = new Random(1);
    MemorySegment packed = arena.allocate(TernaryLayout.ROW_QUARTERS.byteSize(rows, columns), 64);
    for (long i = 0; i < packed.byteSize(); i++) {
      int trits = random.nextInt(81);
      packed.set(
          ValueLayout.JAVA_BYTE,
          i,
          (byte) (trits % 3 | trits / 3 % 3 << 2 | trits / 9 % 3 << 4 | trits / 27 << 6));
    }
    x = new byte[tokens * columns];
    random.nextBytes(x);
    out = new int[tokens * rows];
    kernels = Providers.kernels(provider);
    scratch = kernels.newScratch();
    matrix = matrix(kernels, packed, rows, columns);
    Kernels reference = Providers.kernels("scalar");
    int[] expected = new int[out.length];
    int unit = matrix.units() / 2;
    reference.ternaryMatMul(
        matrix(reference, packed, rows, columns),
        x,
        tokens,
        expected,
        unit,
        unit + 1,
        reference.newScratch());
    kernels.ternaryMatMul(matrix, x, tokens, out, 0, matrix.units(), scratch);
    for (int t = 0; t < tokens; t++) {
      Providers.check(out[t * rows + unit] == expected[t * rows + unit]);
    }
  }

  private static TernaryMatrix matrix(
      Kernels kernels, MemorySegment packed, int rows, int columns) {
    return kernels.prepare(
        new TernaryTensor("benchmark", TernaryLayout.ROW_QUARTERS, rows, columns, packed),
        Arena.ofAuto());
  }

  /** Frees the weights. */
  @TearDown
  public void tearDown() {
    arena.close();
  }

  /** Counts weights. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    /** Products so far. */
    public long weights;
  }

  /** Multiplies the whole matrix. */
  @Benchmark
  public int[] multiply(Work work) {
    kernels.ternaryMatMul(matrix, x, tokens, out, 0, matrix.units(), scratch);
    work.weights += (long) matrix.rows() * matrix.columns() * tokens;
    return out;
  }
}
