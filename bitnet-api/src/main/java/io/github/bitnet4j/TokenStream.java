package io.github.bitnet4j;

import java.util.Iterator;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A continuation as it is being generated. Each {@code next()} of the iterator computes one token.
 *
 * <p>A stream belongs to its session and follows its thread rule. It can be read once, in one of
 * the ways that it offers. Whoever opens it closes it; a stream that was read to its end is closed
 * already. {@link #close} before the end cancels, from any thread. {@link Session#cancel} ends the
 * stream that is open too; one that came before the stream was opened ends it before its first
 * token.
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
   * Returns the text as it becomes certain: the non-empty texts of the tokens. The stream is lazy
   * and sequential: it computes a token when it needs one. Closing it closes this token stream.
   *
   * <p>It throws what the iterator throws.
   */
  default Stream<String> texts() {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                iterator(), Spliterator.ORDERED | Spliterator.NONNULL),
            false)
        .map(Token::text)
        .filter(text -> !text.isEmpty())
        .onClose(this::close);
  }

  /**
   * Returns a publisher of the tokens, by the rules of Reactive Streams.
   *
   * <ul>
   *   <li>It has one subscriber; a second one gets an {@link IllegalStateException} by {@code
   *       onError}.
   *   <li>A token is computed when one is requested and not before. While none is requested, and
   *       between tokens, no thread is held: each request that finds the publisher idle gives the
   *       executor one task, which runs until all that was requested is computed.
   *   <li>After the last token comes {@code onComplete}, without a further request; a failure of
   *       the generation comes by {@code onError}, a request of less than one token as an {@link
   *       IllegalArgumentException}. All of them leave this token stream closed.
   *   <li>{@code cancel} closes this token stream: it waits for a computation that another thread
   *       has begun, the time of one layer at most.
   * </ul>
   *
   * <p>While a task of the executor computes, the session is in use by its thread. A stream that is
   * closed by another than the subscriber while nothing is requested says so by {@code onComplete}
   * at the next request.
   *
   * @param executor computes tokens and calls the subscriber; one that runs tasks on the calling
   *     thread is fine
   */
  default Flow.Publisher<Token> publisher(Executor executor) {
    return new TokenPublisher(this, executor);
  }

  /**
   * Returns whether there may be more tokens: not if the last one has been computed, after {@link
   * #close}, and after an exception.
   */
  boolean isOpen();

  /**
   * Returns what has been generated, after the end or after {@link #close}.
   *
   * @throws IllegalStateException if the stream is still open, or ended with an exception
   */
  Generation result();

  /**
   * Ends the generation if it is still going on; its finish reason is then {@link
   * FinishReason#CANCELLED}. Closing twice does nothing, and closing a stream that is at its end
   * does not affect later calls of the session. The same holds for the subscription of a {@link
   * #publisher} and the stream of {@link #texts}.
   */
  @Override
  void close();
}
