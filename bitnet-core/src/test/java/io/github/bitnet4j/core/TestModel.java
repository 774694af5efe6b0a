package io.github.bitnet4j.core;

import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.core.batching.BatchRequest;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.engine.ColdStart;
import io.github.bitnet4j.core.engine.InferenceEngine;
import io.github.bitnet4j.core.format.ModelFiles;
import io.github.bitnet4j.core.format.ModelFiles.LoadedWeights;
import io.github.bitnet4j.core.format.Preparation;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.PassOutput;
import io.github.bitnet4j.core.logits.PassOutput.AllTokens;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ServiceLoader;

/** A forward pass without a session around it: logits of every position, cut as a test likes. */
public final class TestModel implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final WorkerTeam team;
  private final InferenceEngine engine;

  /** Loads a Hugging Face directory. */
  public TestModel(Path directory, String kernelName, int threads) throws IOException {
    this(directory, kernelName, threads, false);
  }

  /**
   * Loads a Hugging Face directory.
   *
   * @param screenHead whether the head is screened, however small it is
   */
  public TestModel(Path directory, String kernelName, int threads, boolean screenHead)
      throws IOException {
    this(directory, kernelName, threads, screenHead, null);
  }

  /**
   * Loads a Hugging Face directory.
   *
   * @param preparedFile where prepared weights are kept; null for nowhere
   */
  public TestModel(
      Path directory, String kernelName, int threads, boolean screenHead, Path preparedFile)
      throws IOException {
    team = new WorkerTeam(threads, "test");
    ModelFiles opened = ModelFiles.open(directory, arena, LoadOptions.defaults());
    Kernels kernels = kernels(kernelName);
    LoadedWeights loaded =
        opened.loadWeights(
            new Preparation(kernels, screenHead ? 0 : Long.MAX_VALUE, preparedFile),
            arena,
            team,
            (done, total) -> {});
    engine =
        new InferenceEngine(
            opened.config(),
            loaded.weights(),
            loaded.screeningHead(),
            kernels,
            ColdStart.NONE,
            team);
  }

  /** Returns the kernels of a provider, which must be usable. */
  public static Kernels kernels(String name) {
    for (KernelProvider provider : ServiceLoader.load(KernelProvider.class)) {
      if (provider.name().equals(name)) {
        if (provider.unavailableReason().isPresent()) {
          throw new AssertionError(name + ": " + provider.unavailableReason().get());
        }
        return provider.kernels();
      }
    }
    throw new AssertionError("no kernels " + name);
  }

  public ModelConfig config() {
    return engine.config();
  }

  public InferenceEngine engine() {
    return engine;
  }

  /** Appends ids to a cache and computes what a choice needs of the logits after the last ones. */
  public void forward(int[] ids, int end, KvCache cache, LogitsRequest need, Logits... logits) {
    forward(ids, end, cache, new LastTokens(logits).set(need, logits.length));
  }

  private void forward(int[] ids, int end, KvCache cache, PassOutput output) {
    BatchRequest request = new BatchRequest(cache);
    engine.forward(request, ids, end, output, () -> false, length -> {});
    engine.forget(request);
  }

  public KvCache newCache() {
    return newCache(KvCacheType.F32);
  }

  public KvCache newCache(KvCacheType type) {
    return new KvCache(config(), config().contextLength(), type);
  }

  /** Returns the logits of all positions, {@code [ids x vocabSize]}, in one pass. */
  public float[] logits(int[] ids) {
    return logits(ids, ids.length);
  }

  /** Returns the logits of all positions, computed in passes of at most {@code chunk} tokens. */
  public float[] logits(int[] ids, int chunk) {
    return logits(ids, chunk, KvCacheType.F32);
  }

  /** As above, with a cache of some type. */
  public float[] logits(int[] ids, int chunk, KvCacheType type) {
    float[] all = new float[ids.length * config().vocabSize()];
    try (KvCache cache = newCache(type)) {
      while (cache.length() < ids.length) {
        append(ids, Math.min(ids.length, cache.length() + chunk), cache, all);
      }
    }
    return all;
  }

  /** Appends the ids up to {@code end} and puts the logits of their positions into {@code all}. */
  public void append(int[] ids, int end, KvCache cache, float[] all) {
    int begin = cache.length();
    int vocabSize = config().vocabSize();
    float[] some = new float[(end - begin) * vocabSize];
    forward(ids, end, cache, new AllTokens(some, null));
    System.arraycopy(some, 0, all, begin * vocabSize, some.length);
  }

  @Override
  public void close() {
    team.close();
    arena.close();
  }
}
