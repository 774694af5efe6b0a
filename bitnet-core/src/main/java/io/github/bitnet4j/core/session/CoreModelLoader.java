package io.github.bitnet4j.core.session;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelInfo;
import io.github.bitnet4j.core.engine.ColdStart;
import io.github.bitnet4j.core.engine.ColdStarts;
import io.github.bitnet4j.core.engine.InferenceEngine;
import io.github.bitnet4j.core.format.InputFiles;
import io.github.bitnet4j.core.format.ModelFiles;
import io.github.bitnet4j.core.format.ModelFiles.LoadedWeights;
import io.github.bitnet4j.core.format.Preparation;
import io.github.bitnet4j.core.head.ScreeningHead;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.ModelLoader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import jdk.jfr.FlightRecorder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads models; found by {@link java.util.ServiceLoader}. */
public final class CoreModelLoader implements ModelLoader {
  private static final Logger LOG = LoggerFactory.getLogger(Model.class);

  /**
   * The kernels of a model.
   *
   * @param byName whether they were asked for by name; then no others compute in their place
   * @param reason why they were chosen, for people
   * @param plain kernels in plain loops, if the chosen ones start cold
   */
  private record Chosen(
      KernelProvider provider, boolean byName, String reason, Optional<KernelProvider> plain) {}

  /** For {@link java.util.ServiceLoader}. */
  public CoreModelLoader() {}

  @Override
  @SuppressWarnings("MustBeClosed") // the arena belongs to the model, which closes it
  public Model load(Path path, LoadOptions options) throws IOException {
    LoadEvent event = null;
    if (FlightRecorder.isInitialized()) { // the first event of a JVM takes a tenth of a second
      event = new LoadEvent();
      event.begin();
    }
    long start = System.nanoTime();
    List<KernelProvider> providers = KernelSelection.findProviders();
    Optional<String> name = KernelSelection.name(options);
    KernelProvider provider = KernelSelection.select(providers, name);
    int threads =
        options
            .threads()
            .orElse(Math.min(Runtime.getRuntime().availableProcessors(), LoadOptions.MAX_THREADS));

    Arena arena = Arena.ofShared();
    Arena loading = Arena.ofShared();
    WorkerTeam team = new WorkerTeam(threads, "bitnet4j");
    boolean loaded = false;
    try {
      String reason =
          KernelSelection.reason(
              providers, provider, provider.kernels().vectorBits(), options.kernels(), name);
      Optional<KernelProvider> plain = KernelSelection.plain(providers, provider);
      Chosen chosen = new Chosen(provider, name.isPresent(), reason, plain);
      InputFiles input = InputFiles.of(path);
      Model model =
          input.reading(() -> load(path, options, chosen, input, loading, arena, team, start));
      loaded = true;
      if (event != null) {
        commit(event, model.info());
      }
      if (name.isEmpty() && model.info().vectorBits() == 0) {
        SlowKernels.warnOnce(model.info());
      }
      return model;
    } finally {
      if (!loaded) {
        team.close();
        arena.close();
        if (loading.scope().isAlive()) {
          loading.close();
        }
      }
    }
  }

  private static void commit(LoadEvent event, ModelInfo info) {
    event.end();
    if (event.shouldCommit()) {
      event.path = info.path().toString();
      event.architecture = info.architecture();
      event.parameters = info.parameterCount();
      event.kernels = info.kernels();
      event.threads = info.threads();
      event.preparedBytes = info.preparedBytes();
      event.commit();
    }
  }

  private static Model load(
      Path path,
      LoadOptions options,
      Chosen chosen,
      InputFiles input,
      Arena loading,
      Arena arena,
      WorkerTeam team,
      long start)
      throws IOException {
    ModelFiles files = ModelFiles.open(path, loading, arena, options);
    ModelConfig config = files.config();
    int contextLength = ModelFiles.contextLength(config, options);
    Kernels kernels = chosen.provider.kernels();
    DenseMatrix head = config.tiedHead() ? files.weights().embedding() : files.weights().head();
    long minScreenedWeights = ScreeningHead.minWeights(kernels, options);
    boolean screening = ScreeningHead.isWorthwhile(head, minScreenedWeights);
    LoadedWeights weights =
        files.loadWeights(
            new Preparation(kernels, minScreenedWeights, options.preparedFile().orElse(null)),
            arena,
            team,
            options.progress());
    List<Arena> arenas = List.of(arena, loading);
    if (!weights.filesInUse()) {
      loading.close(); // its pages need not stay resident
      arenas = List.of(arena);
    }
    ModelInfo info =
        new ModelInfo(
            path,
            config.architecture(),
            weights.parameterCount(),
            config.numLayers(),
            config.hiddenSize(),
            config.intermediateSize(),
            config.numHeads(),
            config.numKvHeads(),
            config.headDim(),
            config.vocabSize(),
            contextLength,
            files.stopIds(),
            chosen.provider.name(),
            chosen.reason,
            kernels.vectorBits(),
            team.threads(),
            files.fileBytes(),
            weights.preparedBytes(),
            weights.weightBytesPerToken(),
            Duration.ofNanos(System.nanoTime() - start));
    LOG.info(
        "Loaded {}: {}, {} M parameters, kernels {} ({}), {} threads, {} MB mapped + {} MB"
            + " prepared, {} ms",
        path,
        info.architecture(),
        Math.round(info.parameterCount() / 1e6),
        info.kernels(),
        info.vectorBits() == 0 ? "no vectors" : info.vectorBits() + "-bit vectors",
        info.threads(),
        Math.round(info.mappedBytes() / 1e5) / 10.0,
        Math.round(info.preparedBytes() / 1e5) / 10.0,
        info.loadTime().toMillis());
    ColdStart coldStart =
        chosen
            .plain
            .filter(plain -> !chosen.byName)
            .map(plain -> ColdStarts.of(config, head.type(), screening, kernels, plain.kernels()))
            .orElse(ColdStart.NONE);
    InferenceEngine engine =
        new InferenceEngine(
            config, weights.weights(), weights.screeningHead(), kernels, coldStart, team);
    coldStart.start();
    return new TransformerModel(
        info,
        files.tokenizer(),
        files.noTokenizerReason(),
        engine,
        options.kvCache(),
        team,
        arenas,
        input);
  }
}
