package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.file.Printable;

/**
 * A chat template that cannot be used, or that refuses the messages.
 *
 * <p>Thrown when a template is parsed (a syntax error, with its line and column), when it is
 * rendered (an operation its values do not allow, a construct that is not supported, or a limit on
 * work, depth or output), and when the template itself calls {@code raise_exception}: then the
 * message is the template's own. Text from files appears without control characters, and a message
 * has at most 2,000 bytes.
 */
public final class ChatTemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with the place and the fault, or the template's own words. */
  public ChatTemplateException(String message) {
    super(Printable.message(message));
  }
}
