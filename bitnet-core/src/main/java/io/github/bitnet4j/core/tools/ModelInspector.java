package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.KernelUnavailableException;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.format.DType;
import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufFile.GgufTensor;
import io.github.bitnet4j.core.format.GgufModel;
import io.github.bitnet4j.core.format.GgufType;
import io.github.bitnet4j.core.format.InputFiles;
import io.github.bitnet4j.core.format.ModelFiles;
import io.github.bitnet4j.core.format.ModelPath;
import io.github.bitnet4j.core.format.SafetensorsFile;
import io.github.bitnet4j.core.format.Tensor;
import io.github.bitnet4j.core.format.TensorSet;
import io.github.bitnet4j.core.format.TritCounter;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Masters;
import io.github.bitnet4j.core.format.WeightSource.Packed;
import io.github.bitnet4j.core.format.WeightSource.StoredLinear;
import io.github.bitnet4j.core.head.ScreeningHead;
import io.github.bitnet4j.core.session.KernelSelection;
import io.github.bitnet4j.core.tools.Inspection.MemoryEstimate;
import io.github.bitnet4j.core.tools.Inspection.TensorSummary;
import io.github.bitnet4j.core.tools.Inspection.TritCounts;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryTensor;
import io.github.bitnet4j.tokenizer.file.RegularFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Describes the content of a model file without loading the model, and forecasts the memory that
 * loading takes. Judges the container alone: a file whose tensors make no model can be inspected
 * too. Stateless and thread-safe.
 *
 * <pre>{@code
 * Inspection inspection = ModelInspector.inspect(Path.of("model.gguf"));
 * inspection.tensors().forEach(System.out::println);
 * }</pre>
 */
public final class ModelInspector {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private ModelInspector() {}

  /** Inspects a model that would be loaded with the default options. */
  public static Inspection inspect(Path path) throws IOException {
    return inspect(path, LoadOptions.defaults());
  }

  /**
   * Inspects a model.
   *
   * @param path a GGUF file (of a split model, any of its files), a safetensors file, a Hugging
   *     Face directory, or a directory with one GGUF model
   * @param options how the model would be loaded; they decide the forecast of its memory
   * @throws NoSuchFileException if nothing is at the path
   * @throws ModelFormatException if a file breaks a rule of its format
   * @throws IOException if reading fails
   */
  public static Inspection inspect(Path path, LoadOptions options) throws IOException {
    Path located = TensorSet.isIn(path) ? path : ModelPath.locate(path);
    boolean directory = RegularFile.attributes(located).isDirectory();
    return InputFiles.of(located).reading(() -> inspect(path, located, directory, options));
  }

