package io.github.bitnet4j;

import java.util.Iterator;

/**
 * A continuation as it is being generated. Each {@code next()} of the iterator computes one token.
 *
 * <p>A stream belongs to its session and follows its thread rule. It can be iterated once. Whoever
 * opens it closes it; a stream that was read to its end is closed already. {@link #close} before
 * the end cancels, from any thread.
 *
 * <pre>{@code
 * try (TokenStream tokens = session.stream("Once upon a time", config)) {
 *   for (Token token : tokens) {
 *     System.out.print(token.text());
 *   }
 *   System.out.println(tokens.result().finishReason());
 * }
 * }</pre>
 */
public interface TokenStream extends Iterable<Token>, AutoCloseable {
  /**
   * Returns the iterator over the tokens, always the same one.
   *
   * <p>Its methods throw what {@link Session#generate(int[], GenerationConfig)} throws while
   * computing.
   */
  @Override
  Iterator<Token> iterator();

  /**
   * Returns what has been generated, after the end or after {@link #close}.
   *
   * @throws IllegalStateException if the stream is still open, or ended with an exception
   */
  Generation result();

  /**
   * Ends the generation if it is still going on; its finish reason is then {@link
   * FinishReason#CANCELLED}. Closing twice does nothing.
   */
  @Override
  void close();
}
