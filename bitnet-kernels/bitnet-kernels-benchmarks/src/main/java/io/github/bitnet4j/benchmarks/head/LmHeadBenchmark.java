package io.github.bitnet4j.benchmarks.head;

import io.github.bitnet4j.core.compute.Tracer;
import io.github.bitnet4j.core.compute.Workers;
import io.github.bitnet4j.core.head.LmHead;
import io.github.bitnet4j.core.head.ScreeningHead;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.RmsNorm;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
 * The LM head of the 2B-4T shape, 128256 x 2560, screened and in full. Sixty rows are aligned with
 * the hidden state, as the likely tokens of a model are; all others are random.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 3, jvmArgsPrepend = "--add-modules=jdk.incubator.vector")
public class LmHeadBenchmark {
  private static final int ROWS = 128_256;
  private static final int COLUMNS = 2560;

  /** Name of the kernels. */
  @Param({"vector"})
  public String provider;

  /** How weights are stored. */
  @Param({"BF16", "F16"})
  public DenseType type;

  /** Threads that compute. */
  @Param({"1", "2"})
  public int threads;

  /** Hidden states of one pass. */
  @Param({"1", "4", "8"})
  public int tokens;

  private final Arena arena = Arena.ofShared();
  private WorkerTeam team;
  private LmHead full;
  private LmHead screened;
  private Logits[] logits;
  private LastTokens output;

  /** The residual stream, {@code [tokens x COLUMNS]}. */
  private float[] x;

  /** Makes the head and compares what is screened with what is not. */
  @Setup
  public void setUp() {
    Kernels kernels =
        ServiceLoader.load(KernelProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(p -> p.name().equals(provider) && p.unavailableReason().isEmpty())
            .findFirst()
            .orElseThrow()
            .kernels();
    team = new WorkerTeam(threads, "benchmark");
    Workers workers = new Workers(team, kernels);
    x = new float[tokens * COLUMNS];
    Random random = new Random(7);
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    DenseMatrix head = head(x);
    ScreeningHead screeningHead = new ScreeningHead(head, arena);
    screeningHead.complete(team, () -> false);
    float[] ones = new float[COLUMNS];
    Arrays.fill(ones, 1);
    RmsNorm norm = new RmsNorm(ones, 1e-5f);
    full = new LmHead(norm, head, null, workers, new Tracer());
    screened = new LmHead(norm, head, screeningHead, workers, new Tracer());
    logits = Stream.generate(() -> new Logits(ROWS)).limit(tokens).toArray(Logits[]::new);
    output = new LastTokens(logits);
    int expected = best(all()[0]);
    if (best(greedy()[0]) != expected || best(top40()[0]) != expected) {
      throw new IllegalStateException("wrong result");
    }
  }

  private DenseMatrix head(float[] x) {
    MemorySegment data = arena.allocate((long) ROWS * COLUMNS * type.blockBytes(), 64);
    ValueLayout.OfShort layout = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    team.run(
        ROWS,
        1,
        (from, to, worker) -> {
          SplittableRandom random = new SplittableRandom(from);
          for (int row = from; row < to; row++) {
            float aligned = row % (ROWS / 60) == 0 ? 0.2f : 0;
            for (int c = 0; c < COLUMNS; c++) {
              float w = 0.02f * ((float) random.nextGaussian() + aligned * x[c]);
              short bits =
                  type == DenseType.F16
                      ? Float.floatToFloat16(w)
                      : (short) (Float.floatToRawIntBits(w) >>> 16);
              data.set(layout, ((long) row * COLUMNS + c) * 2, bits);
            }
          }
        });
    return new DenseMatrix("head", type, ROWS, COLUMNS, data);
  }

  private static int best(Logits logits) {
    int best = 0;
    for (int i = 1; i < logits.count(); i++) {
      if (logits.values()[i] > logits.values()[best]) {
        best = i;
      }
    }
    return logits.id(best);
  }

  /** Stops the threads and frees the head. */
  @TearDown
  public void tearDown() {
    team.close();
    arena.close();
  }

  /** The largest logit. */
  @Benchmark
  public Logits[] greedy() {
    return compute(screened, new LogitsRequest.TopK(1));
  }

  /** The 40 largest. */
  @Benchmark
  public Logits[] top40() {
    return compute(screened, new LogitsRequest.TopK(40));
  }

  /** A nucleus of nine tenths. */
  @Benchmark
  public Logits[] topP() {
    return compute(screened, new LogitsRequest.Nucleus(0.7f, 0.9f));
  }

  /** All logits. */
  @Benchmark
  public Logits[] all() {
    return compute(full, LogitsRequest.ALL);
  }

  private Logits[] compute(LmHead head, LogitsRequest need) {
    head.request(x, tokens, output.set(need, tokens));
    head.forward();
    return logits;
  }
}
