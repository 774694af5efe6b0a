package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * A tensor of a model file.
 *
 * @param file the file it is in
 * @param name its name there
 * @param dtype how an element is stored
 * @param shape its dimensions, slowest first; empty for a scalar
 * @param fileOffset where its data starts in the file, in bytes
 * @param data its bytes, mapped: the product of the shape times the size of an element
 */
public record Tensor(
    Path file, String name, DType dtype, List<Long> shape, long fileOffset, MemorySegment data) {
  /** Copies the shape. */
  public Tensor {
    shape = List.copyOf(shape);
  }

  /** Returns an exception about this tensor, to be thrown. */
  ModelFormatException problem(String expected, Object found, String advice) {
    return new ModelFormatException(
        file,
        "tensor %s at byte %d: expected %s, found %s; %s"
            .formatted(name, fileOffset, expected, found, advice));
  }
}
