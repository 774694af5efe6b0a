package io.github.bitnet4j.core.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.Xtc;
import io.github.bitnet4j.core.AvailableKernels;
import io.github.bitnet4j.core.TestModel;
import io.github.bitnet4j.core.compute.Tracer;
import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.compute.Workers;
import io.github.bitnet4j.core.format.DenseEncoder;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import io.github.bitnet4j.core.sampling.History;
import io.github.bitnet4j.core.sampling.TokenChooser;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.RmsNorm;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds that hold, and choices from candidates that are the choices from all logits. */
class HeadScreeningTest {
  private static final int COLUMNS = 256;

  /** More than a block, and no whole number of tiles or groups. */
  private static final int ROWS = ScreeningHead.BLOCK_ROWS + 301;

  private static final long SEED = 4;

  /** What penalties are about. */
  private static final History TEXT =
      new History(IntStream.range(0, 50).map(i -> 17 * i).toArray(), 50);

  /** Heads, as rows of floats before they are stored in some type. */
  enum Weights {
    GAUSSIAN {
      @Override
      void fill(float[][] rows, Random random) {
        for (float[] row : rows) {
          gaussian(row, 0.02f, random);
        }
      }
    },
    NORMS_OF_ALL_MAGNITUDES {
      @Override
      void fill(float[][] rows, Random random) {
        for (float[] row : rows) {
          gaussian(row, (float) Math.pow(10, random.nextInt(-44, 5)), random);
        }
      }
    },
    ZERO_ROWS_AND_SINGLE_WEIGHTS {
      @Override
      void fill(float[][] rows, Random random) {
        for (int row = 0; row < rows.length; row += 3) {
          rows[row][random.nextInt(COLUMNS)] = (float) random.nextGaussian();
        }
      }
    },
    OUTLIERS_IN_EVERY_ROW {
      @Override
      void fill(float[][] rows, Random random) {
        for (float[] row : rows) {
          gaussian(row, 0.02f, random);
          row[random.nextInt(COLUMNS)] *= 300;
        }
      }
    },
    EQUAL_ROWS {
      @Override
      void fill(float[][] rows, Random random) {
        gaussian(rows[0], 0.02f, random);
        for (int row = 1; row < rows.length; row++) {
          rows[row] = rows[0].clone();
        }
      }
    },
    ROWS_THAT_DIFFER_IN_THE_LAST_BIT {
      @Override
      void fill(float[][] rows, Random random) {
        gaussian(rows[0], 0.02f, random);
        for (int row = 1; row < rows.length; row++) {
          rows[row] = rows[0].clone();
          int column = random.nextInt(COLUMNS);
          rows[row][column] = Math.nextUp(rows[row][column]);
        }
      }
    },
    A_FEW_ROWS_REPEATED {
      @Override
      void fill(float[][] rows, Random random) {
        for (int row = 0; row < rows.length; row++) {
          if (row < 7) {
            gaussian(rows[row], 0.02f, random);
          } else {
            rows[row] = rows[random.nextInt(7)].clone();
          }
        }
      }
    };

    abstract void fill(float[][] rows, Random random);

    float[][] rows() {
      float[][] rows = new float[ROWS][COLUMNS];
      fill(rows, new Random(SEED + ordinal()));
      return rows;
    }
  }