  private static Inspection inspect(Path path, Path located, boolean directory, LoadOptions options)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      if (directory) {
        return inspectDirectory(located, arena, options);
      }
      byte[] start;
      try (FileChannel channel = RegularFile.open(located)) {
        start = RegularFile.readAll(located, channel, 4);
      }
      return Arrays.equals(start, new byte[] {'G', 'G', 'U', 'F'})
              || located.toString().endsWith(".gguf")
          ? inspectGguf(path, located, arena, options)
          : inspectSafetensors(located, arena);
    }
  }

  private static Inspection inspectGguf(Path path, Path located, Arena arena, LoadOptions options)
      throws IOException {
    List<GgufFile> files = GgufModel.openAll(located, arena, false);
    List<TensorSummary> tensors = new ArrayList<>();
    long fileBytes = 0;
    for (GgufFile file : files) {
      file.tensors().values().forEach(tensor -> tensors.add(summary(tensor)));
      fileBytes += file.fileBytes();
    }
    GgufFile first = files.getFirst();
    return withMemory(
        path,
        "GGUF",
        first.version(),
        MetadataText.of(first.metadata()),
        tensors,
        fileBytes,
        arena,
        options);
  }

  private static Inspection inspectDirectory(Path path, Arena arena, LoadOptions options)
      throws IOException {
    TensorSet set = TensorSet.open(path, arena, false);
    return withMemory(
        path,
        "Hugging Face directory",
        0,
        MetadataText.ofJson(path.resolve("config.json")),
        summaries(set.all()),
        set.fileBytes(),
        arena,
        options);
  }

  private static Inspection inspectSafetensors(Path path, Arena arena) throws IOException {
    SafetensorsFile file = SafetensorsFile.open(path, arena);
    return new Inspection(
        path,
        "safetensors",
        0,
        MetadataText.ofTexts(file.metadata()),
        summaries(file.tensors().values()),
        file.fileBytes(),
        Optional.empty(),
        "a weight file without its config.json; inspect the directory it is in");
  }

  private static Inspection withMemory(
      Path path,
      String format,
      int version,
      Map<String, String> metadata,
      List<TensorSummary> tensors,
      long fileBytes,
      Arena arena,
      LoadOptions options)
      throws IOException {
    Optional<MemoryEstimate> memory = Optional.empty();
    String note = "";
    try {
      memory = Optional.of(estimate(ModelFiles.open(path, arena, reading(options)), options));
    } catch (ModelFormatException e) {
      note = "this is not a model that can be loaded: " + e.getMessage();
    } catch (KernelUnavailableException | IllegalArgumentException e) {
      note = "it cannot be loaded with these options: " + e.getMessage();
    }
    return new Inspection(path, format, version, metadata, tensors, fileBytes, memory, note);
  }

  /** Returns options to read the files with: nothing is copied. */
  private static LoadOptions reading(LoadOptions options) {
    LoadOptions.Builder reading =
        LoadOptions.builder()
            .armI2sLayout(options.armI2sLayout())
            .quantizeMasters(options.quantizeMasters());
    options.contextLength().ifPresent(reading::contextLength);
    return reading.build();
  }

  private static MemoryEstimate estimate(ModelFiles files, LoadOptions options)
      throws ModelFormatException {
    ModelConfig config = files.config();
    KernelProvider provider = KernelSelection.select(options);
    Kernels kernels = provider.kernels();
    long prepared = 0;
    for (int layer = 0; layer < config.numLayers(); layer++) {
      for (Linear which : Linear.values()) {
        prepared += preparedBytes(files.weights().linear(layer, which), which, config, kernels);
      }
    }
    DenseMatrix head = config.tiedHead() ? files.weights().embedding() : files.weights().head();
    if (ScreeningHead.isWorthwhile(head, ScreeningHead.minWeights(kernels, options))) {
      prepared += ScreeningHead.preparedBytes(head);
    }
    int contextLength = ModelFiles.contextLength(config, options);
    return new MemoryEstimate(
        provider.name(),
        files.fileBytes(),
        prepared,
        KvCache.bytes(config, contextLength, options.kvCache()),
        contextLength);
  }

  /** Trits that are made of dense weights take memory themselves if kernels use them in place. */
  private static long preparedBytes(
      StoredLinear linear, Linear which, ModelConfig config, Kernels kernels) {
    int rows = which.rows(config);
    int columns = which.columns(config);
    return switch (linear) {
      case Packed(TernaryTensor trits, float _) ->
          kernels.copyBytes(trits.layout(), trits.interleavedHead() == 0, rows, columns);
      case Masters masters -> {
        boolean inOrder = masters.interleavedHead() == 0;
        long copy = kernels.copyBytes(TernaryLayout.ROW_QUARTERS, inOrder, rows, columns);
        yield copy == 0 ? TernaryLayout.ROW_QUARTERS.byteSize(rows, columns) : copy;
      }
    };
  }

  // ---- Tensors

  private static TensorSummary summary(GgufTensor tensor) {
    Optional<TernaryLayout> layout =
        tensor
            .type()
            .ternary()
            .filter(
                l -> tensor.rows() <= Integer.MAX_VALUE && tensor.rowLength() <= Integer.MAX_VALUE);
    Optional<TritCounts> trits =
        layout.map(
            l ->
                counts(
                    new TernaryTensor(
                        tensor.name(),
                        l,
                        (int) tensor.rows(),
                        (int) tensor.rowLength(),
                        tensor.data())));
    return new TensorSummary(
        tensor.file(),
        tensor.name(),
        tensor.type().name(),
        tensor.dimensions().reversed(),
        tensor.fileOffset(),
        tensor.data().byteSize(),
        trits,
        layout.map(l -> firstScale(tensor.type(), tensor.data())));
  }

  /** Returns the scale of the tensor, or of its first block or row. */
  private static float firstScale(GgufType type, MemorySegment data) {
    return switch (type) {
      case I2_S -> data.get(FLOAT, data.byteSize() - 32);
      case TQ1_0 -> half(data, 52);
      case TQ2_0 -> half(data, 64);
      case IQ1_BN -> half(data, 0);
      case IQ2_BN -> data.get(FLOAT, 0);
      default -> throw new AssertionError(type);
    };
  }

  private static float half(MemorySegment data, long at) {
    return Float.float16ToFloat(data.get(SHORT, at));
  }

  private static List<TensorSummary> summaries(Collection<Tensor> tensors) {
    Map<String, Tensor> byName =
        tensors.stream().collect(Collectors.toMap(Tensor::name, Function.identity()));
    return tensors.stream()
        .map(tensor -> summary(tensor, Optional.ofNullable(byName.get(tensor.name() + "_scale"))))
        .toList();
  }

  private static TensorSummary summary(Tensor tensor, Optional<Tensor> scale) {
    boolean packed = scale.isPresent() && tensor.dtype() == DType.U8 && tensor.shape().size() == 2;
    Optional<TritCounts> trits = Optional.empty();
    if (packed) {
      long rows = 4 * tensor.shape().getFirst(); // the container does not tell if some are missing
      long columns = tensor.shape().getLast();
      if (rows >= 1 && columns >= 1 && rows <= Integer.MAX_VALUE && columns <= Integer.MAX_VALUE) {
        TernaryLayout layout = TernaryLayout.ROW_QUARTERS;
        trits =
            Optional.of(
                counts(
                    new TernaryTensor(
                        tensor.name(), layout, (int) rows, (int) columns, tensor.data())));
      }
    }
    return new TensorSummary(
        tensor.file(),
        tensor.name(),
        tensor.dtype().name(),
        tensor.shape(),
        tensor.fileOffset(),
        tensor.data().byteSize(),
        trits,
        packed ? scale.flatMap(ModelInspector::oneValue) : Optional.empty());
  }

  private static Optional<Float> oneValue(Tensor tensor) {
    return tensor
        .dtype()
        .dense()
        .filter(type -> tensor.data().byteSize() == type.blockBytes())
        .map(type -> new DenseMatrix(tensor.name(), type, 1, 1, tensor.data()).get(0, 0));
  }

  static TritCounts counts(TernaryTensor tensor) {
    long[] counts = TritCounter.count(tensor);
    return new TritCounts(counts[0], counts[1], counts[2], counts[3]);
  }
}
