package io.github.bitnet4j.core.format;

import io.github.bitnet4j.LoadOptions.ProgressListener;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.ModelFiles.LoadedWeights;
import io.github.bitnet4j.core.format.PreparedFile.Form;
import io.github.bitnet4j.core.format.PreparedFile.Section;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Masters;
import io.github.bitnet4j.core.format.WeightSource.Norm;
import io.github.bitnet4j.core.format.WeightSource.Packed;
import io.github.bitnet4j.core.format.WeightSource.StoredLinear;
import io.github.bitnet4j.core.head.ScreeningHead;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.LayerWeights;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelWeights;
import io.github.bitnet4j.core.weights.RmsNorm;
import io.github.bitnet4j.core.weights.TernaryWeight;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
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
  private final FileMemory files;
  private final Preparation preparation;
  private final Kernels kernels;
  private final Arena memory;
  private final ProgressListener progress;
  private final Thread loadingThread = Thread.currentThread();

  /** Stored linear layers, {@code [numLayers x LINEARS]}. */
  private final List<StoredLinear> stored = new ArrayList<>();

  /** Their own norms, in families that have them: as many as {@code stored}. */
  private final List<@Nullable RmsNorm> linearNorms = new ArrayList<>();

  private final @Nullable TernaryWeight[] prepared;

  /** Trits that were made from dense weights and are used in place. */
  private final @Nullable MemorySegment[] madeTrits;

  private final List<Scan> scans = new ArrayList<>();
  private final AtomicLong doneBytes = new AtomicLong();
  private final AtomicLong preparedBytes = new AtomicLong();
  private final AtomicLong linearBytes = new AtomicLong();
  private final AtomicBoolean usedInPlace = new AtomicBoolean();
  private long totalBytes;

  /** Some rows of a vocabulary matrix, to be verified. */
  private record Scan(DenseMatrix matrix, int fromRow, int toRow, AtomicInteger zeroRows) {}

  private WeightLoader(
      ModelConfig config,
      WeightSource source,
      FileMemory files,
      Preparation preparation,
      Arena memory,
      ProgressListener progress) {
    this.config = config;
    this.source = source;
    this.files = files;
    this.preparation = preparation;
    kernels = preparation.kernels();
    this.memory = memory;
    this.progress = progress;
    prepared = new TernaryWeight[config.numLayers() * LINEARS.length];
    madeTrits = new MemorySegment[prepared.length];
  }

  /**
   * Loads the weights.
   *
   * @param memory owns the kernels' own copies; thread-safe
   * @param progress called on this thread
   */
  static LoadedWeights load(
      ModelConfig config,
      WeightSource source,
      FileMemory files,
      Preparation preparation,
      Arena memory,
      WorkerTeam team,
      ProgressListener progress)
      throws IOException {
    return new WeightLoader(config, source, files, preparation, memory, progress).load(team);
  }

  private LoadedWeights load(WorkerTeam team) throws IOException {
    DenseMatrix embedding = source.embedding();
    DenseMatrix head = config.tiedHead() ? embedding : source.head();
    for (int layer = 0; layer < config.numLayers(); layer++) {
      for (Linear which : LINEARS) {
        stored.add(source.linear(layer, which));
        DenseMatrix linearNorm = source.linearNorm(layer, which);
        linearNorms.add(linearNorm == null ? null : norm(linearNorm, config.linearNormEpsilon()));
      }
    }
    RmsNorm finalNorm = norm(source.finalNorm(), config.normEpsilon());
    List<LayerNorms> norms = new ArrayList<>();
    for (int layer = 0; layer < config.numLayers(); layer++) {
      norms.add(layerNorms(layer));
    }
    source.checkNothingLeft();

    boolean screened = ScreeningHead.isWorthwhile(head, preparation.minScreenedWeights());
    Path path = preparation.preparedFile();
    PreparedFile file = null;
    List<Section> sections = List.of();
    if (path != null) {
      String rule = source.readingRule();
      String layout =
          kernels.copyLayout()
              + (screened ? ", int8 head" : "")
              + (rule.isEmpty() ? "" : ", " + rule);
      file = new PreparedFile(path, layout, files.opened(), team);
      int count = stored.size() + (screened ? ScreeningHead.partCount(head) : 0);
      sections = file.read(count, memory, team).orElse(List.of());
      if (!sections.isEmpty() && !restored(file, sections, screened ? head : null, team)) {
        sections = List.of();
      }
    }
    if (sections.isEmpty()) {
      verifyAll(embedding, head, team);
    }
    progress.onProgress(totalBytes, totalBytes); // the last unit may have been another thread's

    List<LayerWeights> layers = new ArrayList<>();
    for (int layer = 0; layer < config.numLayers(); layer++) {
      layers.add(layerWeights(layer, norms.get(layer)));
    }
    boolean filesInUse = usedInPlace.get();
    DenseMatrix lastingEmbedding = filesInUse ? embedding : lasting(embedding);
    DenseMatrix lastingHead =
        config.tiedHead() ? lastingEmbedding : filesInUse ? head : lasting(head);
    ScreeningHead int8Head = null;
    if (screened) {
      int8Head = new ScreeningHead(lastingHead, memory);
      preparedBytes.addAndGet(int8Head.preparedBytes());
      if (!sections.isEmpty()) { // its parts have the right sizes
        int8Head.restore(sections.stream().skip(prepared.length).map(Section::data).toList());
      } else if (file != null) {
        int8Head.complete(team, () -> false);
      }
    }
    if (file != null && sections.isEmpty()) {
      file.write(sections(int8Head), team);
    }
    return new LoadedWeights(
        new ModelWeights(lastingEmbedding, layers, finalNorm, lastingHead),
        int8Head,
        parameterCount(),
        preparedBytes.get(),
        linearBytes.get() + (int8Head == null ? head.data().byteSize() : int8Head.preparedBytes()),
        filesInUse);
  }

  /** Verifies all values, and prepares them. */
  private void verifyAll(DenseMatrix embedding, DenseMatrix head, WorkerTeam team)
      throws IOException {
    AtomicInteger zeroEmbeddings = addScans(embedding);
    AtomicInteger zeroHeads = config.tiedHead() ? zeroEmbeddings : addScans(head);
    for (StoredLinear linear : stored) {
      totalBytes += linear.bytes();
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
  }

  /** Returns all that was prepared. */
  private List<Section> sections(@Nullable ScreeningHead int8Head) {
    List<Section> sections = new ArrayList<>();
    for (int unit = 0; unit < prepared.length; unit++) {
      TernaryWeight weight = Objects.requireNonNull(prepared[unit]);
      MemorySegment trits = madeTrits[unit];
      sections.add(
          weight
              .matrix()
              .copy()
              .map(copy -> new Section(weight.scale(), Form.COPY, copy))
              .orElse(
                  trits == null
                      ? new Section(weight.scale(), Form.AS_STORED, MemorySegment.NULL)
                      : new Section(weight.scale(), Form.TRITS, trits)));
    }
    if (int8Head != null) {
      int8Head.parts().forEach(part -> sections.add(new Section(0, Form.COPY, part)));
    }
    return sections;
  }

  /**
   * Restores the linear layers, and checks the parts of the head.
   *
   * @return false if the sections are not valid, which is logged; nothing has changed then
   */
  private boolean restored(
      PreparedFile file, List<Section> sections, @Nullable DenseMatrix head, WorkerTeam team) {
    PreparedLinears linears = new PreparedLinears(config, stored, kernels, memory);
    String problem = linears.restore(sections.subList(0, prepared.length), team);
    if (problem == null && head != null) {
      List<MemorySegment> parts =
          sections.stream().skip(prepared.length).map(Section::data).toList();
      problem = ScreeningHead.problemOf(head, parts);
    }
    if (problem != null) {
      file.logDamage(problem);
      return false;
    }
    for (int unit = 0; unit < prepared.length; unit++) {
      Section section = sections.get(unit);
      prepared[unit] =
          new TernaryWeight(linears.matrix(unit), section.scale(), linearNorms.get(unit));
      preparedBytes.addAndGet(section.data().byteSize());
      linearBytes.addAndGet(section.data().byteSize());
      if (section.form() == Form.AS_STORED && stored.get(unit) instanceof Packed packed) {
        usedInPlace.set(true);
        linearBytes.addAndGet(packed.bytes());
      }
    }
    return true;
  }

  private DenseMatrix lasting(DenseMatrix m) {
    return new DenseMatrix(m.name(), m.type(), m.rows(), m.columns(), files.lasting(m.data()));
  }

  private record LayerNorms(
      RmsNorm input,
      @Nullable RmsNorm attentionSub,
      RmsNorm postAttention,
      @Nullable RmsNorm feedForwardSub) {}

  private LayerNorms layerNorms(int layer) throws ModelFormatException {
    return new LayerNorms(
        norm(source.norm(layer, Norm.INPUT), config.normEpsilon()),
        config.subNorms()
            ? norm(source.norm(layer, Norm.ATTENTION_SUB), config.normEpsilon())
            : null,
        norm(source.norm(layer, Norm.POST_ATTENTION), config.normEpsilon()),
        config.subNorms()
            ? norm(source.norm(layer, Norm.FEED_FORWARD_SUB), config.normEpsilon())
            : null);
  }

  private RmsNorm norm(DenseMatrix weight, float epsilon) throws ModelFormatException {
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
    return new RmsNorm(values, epsilon);
  }

  private AtomicInteger addScans(DenseMatrix matrix) {
    AtomicInteger zeroRows = new AtomicInteger();
    for (int row = 0; row < matrix.rows(); row += SCAN_ROWS) {
      int end = Math.min(matrix.rows(), row + SCAN_ROWS);
      scans.add(new Scan(matrix, row, end, zeroRows));
    }
    return zeroRows;
  }

  private static long bytes(Scan scan) {
    return (scan.toRow - scan.fromRow) * scan.matrix.rowBytes();
  }

  /** Units of work: first the linear layers, then the scans. */
  private void verify(int from, int to, int worker) {
    try {
      for (int unit = from; unit < to; unit++) {
        long bytes;
        if (unit < stored.size()) {
          StoredLinear linear = stored.get(unit);
          prepared[unit] = prepare(unit, linear, linearNorms.get(unit));
          bytes = linear.bytes();
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

  private TernaryWeight prepare(int unit, StoredLinear linear, @Nullable RmsNorm inputNorm)
      throws ModelFormatException {
    return switch (linear) {
      case Packed p -> {
        Packed packed = verifiedTrits(source, p, memory);
        TernaryTensor trits = packed.trits();
        TernaryWeight weight = prepare(trits, packed.scale(), inputNorm);
        if (isUsedInPlace(weight)) {
          usedInPlace.set(true);
        }
        count(weight, trits);
        yield weight;
      }
      case Masters m -> prepareMasters(unit, m, inputNorm);
    };
  }

  /** The trits that dense weights are turned into stay only if kernels use them in place. */
  private TernaryWeight prepareMasters(int unit, Masters masters, @Nullable RmsNorm inputNorm)
      throws ModelFormatException {
    try (Arena temporary = Arena.ofConfined()) {
      Packed packed = verifiedTrits(source, masters, temporary);
      TernaryTensor trits = packed.trits();
      TernaryWeight weight = prepare(trits, packed.scale(), inputNorm);
      if (isUsedInPlace(weight)) {
        trits = copy(trits);
        madeTrits[unit] = trits.data();
        weight = prepare(trits, packed.scale(), inputNorm);
        preparedBytes.addAndGet(trits.data().byteSize());
      }
      count(weight, trits);
      return weight;
    }
  }

  private TernaryTensor copy(TernaryTensor trits) {
    MemorySegment data = memory.allocate(trits.data().byteSize(), Long.BYTES);
    data.copyFrom(trits.data());
    return new TernaryTensor(
        trits.name(), trits.layout(), trits.rows(), trits.columns(), trits.interleavedHead(), data);
  }

  private TernaryWeight prepare(TernaryTensor trits, float scale, @Nullable RmsNorm inputNorm) {
    return new TernaryWeight(kernels.prepare(trits, memory), scale, inputNorm);
  }

  /** Counts what was prepared, and what the kernels read for each token. */
  private void count(TernaryWeight weight, TernaryTensor trits) {
    long prepared = weight.matrix().preparedBytes();
    preparedBytes.addAndGet(prepared);
    linearBytes.addAndGet(prepared == 0 ? trits.data().byteSize() : prepared);
  }

  private static boolean isUsedInPlace(TernaryWeight weight) {
    return weight.matrix().preparedBytes() == 0;
  }

  /**
   * Returns a linear layer as trits, verified.
   *
   * @param memory for trits that are made from dense weights
   */
  static Packed verifiedTrits(WeightSource source, StoredLinear linear, SegmentAllocator memory)
      throws ModelFormatException {
    Packed packed =
        switch (linear) {
          case Packed p -> p;
          case Masters m -> TritQuantizer.quantize(source, m, memory);
        };
    verify(source, packed);
    return packed;
  }

  private static void verify(WeightSource source, Packed packed) throws ModelFormatException {
    float scale = packed.scale();
    if (!(scale > 0 && scale < Float.POSITIVE_INFINITY)) {
      throw source.problem(
          packed.name(),
          "expected a positive finite weight scale, found " + scale + "; the weights are damaged");
    }
    long at = WeightScan.findInvalidTrit(packed.trits());
    if (at >= 0) {
      throw source.problem(
          packed.name(),
          "expected valid trit codes, found an invalid one in its byte %d; the weights are damaged or packed in another way"
              .formatted(at));
    }
  }

  private void verify(Scan scan) throws ModelFormatException {
    int zeroRows = 0;
    float[] scratch = new float[scan.matrix.columns()];
    for (int row = scan.fromRow; row < scan.toRow; row++) {
      switch (WeightScan.classify(scan.matrix, row, scratch)) {
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
      linears.put(which, Objects.requireNonNull(prepared[unit]));
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
    for (TernaryWeight weight : prepared) {
      if (weight != null) {
        RmsNorm inputNorm = weight.inputNorm();
        count += (long) weight.matrix().rows() * weight.matrix().columns();
        count += inputNorm == null ? 0 : weight.matrix().columns();
      }
    }
    long normsOfALayer = 2L * config.hiddenSize();
    if (config.subNorms()) {
      normsOfALayer += config.queryWidth() + config.intermediateSize();
    }
    return count + config.numLayers() * normsOfALayer + config.hiddenSize();
  }
}
