package io.github.bitnet4j;

/**
 * The model computed a NaN or an infinity; the message names the layer, or the logits. No token was
 * chosen from such values. It means that the weights are damaged.
 */
public final class NonFiniteValueException extends ArithmeticException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception. */
  public NonFiniteValueException(String message) {
    super(message);
  }
}
