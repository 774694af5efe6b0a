package io.github.bitnet4j;

import java.util.ConcurrentModificationException;
import java.util.List;

/**
 * One text being written or one conversation: the tokens seen so far and the model's memory of them
 * (the KV cache).
 *
 * <p><b>Contexts.</b> {@code generate} and {@code stream} take the whole context: the result
 * depends on the prompt alone, not on earlier calls. What the prompt shares with the tokens already
 * in the KV cache is not computed again. {@code chat} adds a message to a conversation that the
 * session keeps.
 *
 * <p><b>Threads.</b> A session may be used by any thread, but by one at a time: a second thread
 * gets a {@link ConcurrentModificationException}. Only {@link #cancel} and {@link #close} may be
 * called from another thread while the session works. While a {@link TokenStream} is open, every
 * other method but those two throws {@link IllegalStateException}.
 *
 * <p><b>Interrupts.</b> Interrupting the thread that generates acts like {@link #cancel}; the
 * thread's interrupt status stays set.
 *
 * <p><b>Callbacks.</b> A {@link Sampler}, {@link LogitsProcessor} or {@link TraceListener} that
 * uses or closes the session it works for gets an {@link IllegalStateException}; it may call {@link
 * #cancel}.
 *
 * <p><b>Errors.</b> Every method but {@link #cancel} and {@link #close} throws {@link
 * IllegalStateException} if the session is closed. After any exception the conversation is as it
 * was before the call.
 *
 * <pre>{@code
 * GenerationConfig config =
 *     GenerationConfig.builder().maxTokens(200).temperature(0.7f).topP(0.9f).seed(42).build();
 * try (Session session = model.newSession();
 *     TokenStream tokens = session.stream("Once upon a time", config)) {
 *   for (Token token : tokens) {
 *     System.out.print(token.text());
 *   }
 * }
 * }</pre>
 */
public interface Session extends AutoCloseable {
  /**
   * Continues a text with {@link GenerationConfig#defaults()}: greedy, at most 256 tokens.
   *
   * @see #generate(String, GenerationConfig)
   */
  default Generation generate(String prompt) {
    return generate(prompt, GenerationConfig.defaults());
  }

  /**
   * Continues a text and returns when the continuation is complete.
   *
   * @param prompt the text so far; names of special tokens in it are ordinary characters, and the
   *     beginning-of-sequence token is put before it if the model expects one
   * @param config when to stop and how to choose tokens
   * @throws IllegalArgumentException if the prompt is empty, or {@code config} names a token id
   *     that is not below the vocabulary size
   * @throws OutputConstraintException if the constraint of {@code config} cannot be used
   * @throws ContextOverflowException if the prompt is longer than the context
   * @throws IllegalStateException if the model has no tokenizer, or no token can be chosen, as
   *     {@link GenerationConfig} says
   * @throws NonFiniteValueException if the model computes a NaN or an infinity
   */
  Generation generate(String prompt, GenerationConfig config);

  /**
   * Continues a sequence of token ids and returns when the continuation is complete.
   *
   * @param promptIds the whole context, taken as it is: no beginning-of-sequence token is added
   * @param config when to stop and how to choose tokens
   * @throws IllegalArgumentException if there are no ids, or one, here or in {@code config}, is
   *     negative or not below the vocabulary size
   * @throws OutputConstraintException if the constraint of {@code config} cannot be used
   * @throws ContextOverflowException if there are more ids than the context holds
   * @throws IllegalStateException if {@code config} has stop strings, sequence breakers or a
   *     constraint and the model no tokenizer, or no token can be chosen, as {@link
   *     GenerationConfig} says
   * @throws NonFiniteValueException if the model computes a NaN or an infinity
   */
  Generation generate(int[] promptIds, GenerationConfig config);

  /**
   * Continues a text token by token. The prompt is processed when the first token is asked for. The
   * caller closes the stream.
   *
   * @param prompt as for {@link #generate(String, GenerationConfig)}, with the same exceptions
   * @param config when to stop and how to choose tokens
   */
  TokenStream stream(String prompt, GenerationConfig config);

  /**
   * Continues a sequence of token ids token by token. The caller closes the stream.
   *
   * @param promptIds as for {@link #generate(int[], GenerationConfig)}, with the same exceptions
   * @param config when to stop and how to choose tokens
   */
  TokenStream stream(int[] promptIds, GenerationConfig config);

  /**
   * Says a message in this session's conversation and returns the reply, with {@link
   * GenerationConfig#defaults()}.
   *
   * @see #streamChat(ChatMessage, GenerationConfig)
   */
  default Generation chat(ChatMessage message) {
    return chat(message, GenerationConfig.defaults());
  }

  /**
   * Says a message in this session's conversation and returns the reply.
   *
   * @see #streamChat(ChatMessage, GenerationConfig)
   */
  Generation chat(ChatMessage message, GenerationConfig config);

  /**
   * Says a message in this session's conversation and streams the reply. The conversation so far
   * and the message are laid out by the model's own chat template; message content can never
   * produce special tokens. To say something without asking for a reply, such as a system message,
   * use {@link #addMessage}.
   *
   * <p>Message and reply join the conversation when the reply is complete or was cancelled; a reply
   * that failed leaves the conversation as it was.
   *
   * @param message what is said, usually {@link ChatMessage#user}
   * @param config when to stop and how to choose tokens
   * @throws IllegalStateException if the model has no tokenizer or no chat template
   * @throws ContextOverflowException if the conversation no longer fits the context
   * @throws io.github.bitnet4j.tokenizer.ChatTemplateException if the template refuses the
   *     conversation, for instance the order of its roles
   */
  TokenStream streamChat(ChatMessage message, GenerationConfig config);

  /** Adds a message to the conversation without a reply, such as {@link ChatMessage#system}. */
  void addMessage(ChatMessage message);

  /** Returns the conversation so far, oldest message first: a copy. */
  List<ChatMessage> messages();

  /**
   * Runs the model once over token ids and reports every intermediate value of every layer, in the
   * order of computation. It starts from an empty context, and leaves the ids in the KV cache. If
   * it is cancelled it returns early.
   *
   * <p>A diagnostic tool: it holds the values of all ids at once, the logits on the heap ({@code
   * ids x vocabSize} floats).
   *
   * @param ids the tokens, as for {@link #generate(int[], GenerationConfig)}
   * @param listener called on this thread
   */
  void trace(int[] ids, TraceListener listener);

  /** Returns the number of tokens in the KV cache. */
  int position();

  /** Returns the largest number of tokens, prompt and continuation, that the KV cache can hold. */
  int contextLength();

  /** Returns the memory taken by the KV cache now, in bytes. It grows as positions are used. */
  long kvCacheBytes();

  /** Forgets the conversation and empties the KV cache. */
  void reset();

  /**
   * Asks the generation that is running, if any, to stop: it ends with {@link
   * FinishReason#CANCELLED} within the time of one layer, also while it processes the prompt. May
   * be called from any thread.
   */
  void cancel();

  /**
   * Cancels what is running, waits for it, and releases the KV cache. May be called from any
   * thread; closing twice does nothing.
   */
  @Override
  void close();
}
