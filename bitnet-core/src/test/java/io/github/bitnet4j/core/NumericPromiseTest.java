package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Mirostat;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.Xtc;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The promise: the same model file and ids give the same logits, bit for bit, whatever computes
 * them. Widths of vectors are compared through the scalar kernels, in JVMs of their own (see {@link
 * ForcedVectorWidth}), machines and JVMs through digests.
 */
class NumericPromiseTest {
  private static final int[] CHUNKS = {Integer.MAX_VALUE, 65, 64, 7, 1};
  private static final long IDS_SEED = 20261125;

  /** The models, with digests of their logits. */
  enum Subject {
    B158_TIED(
        Fixtures.goldenModel("b158-tied"),
        "0905a64afb0f8fea35a0553664e195c8c8c40c0317a3918c5a70d17bb291fe2e"),
    B158_UNTIED_SHARDED(
        Fixtures.goldenModel("b158-untied-sharded"),
        "83aea292ae3502175e5497151f46ebb3064cd801451f87a7f54d8e470d0fb2bf"),
    LLAMA_BITLINEAR(
        Fixtures.goldenModel("llama-bitlinear"),
        "cbc47da322715eb15da6422ab396c752d74dcfd077f9cc990c47fb7addbd82f9"),
    DEMO(Fixtures.DEMO_MODEL, "2968b794be0f3eb25d3be5a6a9a8158bc15d079f98e3c8d80b84c888091fc1fb");

    final Path directory;

    /** SHA-256 of the bits of the logits of {@link #ids}, little-endian. */
    final String digest;

    Subject(Path directory, String digest) {
      this.directory = directory;
      this.digest = digest;
    }

    /** Returns ids for most of the smallest context, and for more than one block of the cache. */
    static int[] ids(TestModel model) {
      return Fixtures.randomIds(IDS_SEED, 120, model.config().vocabSize());
    }
  }

  /** What computes: some kernels on some threads. */
  private record Setup(String kernels, int threads) {}

  /** Returns setups; of the vector kernels only in a JVM that was started for their width. */
  private static List<Setup> setups(int... threads) {
    Stream<String> kernels =
        ForcedVectorWidth.expected().isPresent()
            ? Stream.of("vector")
            : AvailableKernels.names().stream();
    return kernels
        .flatMap(name -> Arrays.stream(threads).mapToObj(count -> new Setup(name, count)))
        .toList();
  }

  @BeforeAll
  static void checkVectorWidth() {
    ForcedVectorWidth.assumeThisMachineHasIt();
  }

