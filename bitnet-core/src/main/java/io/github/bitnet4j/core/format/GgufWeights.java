package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufFile.GgufTensor;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a GGUF model. Every ternary tensor, whatever its type, becomes a linear layer with
 * one scale, so that all files of one model give the same results.
 */
final class GgufWeights implements WeightSource {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Tensors that change what a model computes: parts of linear layers, and norms of a block. */
  private static final Pattern COMPUTES =
      Pattern.compile("blk\\.\\d+\\.((attn_(q|k|v|output)|ffn_(gate|up|down))\\..*|.*norm.*)");

  private final Path path;
  private final ModelConfig config;
  private final Map<String, GgufTensor> tensors = new HashMap<>();
  private final Set<String> used = new HashSet<>();
  private final TernaryLayout i2sLayout;
  private final MasterRule masterRule;
  private final long fileBytes;

  /**
   * Creates a source of weights.
   *
   * @param path the first file, for messages
   * @param i2sLayout which of the two layouts I2_S tensors have
   * @param masterRule how float weights of linear layers become trits
   */
  GgufWeights(
      Path path,
      ModelConfig config,
      Collection<GgufTensor> tensors,
      TernaryLayout i2sLayout,
      MasterRule masterRule,
      long fileBytes) {
    this.path = path;
    this.config = config;
    this.i2sLayout = i2sLayout;
    this.masterRule = masterRule;
    this.fileBytes = fileBytes;
    for (GgufTensor tensor : tensors) {
      this.tensors.put(tensor.name(), tensor);
    }
  }

  @Override
  public StoredLinear linear(int layer, Linear which) throws ModelFormatException {
    String name = TensorNames.gguf(layer, which);
    int rows = which.rows(config);
    int columns = which.columns(config);
    GgufTensor tensor = get(name + ".weight", columns, rows);
    boolean permuted = config.architecture().equals("llama");
    int interleavedHead =
        permuted && (which == Linear.Q || which == Linear.K) ? config.headDim() : 0;
    Optional<TernaryLayout> ternary = tensor.type().ternary();
    if (ternary.isEmpty()) {
      return masters(tensor, rows, columns, interleavedHead);
    }
    TernaryLayout layout = ternary.get() == TernaryLayout.I2_S ? i2sLayout : ternary.get();
    TernaryTensor trits =
        new TernaryTensor(tensor.name(), layout, rows, columns, interleavedHead, tensor.data());
    return new Packed(trits, scale(tensor, trits) * extraScale(name + ".scale"));
  }

  private StoredLinear masters(GgufTensor tensor, int rows, int columns, int interleavedHead)
      throws ModelFormatException {
    Optional<DenseType> dense = tensor.type().dense().filter(type -> type.blockSize() == 1);
    if (dense.isEmpty()) {
      throw tensor.problem(
          "expected a ternary type (I2_S, TQ1_0, TQ2_0, IQ1_BN or IQ2_BN), F32, F16 or BF16, found "
              + tensor.type());
    }
    return new Masters(
        new DenseMatrix(tensor.name(), dense.get(), rows, columns, tensor.data()),
        masterRule,
        interleavedHead);
  }

  /** Returns the scale of a ternary tensor; formats that store many must repeat the same one. */
  private float scale(GgufTensor tensor, TernaryTensor trits) throws ModelFormatException {
    MemorySegment data = tensor.data();
    long stride;
    long first;
    boolean half;
    switch (trits.layout()) {
      case I2_S, I2_S_ARM -> {
        return data.get(FLOAT, data.byteSize() - 32);
      }
      case TQ1_0 -> {
        stride = 54;
        first = 52;
        half = true;
      }
      case TQ2_0 -> {
        stride = 66;
        first = 64;
        half = true;
      }
      case IQ1_BN -> {
        stride = data.byteSize() / trits.rows();
        first = 0;
        half = true;
      }
      case IQ2_BN -> {
        stride = data.byteSize() / trits.rows();
        first = 0;
        half = false;
      }
      default -> throw new AssertionError(trits.layout());
    }
    float scale = read(data, first, half);
    for (long at = first; at < data.byteSize(); at += stride) {
      float other = read(data, at, half);
      if (other != scale) {
        throw tensor.problem(
            "expected one scale in all blocks, found %s and %s: this tensor has a scale for every %s; only one scale for the whole tensor is supported"
                .formatted(scale, other, weightsPerScale(trits)));
      }
    }
    return scale;
  }

