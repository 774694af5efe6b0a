package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.tokenizer.file.Printable;
import java.nio.file.Path;
import java.util.List;

/**
 * What a conversion did.
 *
 * @param output the file or directory that was written
 * @param bytes its size
 * @param warnings what a user should know: values that were rounded, parts that were left out
 */
public record Conversion(Path output, long bytes, List<String> warnings) {
  /** Copies the list, and makes the texts printable. */
  public Conversion {
    warnings = warnings.stream().map(Printable::message).toList();
  }
}
