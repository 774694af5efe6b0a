package io.github.bitnet4j.core.format;

import io.github.bitnet4j.LoadOptions.ProgressListener;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.HuggingFaceDirectory.LoadedWeights;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Norm;
import io.github.bitnet4j.core.format.WeightSource.StoredLinear;
import io.github.bitnet4j.core.model.LayerWeights;
import io.github.bitnet4j.core.model.ModelConfig;
import io.github.bitnet4j.core.model.ModelWeights;
import io.github.bitnet4j.core.model.RmsNorm;
import io.github.bitnet4j.core.model.TernaryWeight;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Turns the stored weights of a model into {@link ModelWeights}: finds all of them first, then
 * verifies every value and prepares the matrices for the kernels, on all threads of a team.
 *
 * <p>What is verified: trit codes, scales, norms, and that embedding and head are finite and not
 * mostly zero. Each of these faults has made an engine print gibberish.
 */
final class WeightLoader {
  /** Rows of the embedding that are verified at a time. */
  private static final int SCAN_ROWS = 1024;

  private static final Linear[] LINEARS = Linear.values();

  private final ModelConfig config;
  private final WeightSource source;
  private final Kernels kernels;
  private final SegmentAllocator memory;
  private final ProgressListener progress;
  private final Thread loadingThread = Thread.currentThread();

  /** Stored linear layers, {@code [numLayers x LINEARS]}. */
  private final List<StoredLinear> stored = new ArrayList<>();

  private final @Nullable TernaryMatrix[] prepared;
  private final List<Scan> scans = new ArrayList<>();
  private final AtomicLong doneBytes = new AtomicLong();
  private long totalBytes;

  /** Some rows of a vocabulary matrix, to be verified. */
  private record Scan(DenseMatrix matrix, int fromRow, int toRow, AtomicInteger zeroRows) {}

  private WeightLoader(
      ModelConfig config,
      WeightSource source,
      Kernels kernels,
      SegmentAllocator memory,
      ProgressListener progress) {
    this.config = config;
    this.source = source;
    this.kernels = kernels;
    this.memory = memory;
    this.progress = progress;
    prepared = new TernaryMatrix[config.numLayers() * LINEARS.length];
  }

  /**
   * Loads the weights.
   *
   * @param memory outside the heap, for the kernels' own copies; thread-safe
   * @param progress called on this thread
   */
  static LoadedWeights load(
      ModelConfig config,
      WeightSource source,
      Kernels kernels,
      SegmentAllocator memory,
      WorkerTeam team,
      ProgressListener progress)
      throws IOException {
    return new WeightLoader(config, source, kernels, memory, progress).load(team);
  }

