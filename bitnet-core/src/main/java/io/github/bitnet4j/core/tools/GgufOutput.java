package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufType;
import io.github.bitnet4j.core.format.GgufValue;
import io.github.bitnet4j.core.format.GgufValue.FloatValue;
import io.github.bitnet4j.core.format.GgufValue.IntValue;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import io.github.bitnet4j.core.format.GgufWriter;
import io.github.bitnet4j.core.format.TensorContent;
import io.github.bitnet4j.core.format.TensorNames;
import io.github.bitnet4j.core.format.TernaryEncoder;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Norm;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a model as a GGUF file.
 *
 * <p>The name of the architecture says what the forward pass does: {@code bitnet-b1.58} squares its
 * gate, {@code bitnet} does not, {@code llama} has no sub-norms, and its queries and keys are
 * stored with the two halves of each head interleaved. Scales are magnitudes in all of them.
 */
final class GgufOutput extends ModelOutput {
  private final GgufType type;
  private final String architecture;
  private final List<GgufWriter.Entry> tensors = new ArrayList<>();
  private long linearBytes;
  private int roundedScales;

  GgufOutput(ModelSource source, ConvertOptions options, GgufType type) throws IOException {
    super(source, options);
    this.type = type;
    architecture = architecture();
    checkSizes();
  }

  private String architecture() throws ConversionException {
    if (source.gguf().isPresent()) {
      return config.architecture();
    }
    if (config.linearNorms()) {
      throw source.problem(
          "expected a model without use_rms_norm, found one; GGUF has no place for norms inside"
              + " linear layers");
    }
    boolean squares = config.activation() == Activation.RELU2;
    if (config.subNorms()) {
      return squares ? "bitnet-b1.58" : "bitnet";
    }
    if (squares) {
      throw source.problem(
          "expected hidden_act silu in a model without sub-norms, found relu2; GGUF has no"
              + " architecture for it");
    }
    return "llama";
  }

  private void checkSizes() throws ConversionException {
    int multiple = TernaryEncoder.rowMultiple(type);
    for (Linear which : Linear.values()) {
      int columns = which.columns(config);
      if (columns % multiple != 0) {
        throw source.problem(
            "tensor %s.weight: expected rows of a multiple of %d weights for %s, found %d; %s"
                .formatted(
                    TensorNames.gguf(0, which),
                    multiple,
                    type,
                    columns,
                    columns % 128 == 0
                        ? "choose i2_s"
                        : "only a Hugging Face directory can hold it"));
      }
    }
    int block = options.embedding().map(e -> e.type().blockSize()).orElse(1);
    if (config.hiddenSize() % block != 0) {
      throw source.problem(
          "tensor token_embd.weight: expected rows of a multiple of %d weights for %s, found %d; choose f16"
              .formatted(block, options.embedding().orElseThrow(), config.hiddenSize()));
    }
  }

  @Override
  void write(Path path) throws IOException {
    Map<String, GgufValue> metadata = metadata();
    addTensors();
    expect(tensors.stream().mapToLong(GgufWriter.Entry::bytes).sum(), linearBytes);
    writeFile(path, out -> GgufWriter.write(out, metadata, tensors));
    if (roundedScales > 0) {
      warnings.add(
          "%d of %d weight scales were rounded to half precision, which is all that %s holds; logits differ a little. Use i2_s to keep them"
              .formatted(roundedScales, linears.size(), type));
    }
    if (!config.tiedHead() && architecture.startsWith("bitnet-")) {
      warnings.add(
          "the model has a head of its own (output.weight); bitnet.cpp ignores it for "
              + architecture
              + " and uses the embedding instead");
    }
  }

  private Map<String, GgufValue> metadata() throws IOException {
    if (source.gguf().isPresent()) {
      GgufFile file = source.gguf().get();
      Map<String, GgufValue> metadata = new LinkedHashMap<>(file.metadata());
      metadata.keySet().removeIf(k -> k.startsWith("split.") || k.equals("general.alignment"));
      metadata.put("general.file_type", new IntValue(fileType(type)));
      return metadata;
    }
    Path name = source.path().toAbsolutePath().normalize().getFileName();
    Map<String, GgufValue> metadata =
        metadata(architecture, name == null ? "model" : name.toString(), config, type);
    metadata.putAll(TokenizerMetadata.metadata(source, warnings));
    return metadata;
  }

