package io.github.bitnet4j.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.core.TestModel;
import io.github.bitnet4j.core.batching.BatchRequest;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.format.ModelFiles;
import io.github.bitnet4j.core.format.Preparation;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.PassOutput.AllTokens;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelWeights;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.Kernels;
import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ColdStartTest {
  private static final int[] IDS = {1, 5, 9, 200, 31, 7, 7, 80};

  @ParameterizedTest
  @ValueSource(strings = {"b158-tied", "llama-bitlinear"})
  void kernelsBecomeWarmWhenTheyAreFasterThanPlainOnes(String name) throws Exception {
    try (Loaded loaded = new Loaded(name);
        WarmUp warmUp = loaded.warmUp(TestModel.kernels("scalar"), slow())) {
      awaitWarm(warmUp);
    }
  }

  @Test
  void slowKernelsStayColdAndClosingDoesNotWaitForThem() throws Exception {
    try (Loaded loaded = new Loaded("b158-tied")) {
      CountDownLatch rounds = new CountDownLatch(100);
      Kernels slow = kernels(slow(), rounds::countDown);
      WarmUp warmUp = loaded.warmUp(slow, TestModel.kernels("scalar"));
      rounds.await();
      warmUp.close();
      assertThat(warmUp.isWarm()).isFalse();
    }
  }

  @Test
  void kernelsThatFailStayCold() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    Kernels failing =
        kernels(
            () -> {
              failed.countDown();
              throw new IllegalStateException("broken kernels");
            });
    try (Loaded loaded = new Loaded("b158-tied");
        WarmUp warmUp = loaded.warmUp(failing, TestModel.kernels("scalar"))) {
      failed.await();
      assertThat(warmUp.isWarm()).isFalse();
    }
  }

  @Test
  void plainLoopsComputeUntilTheModelsKernelsAreWarmAndGiveTheSameBits() throws Exception {
    AtomicInteger own = new AtomicInteger();
    AtomicInteger plain = new AtomicInteger();
    Kernels vector = counting(TestModel.kernels("vector"), own);
    try (Loaded loaded = new Loaded("b158-tied");
        TestModel reference = new TestModel(Fixtures.goldenModel("b158-tied"), "vector", 1)) {
      WarmUp cold = loaded.warmUp(slow(), counting(TestModel.kernels("scalar"), plain));
      float[] expected = reference.logits(IDS);
      assertThat(loaded.logits(loaded.engine(vector, cold))).isEqualTo(expected);
      assertThat(own).hasValue(0);
      assertThat(plain.get()).isPositive();
      cold.close();

      try (WarmUp warm = loaded.warmUp(TestModel.kernels("scalar"), counting(slow(), plain))) {
        awaitWarm(warm);
        plain.set(0);
        assertThat(loaded.logits(loaded.engine(vector, warm))).isEqualTo(expected);
      }
      assertThat(plain).hasValue(0);
      assertThat(own.get()).isPositive();
    }
  }

  @Test
  void plainLoopsComputeAShortFirstPassOnlyAndGiveTheSameBits() throws Exception {
    AtomicInteger own = new AtomicInteger();
    AtomicInteger plain = new AtomicInteger();
    Kernels vector = counting(TestModel.kernels("vector"), own);
    Kernels scalar = counting(TestModel.kernels("scalar"), plain);
    try (Loaded loaded = new Loaded("b158-tied");
        TestModel reference = new TestModel(Fixtures.goldenModel("b158-tied"), "vector", 1)) {
      float[] all = reference.logits(IDS);
      float[] expected = Arrays.copyOfRange(all, all.length - all.length / IDS.length, all.length);
      InferenceEngine engine = loaded.engine(vector, new FirstPass(1 << 20, scalar));
      assertThat(loaded.lastLogits(engine, IDS.length)).isEqualTo(expected);
      assertThat(own).hasValue(0);
      assertThat(plain.get()).isPositive();

      plain.set(0);
      assertThat(loaded.lastLogits(engine, IDS.length)).isEqualTo(expected);
      assertThat(plain).hasValue(0);
      assertThat(own.get()).isPositive();
    }
  }

  @Test
  void plainLoopsComputeNoPassThatTakesThemLong() {
    ColdStart coldStart = new FirstPass((1L << 35) / 8, TestModel.kernels("scalar"));
    assertThat(coldStart.usesPlain(8, false)).isTrue();
    assertThat(coldStart.usesPlain(9, false)).isFalse();
    assertThat(coldStart.usesPlain(8, true)).isFalse();
    coldStart.passed();
    assertThat(coldStart.usesPlain(1, false)).isFalse();
  }

  @Test
  void aLongFirstPassIsTheLastOneThatPlainLoopsMightCompute() throws Exception {
    AtomicInteger plain = new AtomicInteger();
    Kernels scalar = counting(TestModel.kernels("scalar"), plain);
    try (Loaded loaded = new Loaded("b158-tied")) {
      ColdStart coldStart = new FirstPass((1L << 35) / (IDS.length - 1), scalar);
      InferenceEngine engine = loaded.engine(TestModel.kernels("vector"), coldStart);
      loaded.lastLogits(engine, IDS.length);
      loaded.lastLogits(engine, 1);
      assertThat(plain).hasValue(0);
    }
  }

  @Test
  void aFirstPassThatContinuesALongSequenceIsNotForPlainLoops() throws Exception {
    AtomicInteger plain = new AtomicInteger();
    Kernels scalar = counting(TestModel.kernels("scalar"), plain);
    try (Loaded loaded = new Loaded("b158-tied");
        KvCache cache = new KvCache(loaded.files.config(), 16, KvCacheType.F32)) {
      loaded.extend(
          loaded.engine(TestModel.kernels("vector"), ColdStart.NONE), cache, IDS.length - 1);
      ColdStart coldStart = new FirstPass((1L << 35) / (IDS.length - 1), scalar);
      InferenceEngine engine = loaded.engine(TestModel.kernels("vector"), coldStart);
      loaded.extend(engine, cache, IDS.length);
      assertThat(plain).hasValue(0);
    }
  }

  @Test
  void largeModelsDoNotWarmUpInTheBackground() throws Exception {
    Kernels kernels = TestModel.kernels("scalar");
    try (Loaded loaded = new Loaded("b158-tied")) {
      ModelConfig small = loaded.files.config();
      assertThat(small.linearWeights()).isLessThan(ColdStarts.MAX_WARM_UP_WEIGHTS);
      assertThat(ColdStarts.of(small, DenseType.BF16, true, kernels, kernels))
          .isInstanceOf(WarmUp.class);
      ModelConfig large = withLayers(small, 100_000);
      assertThat(ColdStarts.of(large, DenseType.BF16, true, kernels, kernels))
          .isInstanceOf(FirstPass.class);
    }
  }

  private static void awaitWarm(WarmUp warmUp) throws InterruptedException {
    while (!warmUp.isWarm()) { // until the time of the test is over
      Thread.sleep(5);
    }
  }

  /** Kernels that take a millisecond for everything, and compute nothing slower than that. */
  private static Kernels slow() {
    return kernels(() -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1)));
  }

  private static Kernels counting(Kernels kernels, AtomicInteger operations) {
    return kernels(kernels, operations::incrementAndGet);
  }

  private static Kernels kernels(Runnable beforeEach) {
    return kernels(TestModel.kernels("scalar"), beforeEach);
  }

  private static Kernels kernels(Kernels kernels, Runnable beforeOperations) {
    return (Kernels)
        Proxy.newProxyInstance(
            ColdStartTest.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              // these kernels' own, beside the plain ones
              boolean plainLoops = method.getName().equals("plainTernaryMatMul");
              if (method.getReturnType() == void.class && !plainLoops) {
                beforeOperations.run();
              }
              try {
                return method.invoke(kernels, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static ModelConfig withLayers(ModelConfig config, int layers) {
    return new ModelConfig(
        config.architecture(),
        config.hiddenSize(),
        config.intermediateSize(),
        layers,
        config.numHeads(),
        config.numKvHeads(),
        config.headDim(),
        config.vocabSize(),
        config.contextLength(),
        config.normEpsilon(),
        config.ropeTheta(),
        config.activation(),
        config.subNorms(),
        config.linearNormEpsilon(),
        config.scaleRule(),
        config.tiedHead());
  }

  /** The files of a model. */
  private static final class Loaded implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final WorkerTeam team = new WorkerTeam(2, "test");
    private final ModelFiles files;

    Loaded(String name) throws Exception {
      files = ModelFiles.open(Fixtures.goldenModel(name), arena, LoadOptions.defaults());
    }

    WarmUp warmUp(Kernels kernels, Kernels plain) {
      WarmUp warmUp = new WarmUp(files.config(), DenseType.BF16, true, kernels, plain);
      warmUp.start();
      return warmUp;
    }

    InferenceEngine engine(Kernels kernels, ColdStart coldStart) throws Exception {
      ModelWeights weights =
          files
              .loadWeights(
                  new Preparation(kernels, Long.MAX_VALUE, null), arena, team, (done, total) -> {})
              .weights();
      return new InferenceEngine(files.config(), weights, null, kernels, coldStart, team);
    }

    float[] logits(InferenceEngine engine) {
      float[] logits = new float[IDS.length * files.config().vocabSize()];
      try (KvCache cache = new KvCache(files.config(), 16, KvCacheType.F32)) {
        AllTokens output = new AllTokens(logits, null);
        engine.forward(new BatchRequest(cache), IDS, IDS.length, output, () -> false, length -> {});
      }
      return logits;
    }

    float[] lastLogits(InferenceEngine engine, int length) {
      try (KvCache cache = new KvCache(files.config(), 16, KvCacheType.F32)) {
        return extend(engine, cache, length);
      }
    }

    float[] extend(InferenceEngine engine, KvCache cache, int length) {
      Logits logits = new Logits(files.config().vocabSize());
      LastTokens output = new LastTokens(logits).set(LogitsRequest.ALL, 1);
      engine.forward(new BatchRequest(cache), IDS, length, output, () -> false, end -> {});
      return Arrays.copyOf(logits.values(), logits.count());
    }

    @Override
    public void close() {
      team.close();
      arena.close();
    }
  }
}