  private static String weightsPerScale(TernaryTensor trits) {
    return switch (trits.layout()) {
      case TQ1_0, TQ2_0 -> "256 weights";
      default -> "row of " + trits.columns() + " weights";
    };
  }

  private static float read(MemorySegment data, long at, boolean half) {
    return half ? Float.float16ToFloat(data.get(SHORT, at)) : data.get(FLOAT, at);
  }

  /** Some files keep the scale, or a part of it, in a tensor of its own. */
  private float extraScale(String name) throws ModelFormatException {
    return tensors.containsKey(name) ? dense(name, 1, 1).get(0, 0) : 1;
  }

  @Override
  public @Nullable DenseMatrix linearNorm(int layer, Linear which) {
    return null; // no converter writes models with such norms
  }

  @Override
  public DenseMatrix norm(int layer, Norm which) throws ModelFormatException {
    return dense(TensorNames.gguf(layer, which) + ".weight", which.width(config), 1);
  }

  @Override
  public DenseMatrix finalNorm() throws ModelFormatException {
    return dense("output_norm.weight", config.hiddenSize(), 1);
  }

  @Override
  public DenseMatrix embedding() throws ModelFormatException {
    return dense("token_embd.weight", config.hiddenSize(), config.vocabSize());
  }

  @Override
  public DenseMatrix head() throws ModelFormatException {
    return dense("output.weight", config.hiddenSize(), config.vocabSize());
  }

  private DenseMatrix dense(String name, int columns, int rows) throws ModelFormatException {
    GgufTensor tensor = get(name, columns, rows);
    Optional<DenseType> type = tensor.type().dense();
    if (type.isEmpty()) {
      throw tensor.problem("expected a supported dense type, found " + tensor.type());
    }
    return new DenseMatrix(name, type.get(), rows, columns, tensor.data());
  }

  private GgufTensor get(String name, int columns, int rows) throws ModelFormatException {
    used.add(name);
    GgufTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new ModelFormatException(
          path, "expected the tensor " + name + ", found none; the file is incomplete");
    }
    if (tensor.rowLength() != columns || tensor.rows() != rows) {
      throw tensor.problem(
          "expected dimensions [%d, %d], found %s; the weights do not fit the metadata"
              .formatted(columns, rows, tensor.dimensions()));
    }
    return tensor;
  }

  @Override
  public void checkNothingLeft() throws ModelFormatException {
    for (GgufTensor tensor : tensors.values()) {
      String name = tensor.name();
      if (!used.contains(name) && COMPUTES.matcher(name).matches()) {
        throw tensor.problem("expected only tensors that the metadata explains, found this one");
      }
    }
    GgufTensor ropeFactors = tensors.get("rope_freqs.weight");
    if (ropeFactors != null) {
      checkRopeFactors(ropeFactors);
    }
  }

  private void checkRopeFactors(GgufTensor tensor) throws ModelFormatException {
    DenseMatrix factors = dense(tensor.name(), config.headDim() / 2, 1);
    for (int i = 0; i < factors.columns(); i++) {
      if (factors.get(0, i) != 1) {
        throw tensor.problem(
            "expected factors of 1, found %s; scaled rotary embeddings are not supported"
                .formatted(factors.get(0, i)));
      }
    }
  }

  @Override
  public String readingRule() {
    return (i2sLayout == TernaryLayout.I2_S_ARM ? "I2_S of ARM" : "")
        + (masterRule == MasterRule.ON_REQUEST ? "masters quantized on request" : "");
  }

  @Override
  public ModelFormatException problem(String name, String problem) {
    GgufTensor tensor = tensors.get(name);
    return tensor == null
        ? new ModelFormatException(path, "tensor " + name + ": " + problem)
        : tensor.problem(problem);
  }

  @Override
  public long fileBytes() {
    return fileBytes;
  }
}
