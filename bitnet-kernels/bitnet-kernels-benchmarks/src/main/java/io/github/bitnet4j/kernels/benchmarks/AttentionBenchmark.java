package io.github.bitnet4j.kernels.benchmarks;

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

/** The steps of attention for one head of 128 floats, on one thread. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
public class AttentionBenchmark {
  private static final int HEAD_DIM = 128;

  /** Provider of the kernels. */
  @Param({"vector", "scalar"})
  public String provider;

  /** Length of the context. */
  @Param({"128", "4096"})
  public int positions;

  private final Arena arena = Arena.ofShared();
  private final float[] query = new float[HEAD_DIM];
  private final float[] out = new float[HEAD_DIM];
  private Kernels kernels;
  private MemorySegment rows;
  private float[] scores;

  /** Makes the inputs and compares the results with those of the reference. */
  @Setup
  public void setUp() {
    Random random = new Random(1);
    rows = arena.allocate((long) positions * HEAD_DIM * Float.BYTES, 64);
    for (int i = 0; i < positions * HEAD_DIM; i++) {
      rows.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
    }
    for (int i = 0; i < HEAD_DIM; i++) {
      query[i] = (float) random.nextGaussian();
    }
    scores = new float[positions];
    kernels = Providers.kernels("scalar");
    scores();
    softmax();
    float[] expectedOut = addWeighted().clone();
    float[] expectedScores = scores.clone();
    kernels = Providers.kernels(provider);
    Arrays.fill(out, 0);
    scores();
    softmax();
    Providers.check(Arrays.equals(addWeighted(), expectedOut));
    Providers.check(Arrays.equals(scores, expectedScores));
  }

  /** Frees the rows. */
  @TearDown
  public void tearDown() {
    arena.close();
  }

  /** Scores all positions. */
  @Benchmark
  public float[] scores() {
    kernels.attentionScores(query, 0, HEAD_DIM, 0.0883f, rows, 0, HEAD_DIM, positions, scores, 0);
    return scores;
  }

  /** Turns scores into probabilities; after the first call, probabilities into others. */
  @Benchmark
  public float[] softmax() {
    kernels.softmax(scores, 0, positions);
    return scores;
  }

  /** Adds up the values. */
  @Benchmark
  public float[] addWeighted() {
    kernels.addWeighted(scores, 0, rows, 0, HEAD_DIM, positions, HEAD_DIM, out, 0);
    return out;
  }
}