  static void gaussian(float[] row, float scale, Random random) {
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) random.nextGaussian() * scale;
    }
  }

  /** Returns hidden states of all kinds. */
  private static List<float[]> states(float[][] rows) {
    Random random = new Random(SEED);
    List<float[]> states = new ArrayList<>();
    for (float scale : new float[] {1, 1e-30f, 1e-42f, 1e20f}) {
      states.add(state(scale, 0, 0, random));
    }
    states.add(state(1, 10, 10, random));
    states.add(state(1, 100, 3, random));
    states.add(state(1, 30, 200, random));
    float[] single = new float[COLUMNS];
    single[77] = -3;
    states.add(single);
    float[] equal = new float[COLUMNS];
    Arrays.fill(equal, -0.25f);
    states.add(equal);
    for (int row : new int[] {0, 3, ROWS - 1}) {
      states.add(rows[row].clone()); // the row's own logit stands out
      states.add(quantizationError(rows[row])); // the bound's worst case
    }
    return states;
  }

  private static float[] state(float scale, float outlier, int outliers, Random random) {
    float[] x = new float[COLUMNS];
    gaussian(x, scale, random);
    for (int i = 0; i < outliers; i++) {
      x[random.nextInt(COLUMNS)] *= outlier;
    }
    return x;
  }

  private static float[] quantizationError(float[] row) {
    byte[] q = new byte[COLUMNS];
    float scale = 1 / TestModel.kernels("scalar").quantize(row, 0, COLUMNS, q, 0);
    float[] error = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      error[i] = row[i] - scale * q[i];
    }
    return error;
  }

  private static List<GenerationConfig> settings() {
    GenerationConfig.Builder builder = GenerationConfig.builder().seed(1);
    return List.of(
        builder.build(),
        builder.temperature(0.8f).topK(1).build(),
        builder.topK(40).build(),
        builder.topK(40).topP(0.9f).build(),
        builder.topK(ROWS / 4).build(),
        builder.topK(ROWS / 4 + 1).build(),
        builder.topK(ROWS + 1).build(),
        builder.topK(0).topP(1e-6f).build(),
        builder.topP(0.5f).build(),
        builder.topP(0.9f).build(),
        builder.topP(0.999f).build(),
        builder.temperature(0.05f).topP(0.9f).build(),
        builder.temperature(20).topP(0.9f).build(),
        builder.temperature(1).topP(1).build(),
        builder.minP(0.5f).build(),
        builder.minP(0.001f).build(),
        builder.temperature(0.05f).minP(1e-30f).build(),
        builder.temperature(20).minP(0.9f).build(),
        builder.temperature(1).minP(1).build(),
        GenerationConfig.builder().penalties(new Penalties(1.5f, 0.1f, 0.1f, 40)).build(),
        GenerationConfig.builder()
            .penalties(new Penalties(1.5f, 1, 0, 40))
            .logitBias(7, -100)
            .logitBias(8, -0.5f)
            .temperature(1)
            .topK(5)
            .topP(0.9f)
            .xtc(new Xtc(0.5f, 0.1f))
            .build(),
        builder.sampler((logits, random) -> random.nextInt(logits.length)).build());
  }

  @ParameterizedTest
  @EnumSource
  void boundsHold(Weights weights) {
    float[][] rows = weights.rows();
    for (String kernels : AvailableKernels.names()) {
      for (DenseType type : List.of(DenseType.F32, DenseType.BF16, DenseType.Q8_0)) {
        try (Head head = new Head(matrix(type, rows), TestModel.kernels(kernels), 2)) {
          for (float[] x : states(rows)) {
            head.checkBounds(x, weights + ", " + type);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void boundsHoldForEveryType(DenseType type) {
    try (Head head = new Head(anyMatrix(type), TestModel.kernels("vector"), 1)) {
      Random random = new Random(SEED);
      head.checkBounds(state(1, 0, 0, random), type.name());
      head.checkBounds(state(1, 50, 5, random), type.name());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 63, 65, 300, 2560})
  void boundsHoldForEveryNumberOfColumns(int columns) {
    Random random = new Random(SEED);
    float[][] rows = new float[50][columns];
    float[] x = new float[columns];
    for (int repetition = 0; repetition < 5; repetition++) {
      for (float[] row : rows) {
        gaussian(row, 1, random);
      }
      gaussian(x, 1, random);
      try (Head head = new Head(matrix(DenseType.F32, rows), TestModel.kernels("vector"), 1)) {
        head.checkBounds(x, columns + " columns");
      }
    }
  }

  /** A bound that is not tight is true but worth nothing. */
  @Test
  void boundsAreCloseEnoughToLeaveFewCandidates() {
    float[][] rows = Weights.GAUSSIAN.rows();
    Random random = new Random(SEED);
    for (float[] x : List.of(state(1, 0, 0, random), state(1, 100, 5, random))) {
      for (int i = 0; i < COLUMNS; i++) { // a token that the model is sure of
        rows[123][i] += 0.01f * x[i] / (float) Math.sqrt(norm(x) / COLUMNS);
      }
      try (Head head = new Head(matrix(DenseType.BF16, rows), TestModel.kernels("vector"), 1)) {
        for (int tokens : List.of(1, 3)) {
          Logits logits = head.screened(x, new LogitsRequest.TopK(1), tokens);
          assertThat(logits.isComplete()).isFalse();
          assertThat(logits.count()).isLessThan(20);
        }
      }
    }
  }

  private static double norm(float[] x) {
    double squares = 0;
    for (float xi : x) {
      squares += xi * xi;
    }
    return squares;
  }

  static Stream<Weights> weights() {
    return Arrays.stream(Weights.values());
  }

  @ParameterizedTest
  @MethodSource("weights")
  void everySettingChoosesTheSameTokens(Weights weights) {
    float[][] rows = weights.rows();
    for (DenseType type : List.of(DenseType.F32, DenseType.BF16)) {
      try (Head head = new Head(matrix(type, rows), TestModel.kernels("vector"), 2)) {
        List<float[]> states = states(rows);
        for (int i = 0; i < states.size(); i++) {
          float[] x = scaled(states.get(i), i % 2 == 0 ? 1 : 10);
          head.checkChoices(List.of(x), weights + ", " + type);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeChoosesTheSameTokens(DenseType type) {
    Random random = new Random(SEED);
    try (Head head = new Head(anyMatrix(type), TestModel.kernels("vector"), 1)) {
      head.checkChoices(List.of(state(0.1f, 10, 3, random)), type.name());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void severalRowsOnAnyThreadsChooseTheSameTokens(int threads) {
    float[][] rows = Weights.GAUSSIAN.rows();
    Random random = new Random(SEED);
    for (String kernels : AvailableKernels.names()) {
      try (Head head =
          new Head(matrix(DenseType.BF16, rows), TestModel.kernels(kernels), threads)) {
        for (int count = 1; count <= HeadScreening.MAX_TOKENS + 1; count++) {
          List<float[]> states = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            states.add(state(10, i, i, random));
          }
          if (count > 2) {
            states.set(1, new float[COLUMNS]); // has no bounds, its neighbours do
          }
          head.checkChoices(states, count + " rows");
        }
      }
    }
  }

  @Test
  void computesAllLogitsIfTheInputIsNotFiniteOrLogitsMayOverflow() {
    float[][] rows = Weights.GAUSSIAN.rows();
    try (Head head = new Head(matrix(DenseType.F32, rows), TestModel.kernels("vector"), 1)) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, 3e38f}) {
        float[] x = new float[COLUMNS];
        x[100] = bad;
        for (int tokens : List.of(1, 3)) {
          Logits logits = head.screened(x, new LogitsRequest.TopK(1), tokens);
          assertThat(logits.isComplete()).isTrue();
          if (!Float.isFinite(bad)) {
            assertThatThrownBy(
                    () ->
                        new TokenChooser(GenerationConfig.defaults(), 1, id -> false)
                            .choose(logits, TEXT))
                .isInstanceOf(NonFiniteValueException.class);
          }
        }
      }
    }
    rows[5][5] = 1e38f;
    rows[5][6] = -1e38f;
    try (Head head = new Head(matrix(DenseType.F32, rows), TestModel.kernels("vector"), 1)) {
      float[] x = new float[COLUMNS];
      x[5] = 1;
      assertThat(head.screened(x, new LogitsRequest.TopK(1), 1).isComplete()).isTrue();
      assertThat(head.screened(x, new LogitsRequest.TopK(1), 3).isComplete()).isTrue();
    }
  }

  /** Bounds that decide nothing cost time: they are tried after 2, 4, 8 and so on passes. */
  @Test
  void aNucleusOfManyTokensIsTriedMoreAndMoreSeldom() {
    float[][] rows = Weights.GAUSSIAN.rows();
    AtomicInteger products = new AtomicInteger();
    Kernels kernels = counting(TestModel.kernels("vector"), "int8Products", products);
    try (Head head = new Head(matrix(DenseType.F32, rows), kernels, 1)) {
      List<Boolean> tried = new ArrayList<>();
      Arrays.fill(head.x, 0, COLUMNS, 0.01f); // nearly all tokens are as likely
      Logits logits = new Logits(ROWS);
      for (int pass = 0; pass < 16; pass++) {
        products.set(0);
        head.computeFirst(new LogitsRequest.Nucleus(1, 0.9f), logits);
        assertThat(logits.isComplete()).isTrue();
        tried.add(products.get() > 0);
      }
      assertThat(IntStream.range(0, 16).filter(tried::get)).containsExactly(0, 3, 8);
      products.set(0);
      head.computeFirst(new LogitsRequest.TopK(1), logits);
      assertThat(products).as("other needs are not concerned").hasPositiveValue();
    }
  }

  /** So that nobody waits for the copy before the first token. */
  @Test
  void theFirstChoiceDoesWithoutTheCopyThatIsThenMade() {
    float[][] rows = Weights.GAUSSIAN.rows();
    AtomicInteger products = new AtomicInteger();
    Kernels kernels = counting(TestModel.kernels("vector"), "int8Products", products);
    try (Head head = new Head(matrix(DenseType.F32, rows), kernels, 2)) {
      System.arraycopy(rows[77], 0, head.x, 0, COLUMNS);
      ScreeningHead copy = new ScreeningHead(head.matrix, head.arena);
      RmsNorm none = new RmsNorm(Head.ones(COLUMNS), 0);
      LmHead lmHead = new LmHead(none, head.matrix, copy, head.workers, new Tracer());
      Logits all = new Logits(ROWS);
      compute(lmHead, head.x, LogitsRequest.ALL, all);
      assertThat(lmHead.completeCopy(() -> false)).isTrue();
      assertThat(copy.isComplete()).as("nobody has missed it").isFalse();

      Logits first = new Logits(ROWS);
      compute(lmHead, head.x, new LogitsRequest.TopK(1), first);
      assertThat(first.isComplete()).isTrue();
      assertThat(lmHead.completeCopy(() -> true)).as("cancelled").isFalse();
      assertThat(copy.isComplete()).isFalse();
      assertThat(products).hasValue(0);

      assertThat(lmHead.completeCopy(() -> false)).isTrue();
      assertThat(copy.isComplete()).isTrue();
      Logits second = new Logits(ROWS);
      compute(lmHead, head.x, new LogitsRequest.TopK(1), second);
      assertThat(products).hasPositiveValue();
      assertThat(second.isComplete()).isFalse();
      for (int i = 0; i < second.count(); i++) {
        assertThat(second.values()[i]).isEqualTo(first.values()[second.id(i)]);
      }
      assertThat(Arrays.copyOf(second.ids(), second.count())).contains(77);
    }
  }

  private static void compute(LmHead lmHead, float[] x, LogitsRequest need, Logits logits) {
    lmHead.request(x, 1, new LastTokens(logits).set(need, 1));
    lmHead.forward();
  }

  /** Returns kernels whose calls of a method are counted. */
  private static Kernels counting(Kernels kernels, String method, AtomicInteger calls) {
    InvocationHandler counter =
        (proxy, called, arguments) -> {
          if (called.getName().equals(method)) {
            calls.incrementAndGet();
          }
          return called.invoke(kernels, arguments);
        };
    Class<?>[] type = {Kernels.class};
    return (Kernels) Proxy.newProxyInstance(Kernels.class.getClassLoader(), type, counter);
  }

  /** A head of tiny weights has tiny logits, but the int8 copy's products are large. */
  @Test
  void computesAllLogitsIfProductsWithTheCopyMayOverflow() {
    float[][] rows = new float[ROWS][COLUMNS];
    for (float[] row : rows) {
      gaussian(row, 1e-30f, new Random(SEED));
    }
    float[] x = new float[COLUMNS];
    Arrays.fill(x, 1e36f);
    try (Head head = new Head(matrix(DenseType.F32, rows), TestModel.kernels("vector"), 1)) {
      assertThat(head.screened(x, new LogitsRequest.TopK(1), 3).isComplete()).isTrue();
    }
  }

  private static float[] scaled(float[] x, float factor) {
    float[] scaled = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      scaled[i] = x[i] * factor;
    }
    return scaled;
  }

  /** Stores rows in a type; magnitudes that it cannot hold are made smaller. */
  private static DenseMatrix matrix(DenseType type, float[][] rows) {
    int columns = rows[0].length;
    DenseEncoder encoder = new DenseEncoder(type, columns);
    MemorySegment data = Arena.ofAuto().allocate(rows.length * type.rowBytes(columns));
    for (int row = 0; row < rows.length; row++) {
      byte[] encoded = encoder.encode(rows[row]);
      MemorySegment.copy(
          encoded, 0, data, ValueLayout.JAVA_BYTE, row * type.rowBytes(columns), encoded.length);
    }
    return new DenseMatrix("head", type, rows.length, columns, data);
  }

  /** Returns a matrix of random bytes whose scales are finite. */
  private static DenseMatrix anyMatrix(DenseType type) {
    if (type.blockSize() == 1) {
      return matrix(type, Weights.GAUSSIAN.rows());
    }
    Random random = new Random(SEED);
    byte[] data = new byte[(int) (ROWS * type.rowBytes(COLUMNS))];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) random.nextInt(0x30);
    }
    return new DenseMatrix("head", type, ROWS, COLUMNS, MemorySegment.ofArray(data));
  }

  /** A head with and without its int8 copy. */
  private static final class Head implements AutoCloseable {
    final DenseMatrix matrix;
    final WorkerTeam team;
    final Arena arena = Arena.ofShared();
    final Workers workers;
    final ScreeningHead screeningHead;
    final HeadScreening screening;
    final LmHead full;
    final LmHead screened;

    /** The residual stream of some rows. */
    final float[] x;

    Head(DenseMatrix matrix, Kernels kernels, int threads) {
      this.matrix = matrix;
      team = new WorkerTeam(threads, "test");
      workers = new Workers(team, kernels);
      x = new float[(HeadScreening.MAX_TOKENS + 1) * matrix.columns()];
      screeningHead = new ScreeningHead(matrix, arena);
      screeningHead.complete(team, () -> false);
      screening = new HeadScreening(matrix, screeningHead, workers);
      RmsNorm none = new RmsNorm(ones(matrix.columns()), 0);
      full = new LmHead(none, matrix, null, workers, new Tracer());
      screened = new LmHead(none, matrix, screeningHead, workers, new Tracer());
    }

    private static float[] ones(int length) {
      float[] ones = new float[length];
      Arrays.fill(ones, 1);
      return ones;
    }

    void checkBounds(float[] x, String description) {
      WorkerKernels kernels = workers.kernels(0);
      float[] exact = new float[matrix.rows()];
      workers
          .kernels(0)
          .dense()
          .denseMatMul(matrix, x, 1, exact, 0, matrix.rows(), workers.kernels(0).scratch());
      QuantizedHiddenState input = new QuantizedHiddenState(screeningHead.lines());
      float[] lower = new float[matrix.rows()];
      float[] upper = new float[matrix.rows()];
      if (input.quantize(x, 0, matrix.columns(), screeningHead.maxNorm())) {
        int[][] sums = new int[2][64];
        for (int from = 0; from < matrix.rows(); from += 64) {
          int to = Math.min(matrix.rows(), from + 64);
          screeningHead.bound(kernels, input, from, to, sums, lower, upper, 0);
        }
        checkBounds(exact, lower, upper, description + ", quantized");
      }
      if (input.take(x, 0, matrix.columns(), screeningHead.maxNorm())) {
        float[] sums = new float[64];
        for (int from = 0; from < matrix.rows(); from += 64) {
          int to = Math.min(matrix.rows(), from + 64);
          screeningHead.multiply(kernels, x, 0, 1, from, to, sums);
          screeningHead.bound(input, from, to, sums, 0, lower, upper, 0);
        }
        checkBounds(exact, lower, upper, description + ", as it is");
      }
    }

    private static void checkBounds(
        float[] exact, float[] lower, float[] upper, String description) {
      for (int row = 0; row < exact.length; row++) {
        assertThat(exact[row])
            .as("%s, row %d, seed %d", description, row, SEED)
            .isBetween(lower[row], upper[row]);
      }
    }

    /** Screens a hidden state that is not normalized, alone or as the last of several. */
    Logits screened(float[] x, LogitsRequest need, int tokens) {
      float[] states = new float[tokens * x.length];
      for (int t = 0; t < tokens; t++) {
        System.arraycopy(x, 0, states, t * x.length, x.length);
      }
      Logits logits = new Logits(matrix.rows());
      screening.bound(states, 0, tokens);
      if (!screening.findCandidates(tokens - 1, need, logits)) {
        workers
            .kernels(0)
            .dense()
            .denseMatMul(
                matrix, x, 1, logits.fillAll(), 0, matrix.rows(), workers.kernels(0).scratch());
      }
      return logits;
    }

    private void compute(LmHead head, LogitsRequest need, Logits[] out) {
      head.request(x, out.length, new LastTokens(out).set(need, out.length));
      head.forward();
    }

    /** Computes logits of the first row as a pass of a model does. */
    void computeFirst(LogitsRequest need, Logits out) {
      screened.request(x, 1, new LastTokens(out).set(need, 1));
      screened.forward();
    }

    /** Chooses tokens after hidden states, both as they are and normalized. */
    void checkChoices(List<float[]> states, String description) {
      int count = states.size();
      for (int row = 0; row < count; row++) {
        System.arraycopy(states.get(row), 0, x, row * matrix.columns(), matrix.columns());
      }
      Logits[] expected = buffers(count);
      Logits[] actual = buffers(count);
      for (GenerationConfig config : settings()) {
        LogitsRequest need = new TokenChooser(config, 0, id -> false).need();
        compute(full, need, expected);
        compute(screened, need, actual);
        for (int row = 0; row < count; row++) {
          String where = "%s, %s, row %d, seed %d".formatted(description, config, row, SEED);
          checkChoice(config, actual[row], expected[row], where);
        }
        float[] state = states.getFirst();
        for (int tokens : List.of(1, 3)) {
          float[] all = expected[0].fillAll(); // a choice may change them
          workers
              .kernels(0)
              .dense()
              .denseMatMul(matrix, state, 1, all, 0, matrix.rows(), workers.kernels(0).scratch());
          String where = "%s as it is, %d rows, %s".formatted(description, tokens, config);
          checkChoice(config, screened(state, need, tokens), expected[0], where);
        }
      }
    }

    private Logits[] buffers(int count) {
      return Stream.generate(() -> new Logits(matrix.rows())).limit(count).toArray(Logits[]::new);
    }

    private void checkChoice(
        GenerationConfig config, Logits actual, Logits expected, String description) {
      assertThat(expected.isComplete()).isTrue();
      if (!isFinite(expected)) {
        assertThat(actual.isComplete()).as(description).isTrue();
        return;
      }
      for (int i = 0; i < actual.count(); i++) {
        assertThat(Float.floatToRawIntBits(actual.values()[i]))
            .as("%s, token %d", description, actual.id(i))
            .isEqualTo(Float.floatToRawIntBits(expected.values()[actual.id(i)]));
      }
      for (long seed = 0; seed < 2; seed++) {
        TokenChooser chooser = new TokenChooser(config, seed, id -> false);
        TokenChooser reference = new TokenChooser(config, seed, id -> false);
        for (int draw = 0; draw < 2; draw++) {
          assertThat(chooser.choose(actual, TEXT))
              .as(description)
              .isEqualTo(reference.choose(expected, TEXT));
        }
      }
    }

    private static boolean isFinite(Logits logits) {
      for (float value : logits.values()) {
        if (!Float.isFinite(value)) {
          return false;
        }
      }
      return true;
    }

    @Override
    public void close() {
      team.close();
      arena.close();
    }
  }
}