  private LoadedWeights load(WorkerTeam team) throws IOException {
    DenseMatrix embedding = source.embedding();
    DenseMatrix head = config.tiedHead() ? embedding : source.head();
    for (int layer = 0; layer < config.numLayers(); layer++) {
      for (Linear which : LINEARS) {
        stored.add(source.linear(layer, which));
      }
    }
    RmsNorm finalNorm = norm(source.finalNorm());
    List<LayerNorms> norms = new ArrayList<>();
    for (int layer = 0; layer < config.numLayers(); layer++) {
      norms.add(layerNorms(layer));
    }
    source.checkNothingLeft();

    AtomicInteger zeroEmbeddings = addScans(embedding);
    AtomicInteger zeroHeads = config.tiedHead() ? zeroEmbeddings : addScans(head);
    for (StoredLinear linear : stored) {
      totalBytes += linear.trits().data().byteSize();
    }
    for (Scan scan : scans) {
      totalBytes += bytes(scan);
    }
    try {
      team.run(stored.size() + scans.size(), 1, this::verify);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    checkZeroRows(embedding, zeroEmbeddings.get());
    checkZeroRows(head, zeroHeads.get());

    List<LayerWeights> layers = new ArrayList<>();
    for (int layer = 0; layer < config.numLayers(); layer++) {
      layers.add(layerWeights(layer, norms.get(layer)));
    }
    return new LoadedWeights(
        new ModelWeights(embedding, layers, finalNorm, head), parameterCount(), preparedBytes());
  }

  private record LayerNorms(
      RmsNorm input,
      @Nullable RmsNorm attentionSub,
      RmsNorm postAttention,
      @Nullable RmsNorm feedForwardSub) {}

  private LayerNorms layerNorms(int layer) throws ModelFormatException {
    return new LayerNorms(
        norm(source.norm(layer, Norm.INPUT)),
        config.subNorms() ? norm(source.norm(layer, Norm.ATTENTION_SUB)) : null,
        norm(source.norm(layer, Norm.POST_ATTENTION)),
        config.subNorms() ? norm(source.norm(layer, Norm.FEED_FORWARD_SUB)) : null);
  }

  private RmsNorm norm(DenseMatrix weight) throws ModelFormatException {
    float[] values = new float[weight.columns()];
    weight.copyRow(0, values, 0);
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw source.problem(
            weight.name(),
            "expected finite values, found %s at index %d; the weights are damaged"
                .formatted(values[i], i));
      }
    }
    return new RmsNorm(values, config.normEpsilon());
  }

  private AtomicInteger addScans(DenseMatrix matrix) {
    AtomicInteger zeroRows = new AtomicInteger();
    for (int row = 0; row < matrix.rows(); row += SCAN_ROWS) {
      scans.add(new Scan(matrix, row, Math.min(matrix.rows(), row + SCAN_ROWS), zeroRows));
    }
    return zeroRows;
  }

  private static long bytes(Scan scan) {
    return (long) (scan.toRow - scan.fromRow) * scan.matrix.columns() * scan.matrix.type().bytes();
  }

  /** Units of work: first the linear layers, then the scans. */
  private void verify(int from, int to, int worker) {
    try {
      for (int unit = from; unit < to; unit++) {
        long bytes;
        if (unit < stored.size()) {
          StoredLinear linear = stored.get(unit);
          verify(linear);
          prepared[unit] = kernels.prepare(linear.trits(), memory);
          bytes = linear.trits().data().byteSize();
        } else {
          Scan scan = scans.get(unit - stored.size());
          verify(scan);
          bytes = bytes(scan);
        }
        long done = doneBytes.addAndGet(bytes);
        if (Thread.currentThread() == loadingThread) {
          progress.onProgress(done, totalBytes);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void verify(StoredLinear linear) throws ModelFormatException {
    TernaryTensor trits = linear.trits();
    float scale = linear.scale();
    if (!(scale > 0 && scale < Float.POSITIVE_INFINITY)) {
      throw source.problem(
          trits.name(),
          "expected a positive finite weight scale, found " + scale + "; the weights are damaged");
    }
    long at = WeightScan.findInvalidTrit(trits.data());
    if (at >= 0) {
      throw source.problem(
          trits.name(),
          "expected trit codes 0 to 2, found 3 in its byte %d; the weights are damaged or packed in another way"
              .formatted(at));
    }
  }

  private void verify(Scan scan) throws ModelFormatException {
    int zeroRows = 0;
    for (int row = scan.fromRow; row < scan.toRow; row++) {
      switch (WeightScan.classify(scan.matrix, row)) {
        case ORDINARY -> {}
        case ZERO -> zeroRows++;
        case NOT_FINITE ->
            throw source.problem(
                scan.matrix.name(),
                "expected finite values, found NaN or an infinity in row %d; the weights are damaged"
                    .formatted(row));
      }
    }
    scan.zeroRows.addAndGet(zeroRows);
  }

  /** A few unused tokens may have zero rows; a table that is mostly zero was never filled. */
  private void checkZeroRows(DenseMatrix matrix, int zeroRows) throws ModelFormatException {
    if (zeroRows > matrix.rows() / 2) {
      throw source.problem(
          matrix.name(),
          "expected a row of weights for each token, found %d of %d rows all zero; the file is damaged or was converted wrongly"
              .formatted(zeroRows, matrix.rows()));
    }
  }

  private LayerWeights layerWeights(int layer, LayerNorms norms) {
    Map<Linear, TernaryWeight> linears = new EnumMap<>(Linear.class);
    int unit = layer * LINEARS.length;
    for (Linear which : LINEARS) {
      TernaryMatrix matrix = Objects.requireNonNull(prepared[unit]);
      linears.put(which, new TernaryWeight(matrix, stored.get(unit).scale()));
      unit++;
    }
    return new LayerWeights(
        norms.input,
        get(linears, Linear.Q),
        get(linears, Linear.K),
        get(linears, Linear.V),
        norms.attentionSub,
        get(linears, Linear.O),
        norms.postAttention,
        get(linears, Linear.GATE),
        get(linears, Linear.UP),
        norms.feedForwardSub,
        get(linears, Linear.DOWN));
  }

  private static TernaryWeight get(Map<Linear, TernaryWeight> linears, Linear which) {
    return Objects.requireNonNull(linears.get(which));
  }

  private long parameterCount() {
    long count = (long) config.vocabSize() * config.hiddenSize() * (config.tiedHead() ? 1 : 2);
    for (StoredLinear linear : stored) {
      count += (long) linear.trits().rows() * linear.trits().columns();
    }
    long normsOfALayer = 2L * config.hiddenSize();
    if (config.subNorms()) {
      normsOfALayer += config.queryWidth() + config.intermediateSize();
    }
    return count + config.numLayers() * normsOfALayer + config.hiddenSize();
  }

  private long preparedBytes() {
    long bytes = 0;
    for (TernaryMatrix matrix : prepared) {
      bytes += matrix == null ? 0 : matrix.preparedBytes();
    }
    return bytes;
  }
}
