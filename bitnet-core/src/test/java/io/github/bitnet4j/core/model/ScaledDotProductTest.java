package io.github.bitnet4j.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.core.AvailableKernels;
import io.github.bitnet4j.core.TestModel;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.compute.Tracer;
import io.github.bitnet4j.core.compute.Workers;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import io.github.bitnet4j.spi.Kernels;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attention against its definition, bit by bit: a score is one chain of multiply-adds over the
 * dimensions, an output one over the positions.
 */
class ScaledDotProductTest {
  private static final long SEED = 4000;
  private static final int LAYERS = 2;

  private record Shape(int numHeads, int numKvHeads, int headDim) {
    ModelConfig config() {
      return new ModelConfig(
          "test",
          numHeads * headDim,
          8,
          LAYERS,
          numHeads,
          numKvHeads,
          headDim,
          1,
          1024,
          1e-5f,
          10_000,
          Activation.SILU,
          false,
          0,
          ScaleRule.MULTIPLY,
          true);
    }
  }

  /** Queries, keys and values of a sequence, and its cache. */
  private static final class Sequence implements AutoCloseable {
    final ModelConfig config;
    final KvCacheType type;
    final KvCache cache;
    final float[] q;
    final float[] k;
    final float[] v;

    Sequence(ModelConfig config, KvCacheType type, int length, Random random) {
      this.config = config;
      this.type = type;
      cache = new KvCache(config, 1024, type);
      q = gaussians(random, length * config.queryWidth());
      k = gaussians(random, length * config.kvWidth());
      v = gaussians(random, length * config.kvWidth());
      v[0] = 1e-6f; // a subnormal half, which is stored as 0
      v[1] = 65504;
    }

    private static float[] gaussians(Random random, int count) {
      float[] x = new float[count];
      for (int i = 0; i < count; i++) {
        x[i] = (float) random.nextGaussian();
      }
      return x;
    }

    /** Does what {@link Attention} does to a row before the scaled dot product. */
    void addRow(Activations acts, int layer, int position) {
      int row = acts.rows();
      cache.reserve(position + 1);
      acts.batch.add(0, cache, position);
      int width = config.queryWidth();
      System.arraycopy(q, position * width, acts.q, row * width, width);
      cache.put(layer, position, k, v, position * config.kvWidth());
    }

    /** Returns the attention of a position by its definition. */
    float[] expected(int position) {
      int headDim = config.headDim();
      float scale = (float) (1 / Math.sqrt(headDim));
      float[] out = new float[config.queryWidth()];
      for (int head = 0; head < config.numHeads(); head++) {
        int kv = head / (config.numHeads() / config.numKvHeads()) * headDim;
        int query = position * config.queryWidth() + head * headDim;
        float[] weights = new float[position + Kernels.PANEL]; // with the room that softmax wants
        for (int p = 0; p <= position; p++) {
          for (int d = 0; d < headDim; d++) {
            float key = stored(k[p * config.kvWidth() + kv + d]);
            weights[p] = Math.fma(q[query + d], key, weights[p]);
          }
        }
        TestModel.kernels("scalar").softmax(weights, 0, position + 1, scale);
        for (int p = 0; p <= position; p++) {
          for (int d = 0; d < headDim; d++) {
            float value = stored(v[p * config.kvWidth() + kv + d]);
            out[head * headDim + d] = Math.fma(weights[p], value, out[head * headDim + d]);
          }
        }
      }
      return out;
    }

    private float stored(float x) {
      return switch (type) {
        case F32 -> x;
        case F16 -> Math.abs(x) < 0x1p-14f ? 0 : Float.float16ToFloat(Float.floatToFloat16(x));
      };
    }

    @Override
    public void close() {
      cache.close();
    }
  }

