package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryTensor;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a Hugging Face directory: linear layers packed (U8 trits and a scale) or as dense
 * master weights, as the configuration says; all else dense.
 */
final class HuggingFaceWeights implements WeightSource {
  /** Tensors that change what a model computes: parts of linear layers, and norms of a block. */
  private static final Pattern COMPUTES =
      Pattern.compile(".*_proj\\..*|model\\.layers\\.\\d+\\..*(norm|_ln\\.).*");

  private final ModelConfig config;
  private final @Nullable MasterRule masterRule;
  private final TensorSet tensors;
  private final Set<String> used = new HashSet<>();

  /**
   * Creates a source of weights.
   *
   * @param masterRule how dense weights of linear layers become trits; null if they are packed
   */
  HuggingFaceWeights(ModelConfig config, @Nullable MasterRule masterRule, TensorSet tensors) {
    this.config = config;
    this.masterRule = masterRule;
    this.tensors = tensors;
  }

  @Override
  public StoredLinear linear(int layer, Linear which) throws ModelFormatException {
    String name = TensorNames.huggingFace(layer, which);
    int rows = which.rows(config);
    int columns = which.columns(config);
    if (masterRule != null) {
      List<Long> shape = List.of((long) rows, (long) columns);
      return new Masters(dense(name + ".weight", shape, rows, columns), masterRule, 0);
    }
    Tensor packed = get(name + ".weight");
    if (packed.dtype() != DType.U8) {
      throw packed.problem(
          "U8 packed trits, as quantization_mode offline says",
          packed.dtype(),
          "config.json and weights are of different models");
    }
    List<Long> shape = List.of((rows + 3L) / 4, (long) columns);
    if (!packed.shape().equals(shape)) {
      throw packed.problem(
          "shape %s: 4 of %d rows in a byte".formatted(shape, rows),
          "shape " + packed.shape(),
          "the weights do not fit config.json, or are packed in another way");
    }
    return new Packed(
        new TernaryTensor(packed.name(), TernaryLayout.ROW_QUARTERS, rows, columns, packed.data()),
        scale(name + ".weight_scale"));
  }

  private float scale(String name) throws ModelFormatException {
    Tensor tensor = get(name);
    boolean one = tensor.shape().isEmpty() || tensor.shape().equals(List.of(1L));
    Optional<DenseType> type = tensor.dtype().dense();
    if (!one || type.isEmpty()) {
      throw tensor.problem(
          "one element of F32, F16 or BF16",
          tensor.dtype() + " of shape " + tensor.shape(),
          "the weights are damaged");
    }
    return new DenseMatrix(name, type.get(), 1, 1, tensor.data()).get(0, 0);
  }

  @Override
  public @Nullable DenseMatrix linearNorm(int layer, Linear which) throws ModelFormatException {
    if (!config.linearNorms()) {
      return null;
    }
    int width = which.columns(config);
    String name = TensorNames.huggingFace(layer, which) + ".rms_norm.weight";
    return dense(name, List.of((long) width), 1, width);
  }

  @Override
  public DenseMatrix norm(int layer, Norm which) throws ModelFormatException {
    String old = TensorNames.oldHuggingFace(layer, which) + ".weight";
    String name =
        tensors.find(old) == null ? TensorNames.huggingFace(layer, which) + ".weight" : old;
    int width = which.width(config);
    return dense(name, List.of((long) width), 1, width);
  }

  @Override
  public DenseMatrix finalNorm() throws ModelFormatException {
    int width = config.hiddenSize();
    return dense("model.norm.weight", List.of((long) width), 1, width);
  }

  @Override
  public DenseMatrix embedding() throws ModelFormatException {
    return vocabularyMatrix("model.embed_tokens.weight");
  }

  @Override
  public DenseMatrix head() throws ModelFormatException {
    return config.tiedHead() ? embedding() : vocabularyMatrix("lm_head.weight");
  }

  private DenseMatrix vocabularyMatrix(String name) throws ModelFormatException {
    int rows = config.vocabSize();
    int columns = config.hiddenSize();
    return dense(name, List.of((long) rows, (long) columns), rows, columns);
  }

  private DenseMatrix dense(String name, List<Long> shape, int rows, int columns)
      throws ModelFormatException {
    Tensor tensor = get(name);
    Optional<DenseType> type = tensor.dtype().dense();
    if (type.isEmpty()) {
      throw tensor.problem("F32, F16 or BF16", tensor.dtype(), "this type is not supported here");
    }
    if (!tensor.shape().equals(shape)) {
      throw tensor.problem(
          "shape " + shape, "shape " + tensor.shape(), "the weights do not fit config.json");
    }
    return new DenseMatrix(name, type.get(), rows, columns, tensor.data());
  }

  private Tensor get(String name) throws ModelFormatException {
    used.add(name);
    return tensors.get(name);
  }

  @Override
  public void checkNothingLeft() throws ModelFormatException {
    for (Tensor tensor : tensors.all()) {
      if (!used.contains(tensor.name()) && COMPUTES.matcher(tensor.name()).matches()) {
        throw tensor.problem(
            "only tensors that config.json explains",
            "this one",
            "the weights belong to another configuration");
      }
    }
  }

  @Override
  public String readingRule() {
    return masterRule == MasterRule.ON_REQUEST ? "masters quantized on request" : "";
  }

  @Override
  public ModelFormatException problem(String tensor, String problem) {
    Tensor found = tensors.find(tensor);
    return found == null
        ? new ModelFormatException(tensors.directory(), "tensor " + tensor + ": " + problem)
        : new ModelFormatException(
            found.file(),
            "tensor %s at byte %d: %s".formatted(tensor, found.fileOffset(), problem));
  }

  @Override
  public long fileBytes() {
    return tensors.fileBytes();
  }
}
