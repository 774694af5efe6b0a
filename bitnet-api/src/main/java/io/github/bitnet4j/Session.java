package io.github.bitnet4j;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * One text being written or one conversation: the tokens seen so far and the model's memory of them
 * (the KV cache).
 *
 * <p><b>Contexts.</b> {@code generate} and {@code stream} take the whole context: the result
 * depends on the prompt alone, not on earlier calls. What the prompt shares with the tokens already
 * in the KV cache is not computed again, and {@link Generation.Stats#reusedTokens} tells how much
 * that was. {@code chat} adds a message to a conversation that the session keeps. The KV cache
 * never decides about a result, only about how long it takes.
 *
 * <p><b>Threads.</b> A session may be used by any thread, but by one at a time: a second thread
 * gets a {@link ConcurrentModificationException}. Only {@link #cancel} and {@link #close} may be
 * called from another thread while the session works. While a {@link TokenStream} is open, every
 * other method but those two throws {@link IllegalStateException}.
 *
 * <p><b>Interrupts.</b> Interrupting the thread that generates acts like {@link #cancel}; the
 * thread's interrupt status stays set.
 *
 * <p><b>Callbacks.</b> A {@link Sampler}, {@link LogitsProcessor}, {@link TraceListener}, {@link
 * PrefillListener} or listener of tokens that uses or closes the session it works for gets an
 * {@link IllegalStateException}; it may call {@link #cancel}.
 *
 * <p><b>Errors.</b> Every method but {@link #cancel} and {@link #close} throws {@link
 * IllegalStateException} if the session is closed or another thread has begun to close it. After
 * any exception the conversation and the tokens in the KV cache are as they were before the call.
 * To that end, what a call writes over in the KV cache is held until it ends: a prompt that has
 * little in common with the one before takes memory for both meanwhile.
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
   *     that is not below the vocabulary size, or keeps as many tokens as the context holds
   * @throws OutputConstraintException if the constraint of {@code config} cannot be used
   * @throws ContextOverflowException if the prompt is longer than the context or, with {@link
   *     OverflowPolicy#FAIL}, the continuation is; with {@link OverflowPolicy#SHIFT} never
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
   *     negative or not below the vocabulary size, or {@code config} keeps as many tokens as the
   *     context holds
   * @throws OutputConstraintException if the constraint of {@code config} cannot be used
   * @throws ContextOverflowException if there are more ids than the context holds or, with {@link
   *     OverflowPolicy#FAIL}, the continuation goes beyond it; with {@link OverflowPolicy#SHIFT}
   *     never
   * @throws IllegalStateException if {@code config} has stop strings, sequence breakers or a
   *     constraint and the model no tokenizer, or no token can be chosen, as {@link
   *     GenerationConfig} says
   * @throws NonFiniteValueException if the model computes a NaN or an infinity
   */
  Generation generate(int[] promptIds, GenerationConfig config);

  /**
   * Continues a text, tells a listener of each token, and returns when the continuation is
   * complete.
   *
   * @param prompt as for {@link #generate(String, GenerationConfig)}, with the same exceptions
   * @param config when to stop and how to choose tokens
   * @param listener gets each token on this thread as soon as it is chosen; their texts joined are
   *     that of the result. An exception of it ends the generation and passes through.
   */
  Generation generate(String prompt, GenerationConfig config, Consumer<? super Token> listener);

  /**
   * Continues a sequence of token ids, tells a listener of each token, and returns when the
   * continuation is complete.
   *
   * @param promptIds as for {@link #generate(int[], GenerationConfig)}, with the same exceptions
   * @param config when to stop and how to choose tokens
   * @param listener as for {@link #generate(String, GenerationConfig, Consumer)}
   */
  Generation generate(int[] promptIds, GenerationConfig config, Consumer<? super Token> listener);

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
   * Says a message in this session's conversation, tells a listener of each token of the reply, and
   * returns the reply.
   *
   * @param message as for {@link #streamChat}, with the same exceptions
   * @param config when to stop and how to choose tokens
   * @param listener as for {@link #generate(String, GenerationConfig, Consumer)}; if it fails, the
   *     conversation is as it was before
   */
  Generation chat(ChatMessage message, GenerationConfig config, Consumer<? super Token> listener);

  /**
   * Says a message in this session's conversation and streams the reply. The conversation so far
   * and the message are laid out by the model's own chat template; message content can never
   * produce special tokens. To say something without asking for a reply, such as a system message,
   * use {@link #addMessage}.
   *
   * <p>Message and reply join the conversation when the reply is complete or was cancelled; a reply
   * that failed leaves the conversation as it was. A conversation that outgrows the context is
   * refused, or loses its oldest turns but not its system message: {@link OverflowPolicy} says how.
   *
   * @param message what is said, usually {@link ChatMessage#user}
   * @param config when to stop and how to choose tokens
   * @throws IllegalStateException if the model has no tokenizer or no chat template
   * @throws ContextOverflowException if the conversation no longer fits the context, as {@link
   *     OverflowPolicy} says
   * @throws io.github.bitnet4j.tokenizer.ChatTemplateException if the template refuses the
   *     conversation, for instance the order of its roles
   */
  TokenStream streamChat(ChatMessage message, GenerationConfig config);

  /** Adds a message to the conversation without a reply, such as {@link ChatMessage#system}. */
  void addMessage(ChatMessage message);

  /** Returns the conversation so far, oldest message first: a copy. */
  List<ChatMessage> messages();

  /**
   * Takes back the end of the conversation: only its first messages stay. {@code keepMessages(1)}
   * starts anew with the system message, {@code keepMessages(messages().size() - 2)} takes back the
   * last turn. Tokens of what stays that are in the KV cache are not computed again.
   *
   * @param count number of messages that stay
   * @throws IllegalArgumentException if negative or above the number of messages
   */
  void keepMessages(int count);

  /**
   * Opens a session with the same conversation and KV cache, independent of this one. The caller
   * closes it.
   *
   * <p>The two share the memory of the KV cache as long as both leave it as it is. Before one of
   * them writes into a block of 64 positions that it shares, it gets a copy; memory is released
   * with the last session that needs it. Forks may be used by several threads at the same time, one
   * for each session, and forked again.
   */
  Session fork();

  /**
   * Writes conversation and KV cache to a file, for {@link Model#restoreSession}. The file takes
   * its name when it is complete, in the place of one that has it; if writing fails, nothing
   * changes. Its size is about {@link #kvCacheBytes}, less what stands behind {@link #position}.
   * Seeds and settings are not part of it.
   *
   * <p>Only a regular file is replaced, not a pipe or a device. If the path is a link, the file
   * that it leads to is replaced. The texts of all messages may take up to 16 MB, as UTF-16.
   *
   * <p>The file holds the texts in plain form; on POSIX systems only its owner may read it.
   *
   * @param file where to write
   * @throws IOException if writing fails, also if the thread is interrupted or the texts are too
   *     long
   */
  void save(Path file) throws IOException;

  /**
   * Returns how probable the model finds a text, for instance for its {@link Score#perplexity}. All
   * of its tokens are scored, but the first one if the model expects no beginning-of-sequence token
   * to put before it. Memory is taken for a few rows of logits at a time.
   *
   * <p>{@link #cancel}, an interrupt or {@link #close} stop it as they stop a generation.
   *
   * @param text as a prompt for {@link #generate(String, GenerationConfig)}
   * @throws IllegalArgumentException if no token is left to be scored
   * @throws ContextOverflowException if the text is longer than the context; windows of it can be
   *     scored by {@link #score(int[], int[])}
   * @throws IllegalStateException if the model has no tokenizer
   * @throws CancellationException if it is cancelled
   * @throws NonFiniteValueException if the model computes a NaN or an infinity
   */
  Score score(String text);

  /**
   * Returns how probable the model finds token ids, all but the first one.
   *
   * @param ids the whole context, at least two ids, with the exceptions of {@link #score(int[],
   *     int[])}
   */
  Score score(int[] ids);

  /**
   * Returns how probable a continuation of a prompt is. To choose the best of several answers,
   * score each after the same prompt, and take the one with the largest {@link Score#sum}, or with
   * the largest {@link Score#mean} if long ones are not to be at a disadvantage. The prompt is
   * computed once: as in {@code generate}, what the KV cache holds of it is used.
   *
   * <p>Prompt and continuation are encoded as one text, so a space between them should begin the
   * continuation. Scored are the tokens from the first on that differs from the prompt's own; where
   * characters of both share a token, it is that one.
   *
   * @param prompt as for {@link #generate(String, GenerationConfig)}
   * @param continuation the text after it
   * @throws IllegalArgumentException if the prompt is empty, or no token is left to be scored
   * @throws ContextOverflowException if both are longer than the context together
   * @throws IllegalStateException if the model has no tokenizer
   * @throws CancellationException if it is cancelled
   * @throws NonFiniteValueException if the model computes a NaN or an infinity
   */
  Score score(String prompt, String continuation);

  /**
   * Returns how probable a continuation of a prompt is, as {@link #score(String, String)}.
   *
   * @param promptIds the whole context before the continuation
   * @param continuationIds the ids that are scored
   * @throws IllegalArgumentException if there are no ids in one, or an id is negative or not below
   *     the vocabulary size
   * @throws ContextOverflowException if there are more ids in both than the context holds
   * @throws CancellationException if it is cancelled
   * @throws NonFiniteValueException if the model computes a NaN or an infinity
   */
  Score score(int[] promptIds, int[] continuationIds);

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

  /** Returns the number of tokens that the KV cache can still take. */
  default int remainingTokens() {
    return contextLength() - position();
  }

  /**
   * Returns the number of prompt tokens that {@link #generate(String, GenerationConfig)} would make
   * of a text. {@code contextLength()} less this is room for the continuation.
   *
   * @throws IllegalArgumentException if the text is empty
   * @throws IllegalStateException if the model has no tokenizer
   */
  int countTokens(String prompt);

  /**
   * Returns the number of prompt tokens that {@link #chat} would make of this session's
   * conversation and a message: the whole of it, also what {@link OverflowPolicy#SHIFT} would leave
   * out. {@code contextLength()} less this is room for the reply.
   *
   * @throws IllegalStateException if the model has no tokenizer or no chat template
   * @throws io.github.bitnet4j.tokenizer.ChatTemplateException if the template refuses the
   *     conversation
   */
  int countTokens(ChatMessage message);

  /**
   * Returns the memory taken by the KV cache now, in bytes. It grows in blocks as positions are
   * used. Blocks that are shared with a {@link #fork} count in full in each session.
   */
  long kvCacheBytes();

  /**
   * Forgets the tokens in the KV cache from a position on, and releases blocks that hold none then.
   * The conversation stays as it is, see {@link #keepMessages}; what is missing of it is computed
   * again when it is needed.
   *
   * @param position number of tokens that stay
   * @throws IllegalArgumentException if negative or above {@link #position()}
   */
  void rewind(int position);

  /**
   * Forgets the conversation and a {@link #cancel} that has not been used, empties the KV cache and
   * releases its memory.
   */
  void reset();

  /**
   * Cancels the call that is running or, if none is running, the next one. May be called from any
   * thread, at any time; it does not wait.
   *
   * <p>The calls that can be cancelled are {@code generate}, {@code chat}, {@code stream}, {@code
   * streamChat}, {@code score} and {@link #trace}. A token stream counts as running from its
   * opening to its end, also while nobody reads it. A running call stops within the time of one
   * layer, also while it processes the prompt: a generation ends with {@link
   * FinishReason#CANCELLED} and keeps the tokens that it has, {@code score} throws {@link
   * CancellationException}, {@code trace} returns early.
   *
   * <p>If no call is running, the request is kept, and the next of these calls is cancelled at its
   * start: a generation has no tokens, and a chat adds its message and an empty reply as when it is
   * cancelled while it processes the prompt. All other methods leave the request for later, but
   * {@link #reset} discards it; a {@link #fork} does not inherit it, and {@link #save} does not
   * store it.
   *
   * <p>One call uses the request up, however it ends: with its last token, or with an exception
   * also if its arguments are wrong. Several requests before the end of a call are one. So the call
   * after the cancelled one is not affected. A call that is refused because the session is in use,
   * has an open stream or is closed uses nothing up.
   */
  void cancel();

  /**
   * Cancels what is running, waits for it, and releases the KV cache. May be called from any
   * thread; closing twice does nothing. A session that is dropped without this keeps the memory of
   * its KV cache, and its model cannot be closed.
   */
  @Override
  void close();
}
