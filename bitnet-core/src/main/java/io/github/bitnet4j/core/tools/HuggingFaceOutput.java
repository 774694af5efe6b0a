package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.DType;
import io.github.bitnet4j.core.format.SafetensorsWriter;
import io.github.bitnet4j.core.format.TensorContent;
import io.github.bitnet4j.core.format.TensorNames;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Norm;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes a model as a Hugging Face directory with packed weights.
 *
 * <p>Scales are stored as F32, so that they stay what they are. Models with sub-norms become {@code
 * BitNetForCausalLM} whatever their gate goes through, which {@code hidden_act} says.
 */
final class HuggingFaceOutput extends ModelOutput {
  private final List<SafetensorsWriter.StreamedEntry> tensors = new ArrayList<>();
  private long linearBytes;

  HuggingFaceOutput(ModelSource source, ConvertOptions options) {
    super(source, options);
  }

  @Override
  void write(Path path) throws IOException {
    Files.createDirectory(path);
    HuggingFaceJson.writeConfig(
        path.resolve("config.json"), config, source.bosId(), source.eosIds());
    HuggingFaceJson.writeGenerationConfig(
        path.resolve("generation_config.json"), source.bosId(), source.eosIds());
    TokenizerFiles.write(path, source, warnings);
    addTensors();
    expect(tensors.stream().mapToLong(SafetensorsWriter.StreamedEntry::bytes).sum(), linearBytes);
    writeFile(
        path.resolve("model.safetensors"),
        out -> SafetensorsWriter.write(out, Map.of("format", "pt"), tensors));
  }

  private void addTensors() throws IOException {
    addVocabularyMatrix("model.embed_tokens.weight", weights.embedding());
    for (int layer = 0; layer < config.numLayers(); layer++) {
      for (Norm which : Norm.values()) {
        if (config.subNorms() || which == Norm.INPUT || which == Norm.POST_ATTENTION) {
          addNorm(TensorNames.huggingFace(layer, which), weights.norm(layer, which));
        }
      }
      for (Linear which : Linear.values()) {
        addLinear(layer, which);
      }
    }
    addNorm("model.norm", weights.finalNorm());
    if (!config.tiedHead()) {
      addVocabularyMatrix("lm_head.weight", weights.head());
    }
    weights.checkNothingLeft();
  }

  private void addVocabularyMatrix(String name, DenseMatrix matrix) {
    DenseType type =
        options.embedding().map(ConvertOptions.Embedding::type).orElse(plain(matrix.type()));
    List<Long> shape = List.of((long) matrix.rows(), (long) matrix.columns());
    add(name, DType.of(type), shape, dense(matrix, type));
  }

  private void addNorm(String name, DenseMatrix norm) {
    DenseType type = plain(norm.type());
    List<Long> shape = List.of((long) norm.columns());
    add(name + ".weight", DType.of(type), shape, dense(norm, type));
  }

  private static DenseType plain(DenseType type) {
    return type.blockSize() == 1 ? type : DenseType.F32;
  }

  private void addLinear(int layer, Linear which) throws IOException {
    String name = TensorNames.huggingFace(layer, which);
    LinearContent content = linear(layer, which);
    List<Long> shape = List.of((which.rows(config) + 3L) / 4, (long) which.columns(config));
    add(name + ".weight", DType.U8, shape, content.packed());
    linearBytes += shape.getFirst() * shape.getLast();
    // After the weight: its scale is known then.
    add(
        name + ".weight_scale",
        DType.F32,
        List.of(1L),
        out ->
            out.write(
                ByteBuffer.allocate(Float.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(content.scale())
                    .array()));
    DenseMatrix norm = weights.linearNorm(layer, which);
    if (norm != null) {
      addNorm(name + ".rms_norm", norm);
    }
  }

  private void add(String name, DType type, List<Long> shape, TensorContent content) {
    long bytes = shape.stream().reduce((long) type.bytes(), Math::multiplyExact);
    tensors.add(new SafetensorsWriter.StreamedEntry(name, type, shape, counted(bytes, content)));
  }
}