  static Stream<Arguments> cases() {
    List<Shape> shapes =
        List.of(
            new Shape(1, 1, 2),
            new Shape(4, 1, 64),
            new Shape(3, 3, 34),
            new Shape(6, 2, 100),
            new Shape(20, 5, 128),
            new Shape(40, 1, 16));
    return shapes.stream()
        .flatMap(
            shape ->
                Stream.of(KvCacheType.values())
                    .flatMap(
                        type ->
                            AvailableKernels.names().stream()
                                .map(kernels -> Arguments.of(shape, type, kernels))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isTheDefinitionForAnyChunksAndThreads(Shape shape, KvCacheType type, String kernels) {
    int length = 210;
    ModelConfig config = shape.config();
    try (Sequence sequence = new Sequence(config, type, length, new Random(SEED))) {
      float[][] expected = new float[length][];
      for (int position = 0; position < length; position++) {
        expected[position] = sequence.expected(position);
      }
      for (int threads : new int[] {1, 2, 7}) {
        for (int chunk : new int[] {1, 5, 33, 210}) {
          try (WorkerTeam team = new WorkerTeam(threads, "test")) {
            Activations acts = activations(config, TestModel.kernels(kernels), team);
            ScaledDotProduct attention = attention(1, acts);
            for (int from = 0; from < length; from += chunk) {
              acts.reserveRows(chunk);
              for (int position = from; position < Math.min(length, from + chunk); position++) {
                sequence.addRow(acts, 1, position);
              }
              attention.forward(acts.q, acts.attended);
              String where = "%d threads, chunks of %d".formatted(threads, chunk);
              for (int row = 0; row < acts.rows(); row++) {
                assertRow(acts, row, expected[from + row], where);
              }
            }
          }
        }
      }
    }
  }

  @Test
  void rowsOfSeveralSequencesShareABatch() {
    ModelConfig config = new Shape(4, 2, 64).config();
    Random random = new Random(SEED);
    try (WorkerTeam team = new WorkerTeam(2, "test");
        Sequence first = new Sequence(config, KvCacheType.F32, 200, random);
        Sequence second = new Sequence(config, KvCacheType.F16, 200, random)) {
      Activations acts = activations(config, TestModel.kernels("vector"), team);
      ScaledDotProduct attention = attention(0, acts);
      acts.reserveRows(400);
      for (int position = 0; position < 150; position++) {
        first.addRow(acts, 0, position);
      }
      for (int position = 0; position < 190; position++) {
        second.addRow(acts, 0, position);
      }
      attention.forward(acts.q, acts.attended);
      assertRow(acts, 149, first.expected(149), "first");
      assertRow(acts, 150, second.expected(0), "second");
      acts.reserveRows(4);
      first.addRow(acts, 0, 150);
      first.addRow(acts, 0, 151);
      second.addRow(acts, 0, 190);
      second.addRow(acts, 0, 191);
      attention.forward(acts.q, acts.attended);
      assertRow(acts, 0, first.expected(150), "first");
      assertRow(acts, 1, first.expected(151), "first");
      assertRow(acts, 2, second.expected(190), "second");
      assertRow(acts, 3, second.expected(191), "second");
    }
  }

  /** What a cancelled pass has left behind, and rows of the same pass that come later. */
  @Test
  void laterPositionsDoNotMatterEvenIfTheyAreNotNumbers() {
    ModelConfig config = new Shape(4, 2, 64).config();
    for (int from : new int[] {0, 150}) {
      try (WorkerTeam team = new WorkerTeam(2, "test");
          Sequence sequence = new Sequence(config, KvCacheType.F32, 200, new Random(SEED))) {
        int firstBad = 160 * config.kvWidth();
        Arrays.fill(sequence.k, firstBad, sequence.k.length, Float.NaN);
        Arrays.fill(sequence.v, firstBad, sequence.v.length, Float.POSITIVE_INFINITY);
        Activations acts = activations(config, TestModel.kernels("vector"), team);
        acts.reserveRows(200);
        for (int position = 0; position < 200; position++) {
          sequence.addRow(acts, 0, position);
        }
        acts.reserveRows(165 - from);
        for (int position = from; position < 165; position++) {
          sequence.addRow(acts, 0, position);
        }
        attention(0, acts).forward(acts.q, acts.attended);
        assertRow(acts, 159 - from, sequence.expected(159), "the last one that is finite");
        assertThat(acts.attended[(160 - from) * config.queryWidth()]).isNaN();
      }
    }
  }

  @Test
  void halfPrecisionRefusesWhatItCannotHold() {
    ModelConfig config = new Shape(1, 1, 4).config();
    try (KvCache cache = new KvCache(config, 64, KvCacheType.F16)) {
      cache.reserve(1);
      float[] fits = {65504, -65519.99f, Float.MIN_VALUE, -0.0f};
      cache.put(0, 0, fits, fits, 0);
      for (float bad : new float[] {65520, -1e9f, Float.NEGATIVE_INFINITY, Float.NaN}) {
        float[] tooLarge = {1, 2, bad, 4};
        assertThatThrownBy(() -> cache.put(0, 0, fits, tooLarge, 0))
            .isInstanceOf(NonFiniteValueException.class)
            .hasMessageContaining("found " + bad);
      }
    }
  }

  @Test
  void allocatesNothingOnceItsBuffersHaveGrown() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ModelConfig config = new Shape(4, 2, 64).config();
    Kernels kernels = TestModel.kernels("vector");
    for (int teamSize : new int[] {1, 2}) {
      try (WorkerTeam team = new WorkerTeam(teamSize, "test");
          Sequence sequence = new Sequence(config, KvCacheType.F16, 400, new Random(SEED))) {
        Activations acts = activations(config, kernels, team);
        ScaledDotProduct attention = attention(0, acts);
        acts.reserveRows(400);
        for (int position = 0; position < 400; position++) {
          sequence.addRow(acts, 0, position);
        }
        acts.reserveRows(1);
        sequence.addRow(acts, 0, 399);
        long allocated = Long.MAX_VALUE;
        // Until the compiler has made values of vectors; it takes a few thousand calls.
        for (int attempt = 0; attempt < 200 && allocated > 0; attempt++) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int i = 0; i < 100; i++) {
            attention.forward(acts.q, acts.attended);
          }
          allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).as("bytes for 100 tokens, %d threads", teamSize).isZero();
      }
    }
  }

  private static Activations activations(ModelConfig config, Kernels kernels, WorkerTeam team) {
    return new Activations(config, new Workers(team, kernels), new Tracer());
  }

  private static ScaledDotProduct attention(int layer, Activations acts) {
    return new ScaledDotProduct(layer, AttentionTile.forThreadsAndHeads(acts), acts);
  }

  private static void assertRow(Activations acts, int row, float[] expected, String where) {
    int width = acts.config.queryWidth();
    float[] actual = Arrays.copyOfRange(acts.attended, row * width, (row + 1) * width);
    if (!Arrays.equals(actual, expected)) { // by bits
      throw new AssertionError(
          "%s, position %d, seed %d: expected %s, found %s"
              .formatted(
                  where,
                  acts.batch.position(row),
                  SEED,
                  Arrays.toString(expected),
                  Arrays.toString(actual)));
    }
  }
}
