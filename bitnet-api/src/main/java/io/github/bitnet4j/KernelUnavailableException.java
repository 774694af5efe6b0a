package io.github.bitnet4j;

/**
 * The kernel provider that was asked for cannot be used; the message lists every provider found and
 * why it is or is not usable.
 */
public final class KernelUnavailableException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception. */
  public KernelUnavailableException(String message) {
    super(message);
  }
}
