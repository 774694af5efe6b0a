package io.github.bitnet4j.cli;

/** Arguments that picocli accepts but the command cannot use; the exit code is 2. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }

  /** Wraps the exception of a builder that refused the value of an option. */
  UsageException(IllegalArgumentException cause) {
    super(cause.getMessage(), cause);
  }
}
