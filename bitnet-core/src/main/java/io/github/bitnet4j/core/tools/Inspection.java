package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.tokenizer.file.Printable;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Content of a model file or directory, as its containers describe it. Texts from the files are
 * free of control characters.
 *
 * @param path what was inspected
 * @param format {@code GGUF}, {@code safetensors} or {@code Hugging Face directory}
 * @param version of the format; 0 if it has none
 * @param metadata keys and values as text, in file order; long arrays and texts are abbreviated
 * @param tensors in file order
 * @param fileBytes size of all weight files
 * @param memory what a loaded model takes, if the configuration could be read
 * @param note why {@code memory} is empty; empty if it is not
 */
public record Inspection(
    Path path,
    String format,
    int version,
    Map<String, String> metadata,
    List<TensorSummary> tensors,
    long fileBytes,
    Optional<MemoryEstimate> memory,
    String note) {

  private static final int MAX_KEY_CHARS = 200;

  /** Copies list and map, and makes the texts printable. */
  public Inspection {
    Map<String, String> printable = new LinkedHashMap<>();
    metadata.forEach(
        (key, value) ->
            printable.put(Printable.shorten(key, MAX_KEY_CHARS), Printable.message(value)));
    metadata = Collections.unmodifiableMap(printable);
    tensors = List.copyOf(tensors);
    note = Printable.message(note);
  }

  /** Returns the number of elements of all tensors; four trits in a byte count as four. */
  public long parameterCount() {
    long count = 0;
    for (TensorSummary tensor : tensors) {
      count += tensor.trits().map(TritCounts::total).orElse(tensor.elements());
    }
    return count;
  }

  /**
   * A tensor.
   *
   * @param file the file that holds it
   * @param type as the format calls it
   * @param shape slowest dimension first, whatever the format's own order; of packed trits the
   *     stored one
   * @param offset where its data starts in the file, in bytes
   * @param bytes size of its data
   * @param trits what a ternary tensor holds
   * @param scale of a ternary tensor: as it is stored, with {@code Hugging Face} files possibly the
   *     reciprocal of the magnitude
   */
  public record TensorSummary(
      Path file,
      String name,
      String type,
      List<Long> shape,
      long offset,
      long bytes,
      Optional<TritCounts> trits,
      Optional<Float> scale) {
    /** Copies the shape, and makes the name printable. */
    public TensorSummary {
      name = Printable.shorten(name, MAX_KEY_CHARS);
      shape = List.copyOf(shape);
    }

    /** Returns the product of the shape. */
    public long elements() {
      return shape.stream().reduce(1L, (a, b) -> a * b);
    }
  }

  /**
   * How often each trit occurs.
   *
   * @param invalid codes that are no trit
   */
  public record TritCounts(long minus, long zero, long plus, long invalid) {
    /** Returns the number of all. */
    public long total() {
      return minus + zero + plus + invalid;
    }

    /** Returns the share of zeros, 0 to 1. */
    public double zeroShare() {
      return total() == 0 ? 0 : (double) zero / total();
    }
  }

  /**
   * Memory of a loaded model outside the heap, in bytes, with the kernels that loading would
   * choose.
   *
   * @param kernels name of these kernels
   * @param mapped weight files, mapped; kernels that copy all weights use little of them later
   * @param prepared copies of weights: of the ternary layers in the layout of the kernels, and of a
   *     large LM head in int8 if head screening is on. {@link
   *     io.github.bitnet4j.ModelInfo#preparedBytes} of the loaded model is the same
   * @param kvCache keys and values of one session at {@code contextLength}
   * @param contextLength tokens that a session can hold
   */
  public record MemoryEstimate(
      String kernels, long mapped, long prepared, long kvCache, int contextLength) {
    /** Returns the sum. */
    public long total() {
      return mapped + prepared + kvCache;
    }
  }
}