  @Test
  void usesVectorsOfTheWidthThisJvmWasStartedFor() throws IOException {
    OptionalInt expected = ForcedVectorWidth.expected();
    try (Model model = load(Subject.B158_TIED.directory, new Setup("vector", 1))) {
      if (expected.isPresent()) {
        assertThat(model.info().vectorBits()).isEqualTo(expected.getAsInt());
      } else {
        assertThat(model.info().vectorBits()).isIn(128, 256, 512);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void logitsDoNotDependOnKernelsThreadsOrChunks(Subject subject) throws IOException {
    compareAll(subject, KvCacheType.F32, setups(1, 2, 3, 7), CHUNKS);
  }

  @ParameterizedTest
  @EnumSource
  void norDoTheyWithACacheOfHalfPrecision(Subject subject) throws IOException {
    compareAll(subject, KvCacheType.F16, setups(1, 3), 65, 7, 1);
  }

  private static void compareAll(
      Subject subject, KvCacheType cacheType, List<Setup> setups, int... chunks)
      throws IOException {
    float[] expected;
    try (TestModel model = new TestModel(subject.directory, "scalar", 1)) {
      int[] ids = Subject.ids(model);
      expected = model.logits(ids, ids.length, cacheType);
    }
    for (Setup setup : setups) {
      try (TestModel model = new TestModel(subject.directory, setup.kernels, setup.threads)) {
        int[] ids = Subject.ids(model);
        for (int chunk : chunks) {
          assertSameBits(
              model.logits(ids, Math.min(chunk, ids.length), cacheType),
              expected,
              "%s, chunks of %d".formatted(setup, chunk));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void logitsAreTheSameOnEveryMachine(Subject subject) throws Exception {
    for (Setup setup : setups(2)) {
      try (TestModel model = new TestModel(subject.directory, setup.kernels, setup.threads)) {
        assertThat(sha256(model.logits(Subject.ids(model))))
            .as("%s, ids of seed %d", setup, IDS_SEED)
            .isEqualTo(subject.digest);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSessionsForwardPassGivesTheLastLogits(Subject subject) throws IOException {
    try (TestModel model = new TestModel(subject.directory, "vector", 2)) {
      // Where the context allows it, more rows than one pass takes.
      int length = Math.min(model.config().contextLength(), 300);
      int vocabSize = model.config().vocabSize();
      int[] ids = Fixtures.randomIds(IDS_SEED, length, vocabSize);
      float[] all = model.logits(ids);
      for (int end : new int[] {1, 64, 100, length}) {
        Logits last = new Logits(vocabSize);
        try (KvCache cache = model.newCache()) {
          model.forward(ids, end, cache, LogitsRequest.ALL, last);
        }
        assertSameBits(
            last.values(),
            Arrays.copyOfRange(all, (end - 1) * vocabSize, end * vocabSize),
            "end " + end);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void sessionsThatTakeTurnsDoNotDisturbEachOther(Subject subject) throws IOException {
    for (Setup setup : setups(2)) {
      try (TestModel model = new TestModel(subject.directory, setup.kernels, setup.threads);
          KvCache firstCache = model.newCache();
          KvCache secondCache = model.newCache()) {
        int vocabSize = model.config().vocabSize();
        int[] firstIds = Fixtures.randomIds(IDS_SEED, 100, vocabSize);
        int[] secondIds = Fixtures.randomIds(IDS_SEED + 1, 100, vocabSize);
        float[] first = new float[100 * vocabSize];
        float[] second = new float[100 * vocabSize];
        for (int end = 5; end <= 100; end += 5) {
          model.append(firstIds, end, firstCache, first);
          model.append(secondIds, end, secondCache, second);
        }
        assertSameBits(first, model.logits(firstIds), setup + ", first session");
        assertSameBits(second, model.logits(secondIds), setup + ", second session");
      }
    }
  }

  /** A story, and ids of more than one pass. */
  @Test
  void perplexitiesAreTheSameBitsEverywhere() throws IOException {
    String story = Files.readString(Fixtures.path("demo/eval.txt")).split("\n\n")[0];
    for (Setup setup : setups(1, 2, 3)) {
      try (Model model = load(Fixtures.DEMO_MODEL, setup);
          Session session = model.newSession()) {
        assertThat(Double.toHexString(session.score(story).perplexity()))
            .as("%s", setup)
            .isEqualTo("0x1.a6dd600953e74p2");
        int[] ids = Fixtures.randomIds(IDS_SEED, 300, model.info().vocabSize());
        assertThat(Double.toHexString(session.score(ids).perplexity()))
            .as("%s, ids of seed %d", setup, IDS_SEED)
            .isEqualTo("0x1.2197889d6aabcp19");
      }
    }
  }

  @Test
  void aSeedGivesTheSameTextWhateverComputesIt() throws IOException {
    GenerationConfig config =
        GenerationConfig.builder()
            .maxTokens(60)
            .temperature(0.8f)
            .topK(50)
            .topP(0.95f)
            .seed(42)
            .ignoreStopTokens(true)
            .build();
    for (Setup setup : setups(1, 3)) {
      try (Model model = load(Fixtures.DEMO_MODEL, setup);
          Session session = model.newSession()) {
        assertThat(session.generate("Once upon a time", config).text())
            .as("%s", setup)
            .isEqualTo(
                ", there was a little boy named Timmy. Timmy loved to play with his toys and eat"
                    + " candy. One day, Timmy's mom said to him, \"Let's have a picnic, Timmy.\"\n"
                    + "Timmy was very excited and started to play outside. He saw a big rock on"
                    + " the table.");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"b158-tied", "b158-untied-sharded", "llama-bitlinear"})
  void aSeedGivesTheSameIdsWhateverComputesThem(String folder) throws IOException {
    int[] prompt = {3, 1, 4, 1, 5};
    List<GenerationConfig> configs =
        Stream.of(
                GenerationConfig.builder().temperature(0.8f),
                GenerationConfig.builder().temperature(0.8f).topK(20),
                GenerationConfig.builder().temperature(0.8f).topP(0.9f),
                GenerationConfig.builder().temperature(0.8f).topK(20).topP(0.9f),
                GenerationConfig.builder().temperature(0.9f).minP(0.05f).topNSigma(2),
                GenerationConfig.builder().temperature(1.2f).mirostat(new Mirostat(3, 0.1f)),
                GenerationConfig.builder()
                    .penalties(new Penalties(1.1f, 0.2f, 0.1f, 32))
                    .dry(Dry.none().withMultiplier(0.5f).withSequenceBreakers())
                    .temperature(1.1f)
                    .topNSigma(3)
                    .topK(60)
                    .typicalP(0.95f)
                    .topP(0.95f)
                    .xtc(new Xtc(0.3f, 0.05f))
                    .logitBias(5, 1.5f)
                    .bannedIds(9, 10))
            .map(b -> b.maxTokens(50).seed(7).ignoreStopTokens(true).build())
            .toList();
    List<int[]> expected = generate(folder, new Setup("scalar", 1), prompt, configs);
    for (Setup setup : setups(2, 7)) {
      assertThat(generate(folder, setup, prompt, configs))
          .as("%s, settings %s", setup, configs)
          .usingElementComparator(Arrays::compare)
          .isEqualTo(expected);
    }
  }

  private static List<int[]> generate(
      String folder, Setup setup, int[] prompt, List<GenerationConfig> configs) throws IOException {
    try (Model model = load(Fixtures.goldenModel(folder), setup);
        Session session = model.newSession()) {
      return configs.stream().map(config -> session.generate(prompt, config).ids()).toList();
    }
  }

  private static Model load(Path directory, Setup setup) throws IOException {
    return Model.load(
        directory, LoadOptions.builder().kernels(setup.kernels).threads(setup.threads).build());
  }

  private static void assertSameBits(float[] actual, float[] expected, String where) {
    assertThat(actual.length).as(where).isEqualTo(expected.length);
    for (int i = 0; i < actual.length; i++) {
      if (Float.floatToRawIntBits(actual[i]) != Float.floatToRawIntBits(expected[i])) {
        throw new AssertionError(
            "%s: logit %d: expected %s, found %s".formatted(where, i, expected[i], actual[i]));
      }
    }
  }

  private static String sha256(float[] values) throws NoSuchAlgorithmException {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
  }
}
