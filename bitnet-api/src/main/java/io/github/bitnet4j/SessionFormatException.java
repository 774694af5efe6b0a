package io.github.bitnet4j;

import io.github.bitnet4j.tokenizer.file.Printable;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file that cannot be restored as a session: damaged, of another kind or version, or saved with
 * another model or other options. The message names the file, the place in it, what was expected,
 * what was found, and what to do. It has no control characters and at most 2,000 bytes.
 */
public final class SessionFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable Path path;

  /**
   * Creates an exception with the message {@code path: problem}.
   *
   * @param path the file
   * @param problem where in the file, what was expected, what was found, what to do
   */
  public SessionFormatException(Path path, String problem) {
    super(Printable.message(path + ": " + problem));
    this.path = path;
  }

  /** Returns the file; null after deserialization. */
  public @Nullable Path path() {
    return path;
  }
}
