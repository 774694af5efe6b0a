package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.ModelFiles;
import io.github.bitnet4j.core.format.TensorContent;
import io.github.bitnet4j.core.format.WeightSource;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** What a model is converted to: one implementation for each kind of model file. */
abstract sealed class ModelOutput permits GgufOutput, HuggingFaceOutput {
  private static final int BUFFER_BYTES = 1 << 20;

  final ModelSource source;
  final ModelConfig config;
  final WeightSource weights;
  final ConvertOptions options;
  final List<String> warnings = new ArrayList<>();
  final List<LinearContent> linears = new ArrayList<>();
  private long doneBytes;
  private long totalBytes;

  ModelOutput(ModelSource source, ConvertOptions options) {
    this.source = source;
    this.options = options;
    config = source.config();
    weights = source.files().weights();
  }

  /**
   * Writes the model.
   *
   * @param path of the file or directory, which does not exist
   */
  abstract void write(Path path) throws IOException;

  /** Reads the linear layers of what was written and compares them. */
  void verify(ModelFiles copy) throws IOException {
    long each = (totalBytes - doneBytes) / linears.size();
    for (LinearContent linear : linears) {
      linear.verify(copy);
      advance(each);
    }
    advance(totalBytes - doneBytes);
  }

  /** Sets what counts as all of the work: the tensors, and the linear layers once more. */
  void expect(long tensorBytes, long linearBytes) {
    totalBytes = tensorBytes + linearBytes;
  }

  /** Returns a content that reports its progress when it is written. */
  TensorContent counted(long bytes, TensorContent content) {
    return out -> {
      content.writeTo(out);
      advance(bytes);
    };
  }

  private void advance(long bytes) {
    doneBytes += bytes;
    options.progress().onProgress(doneBytes, totalBytes);
  }

  /** Returns a linear layer, of which only its presence and shape are checked now. */
  LinearContent linear(int layer, WeightSource.Linear which) throws IOException {
    weights.linear(layer, which);
    LinearContent content = new LinearContent(source.files(), layer, which);
    linears.add(content);
    return content;
  }

  TensorContent dense(DenseMatrix matrix, DenseType type) {
    return new DenseContent(weights, matrix, type, warnings);
  }

  /** Writes a file that does not exist. */
  static void writeFile(Path file, Writing writing) throws IOException {
    try (OutputStream out =
        new BufferedOutputStream(
            Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            BUFFER_BYTES)) {
      writing.to(out);
    }
  }

  /** Writes the content of a file. */
  @FunctionalInterface
  interface Writing {
    void to(OutputStream out) throws IOException;
  }
}
