package io.github.bitnet4j.kernels.benchmarks;

import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
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

/**
 * The steps of attention for the queries that share a key/value head of 128 floats, on one thread:
 * 4 in decode and 32 in prefill with the 2B-4T shape.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
public class AttentionBenchmark {
  private static final int HEAD_DIM = 128;
  private static final int PANEL = Kernels.PANEL;

  /** Positions of a panel of values: a block of the cache. */
  private static final int BLOCK = 64;

  /** Provider of the kernels. */
  @Param({"vector", "scalar"})
  public String provider;

  /** Type of the cache. */
  @Param({"F32", "F16"})
  public DenseType type;

  /** Queries that share the keys and values. */
  @Param({"4", "32"})
  public int queries;

  /** Length of the context. */
  @Param({"128", "4096"})
  public int positions;

  private final Arena arena = Arena.ofShared();
  private Kernels kernels;
  private MemorySegment cache;
  private float[] query;
  private float[] scores;
  private float[] probabilities;
  private float[] out;

  /** Makes the inputs and compares the results with those of the reference. */
  @Setup
  public void setUp() {
    Random random = new Random(1);
    int elements = positions * HEAD_DIM;
    cache = arena.allocate(type.rowBytes(elements), 64);
    for (int i = 0; i < elements; i++) {
      float value = (float) random.nextGaussian();
      if (type == DenseType.F32) {
        cache.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      } else {
        cache.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
      }
    }
    query = new float[queries * HEAD_DIM];
    for (int i = 0; i < query.length; i++) {
      query[i] = (float) random.nextGaussian();
    }
    scores = new float[queries * positions];
    out = new float[queries * HEAD_DIM];
    kernels = Providers.kernels("scalar");
    float[] expectedScores = scores().clone();
    probabilities = scores.clone();
    float[] expectedProbabilities = softmax().clone();
    float[] expectedOut = values().clone();
    kernels = Providers.kernels(provider);
    Providers.check(Arrays.equals(scores(), expectedScores));
    probabilities = scores.clone();
    Providers.check(Arrays.equals(softmax(), expectedProbabilities));
    Providers.check(Arrays.equals(values(), expectedOut));
  }

  /** Frees the cache. */
  @TearDown
  public void tearDown() {
    arena.close();
  }

  /** Scores all positions. */
  @Benchmark
  public float[] scores() {
    Arrays.fill(scores, 0);
    for (int p = 0; p < positions; p += PANEL) {
      long panel = type.rowBytes(p * HEAD_DIM);
      kernels.panelMatMul(
          query, 0, HEAD_DIM, queries, type, cache, panel, HEAD_DIM, scores, p, positions);
    }
    return scores;
  }

  /** Turns scores into probabilities; after the first call, probabilities into others. */
  @Benchmark
  public float[] softmax() {
    for (int q = 0; q < queries; q++) {
      kernels.softmax(probabilities, q * positions, positions, 0.0883f);
    }
    return probabilities;
  }

  /** Adds up the values. */
  @Benchmark
  public float[] values() {
    Arrays.fill(out, 0);
    for (int p = 0; p < positions; p += BLOCK) {
      for (int d = 0; d < HEAD_DIM; d += PANEL) {
        long panel = type.rowBytes(p * HEAD_DIM + d * BLOCK);
        kernels.panelMatMul(
            probabilities, p, positions, queries, type, cache, panel, BLOCK, out, d, HEAD_DIM);
      }
    }
    return out;
  }
}