  /** Returns what a file says about a model, but for its tokenizer. */
  static Map<String, GgufValue> metadata(
      String architecture, String name, ModelConfig config, GgufType type) {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", new StringValue(architecture));
    metadata.put("general.name", new StringValue(name));
    metadata.put("general.file_type", new IntValue(fileType(type)));
    metadata.put("general.quantization_version", new IntValue(2));
    Map<String, GgufValue> own = new LinkedHashMap<>();
    own.put("vocab_size", new IntValue(config.vocabSize()));
    own.put("context_length", new IntValue(config.contextLength()));
    own.put("embedding_length", new IntValue(config.hiddenSize()));
    own.put("block_count", new IntValue(config.numLayers()));
    own.put("feed_forward_length", new IntValue(config.intermediateSize()));
    own.put("rope.dimension_count", new IntValue(config.headDim()));
    own.put("attention.head_count", new IntValue(config.numHeads()));
    own.put("attention.head_count_kv", new IntValue(config.numKvHeads()));
    own.put("attention.layer_norm_rms_epsilon", new FloatValue(config.normEpsilon()));
    own.put("rope.freq_base", new FloatValue(config.ropeTheta()));
    if (config.queryWidth() != config.hiddenSize()) {
      own.put("attention.key_length", new IntValue(config.headDim()));
      own.put("attention.value_length", new IntValue(config.headDim()));
    }
    own.forEach((key, value) -> metadata.put(architecture + "." + key, value));
    return metadata;
  }

  /** The numbers of llama.cpp's {@code LLAMA_FTYPE}; 40 is bitnet.cpp's for I2_S. */
  private static int fileType(GgufType type) {
    return switch (type) {
      case TQ1_0 -> 36;
      case TQ2_0 -> 37;
      default -> 40;
    };
  }

  private void addTensors() throws IOException {
    addVocabularyMatrix("token_embd.weight", weights.embedding());
    for (int layer = 0; layer < config.numLayers(); layer++) {
      addNorm(layer, Norm.INPUT);
      for (Linear which : Linear.values()) {
        addLinear(layer, which);
      }
      addNorm(layer, Norm.POST_ATTENTION);
      if (config.subNorms()) {
        addNorm(layer, Norm.ATTENTION_SUB);
        addNorm(layer, Norm.FEED_FORWARD_SUB);
      }
    }
    addNorm("output_norm.weight", weights.finalNorm());
    if (!config.tiedHead()) {
      addVocabularyMatrix("output.weight", weights.head());
    }
    weights.checkNothingLeft();
  }

  private void addVocabularyMatrix(String name, DenseMatrix matrix) {
    DenseType dense = options.embedding().map(ConvertOptions.Embedding::type).orElse(matrix.type());
    add(
        name,
        GgufType.of(dense),
        List.of((long) matrix.columns(), (long) matrix.rows()),
        out -> dense(matrix, dense).writeTo(out));
  }

  private void addNorm(int layer, Norm which) throws IOException {
    addNorm(TensorNames.gguf(layer, which) + ".weight", weights.norm(layer, which));
  }

  private void addNorm(String name, DenseMatrix norm) {
    List<Long> width = List.of((long) norm.columns());
    add(name, GgufType.F32, width, out -> dense(norm, DenseType.F32).writeTo(out));
  }

  private void addLinear(int layer, Linear which) throws IOException {
    List<Long> dimensions = List.of((long) which.columns(config), (long) which.rows(config));
    boolean interleaved = architecture.equals("llama") && (which == Linear.Q || which == Linear.K);
    add(
        TensorNames.gguf(layer, which) + ".weight",
        type,
        dimensions,
        linear(layer, which).gguf(type, interleaved ? config.headDim() : 0, this::magnitude));
    linearBytes += type.byteSize(dimensions.getFirst(), dimensions.getLast());
  }

  private void add(String name, GgufType tensorType, List<Long> dimensions, TensorContent content) {
    long rows = dimensions.size() == 1 ? 1 : dimensions.getLast();
    long bytes = tensorType.byteSize(dimensions.getFirst(), rows);
    tensors.add(new GgufWriter.Entry(name, tensorType, dimensions, counted(bytes, content)));
  }

  /** Returns the scale as the file holds it. */
  private float magnitude(Linear which, int layer, float stored) throws ConversionException {
    float magnitude = config.scaleRule() == ScaleRule.DIVIDE ? 1 / stored : stored;
    if (!TernaryEncoder.hasHalfScale(type)) {
      return magnitude;
    }
    float rounded = Float.float16ToFloat(Float.floatToFloat16(magnitude));
    if (rounded == 0 || rounded == Float.POSITIVE_INFINITY) {
      throw source.problem(
          "tensor %s.weight: expected a scale within half precision for %s, found %s; choose i2_s"
              .formatted(TensorNames.gguf(layer, which), type, magnitude));
    }
    roundedScales += rounded == magnitude ? 0 : 1;
    return rounded;
  }
}
