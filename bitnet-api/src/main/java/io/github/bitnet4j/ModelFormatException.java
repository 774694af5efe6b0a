package io.github.bitnet4j;

import io.github.bitnet4j.tokenizer.file.Printable;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file that cannot be used as a model: damaged, incomplete, or of an unsupported kind. The
 * message names the file, the place in it, what was expected and what was found. Text from the file
 * appears in it without control characters, and it has at most 2,000 bytes.
 */
public final class ModelFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Path path;

  /**
   * Creates an exception with the message {@code path: problem}.
   *
   * @param path the file
   * @param problem where in the file, what was expected, what was found, what to do
   */
  public ModelFormatException(Path path, String problem) {
    super(Printable.message(path + ": " + problem));
    this.path = path;
  }

  /** Creates an exception with the message {@code path: problem} and a cause. */
  public ModelFormatException(Path path, String problem, Throwable cause) {
    super(Printable.message(path + ": " + problem), cause);
    this.path = path;
  }

  /** Returns the file; null after deserialization. */
  public @Nullable Path path() {
    return path;
  }
}
