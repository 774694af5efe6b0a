package io.github.bitnet4j.core.session;

import io.github.bitnet4j.ChatMessage;
import io.github.bitnet4j.ContextOverflowException;
import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Score;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.Token;
import io.github.bitnet4j.TokenStream;
import io.github.bitnet4j.TraceListener;
import io.github.bitnet4j.core.batching.BatchRequest;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.engine.InferenceEngine;
import io.github.bitnet4j.core.logits.LogitRows;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.PassOutput.AllTokens;
import io.github.bitnet4j.core.logits.PassOutput.EachToken;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A session: the KV cache, the ids it holds, and the conversation.
 *
 * <p>{@link #use} guards every entry: one thread at a time, not closed, no stream open. A {@link
 * GenerationStream} that an application reads enters through {@link #enterForStream} at each step.
 */
final class TransformerSession implements Session {
  private final TransformerModel model;
  private final InferenceEngine engine;
  private final KvCache cache;

  private final BatchRequest request;
  private final LastTokens lastTokens;

  private final PassCosts passCosts;

  private final ReentrantLock inUse = new ReentrantLock();
  private final List<ChatMessage> messages = new ArrayList<>();

  /** The ids whose keys and values are in the cache: its first {@code cache.length()} elements. */
  private int[] cachedIds = {};

  /** The ids that were in the cache when the call began that {@link #rollBack} undoes. */
  private int[] markedIds = {};

  /** When the last call that has the session began, by {@link System#nanoTime}. */
  private long callStart;

  private @Nullable GenerationStream openStream;

  /**
   * Whether the running call is to stop or, if none is running, the next one that computes. It is
   * cleared at the end of such a call, never at its begin: a request just before it would be lost.
   */
  private volatile boolean cancelRequested;

  private volatile boolean closed;
  private boolean released;

  /**
   * Creates a session that knows no ids and no messages.
   *
   * @param cache owned by the session from now on
   */
  TransformerSession(TransformerModel model, PassCosts passCosts, KvCache cache) {
    this.model = model;
    this.passCosts = passCosts;
    engine = model.engine();
    request = new BatchRequest(cache);
    this.cache = cache;
    Logits[] logits = new Logits[PassCosts.MAX_ROWS];
    Arrays.setAll(logits, row -> new Logits(engine.config().vocabSize()));
    lastTokens = new LastTokens(logits);
  }

  // ---- Generation

  @Override
  public Generation generate(String prompt, GenerationConfig config) {
    return generate(prompt, config, token -> {});
  }

  @Override
  public Generation generate(
      String prompt, GenerationConfig config, Consumer<? super Token> listener) {
    Objects.requireNonNull(listener, "listener");
    return compute(() -> open(encode(prompt), config).runToEnd(listener));
  }

  @Override
  public Generation generate(int[] promptIds, GenerationConfig config) {
    return generate(promptIds, config, token -> {});
  }

  @Override
  public Generation generate(
      int[] promptIds, GenerationConfig config, Consumer<? super Token> listener) {
    Objects.requireNonNull(listener, "listener");
    return compute(() -> open(promptIds.clone(), config).runToEnd(listener));
  }

  @Override
  public TokenStream stream(String prompt, GenerationConfig config) {
    return compute(() -> open(encode(prompt), config));
  }

  @Override
  public TokenStream stream(int[] promptIds, GenerationConfig config) {
    return compute(() -> open(promptIds.clone(), config));
  }

  @Override
  public Generation chat(ChatMessage message, GenerationConfig config) {
    return chat(message, config, token -> {});
  }

  @Override
  public Generation chat(
      ChatMessage message, GenerationConfig config, Consumer<? super Token> listener) {
    Objects.requireNonNull(listener, "listener");
    return compute(() -> openChat(message, config).runToEnd(listener));
  }

  @Override
  public TokenStream streamChat(ChatMessage message, GenerationConfig config) {
    return compute(() -> openChat(message, config));
  }

  private GenerationStream openChat(ChatMessage message, GenerationConfig config) {
    ChatPrompt prompt = ChatPrompt.of(model, messages, message, config);
    return open(
        prompt.ids(),
        config,
        ContextWindow.fixed(cache.contextLength()),
        reply -> {
          messages.clear();
          messages.addAll(prompt.messages());
          messages.add(ChatMessage.assistant(reply.text()));
        });
  }

  // ---- Scores

  @Override
  public Score score(String text) {
    return compute(() -> score(encode(text), 1));
  }

  @Override
  public Score score(int[] ids) {
    return compute(() -> score(ids.clone(), 1));
  }

  @Override
  public Score score(String prompt, String continuation) {
    return compute(
        () -> {
          int[] promptIds = encode(prompt);
          int[] ids = encode(prompt + continuation);
          int common = Arrays.mismatch(promptIds, ids);
          return score(ids, Math.max(1, common < 0 ? ids.length : common));
        });
  }

  @Override
  public Score score(int[] promptIds, int[] continuationIds) {
    return compute(
        () -> {
          if (promptIds.length == 0) {
            throw new IllegalArgumentException(
                "prompt: expected at least one token id, found none");
          }
          int[] ids = Arrays.copyOf(promptIds, promptIds.length + continuationIds.length);
          System.arraycopy(continuationIds, 0, ids, promptIds.length, continuationIds.length);
          return score(ids, promptIds.length);
        });
  }

  /** Scores the ids from {@code from} on, 1 or more. */
  private Score score(int[] ids, int from) {
    checkIds(ids, cache.contextLength());
    if (from >= ids.length) {
      throw new IllegalArgumentException(
          "expected a token to score after the first %d, found none".formatted(ids.length));
    }
    int vocabSize = engine.config().vocabSize();
    return undoIfItFails(() -> Scorer.score(this, ids, vocabSize, from));
  }

  private int[] encode(String prompt) {
    Tokenizer tokenizer = model.tokenizer();
    if (prompt.isEmpty()) {
      throw new IllegalArgumentException("prompt: expected some text, found an empty string");
    }
    return tokenizer.encode(prompt, new EncodeOptions(tokenizer.addsBos(), false));
  }

  private GenerationStream open(int[] promptIds, GenerationConfig config) {
    return open(
        promptIds, config, ContextWindow.of(config, cache.contextLength()), generation -> {});
  }

  private GenerationStream open(
      int[] promptIds,
      GenerationConfig config,
      ContextWindow window,
      Consumer<Generation> onFinish) {
    checkIds(promptIds, window.shifts() ? Integer.MAX_VALUE : cache.contextLength());
    checkIdsOf(config);
    boolean breaksSequences = config.dry().isActive() && !config.dry().sequenceBreakers().isEmpty();
    if (!config.stop().isEmpty() || breaksSequences) {
      model.tokenizer(); // they need text
    }
    GenerationStream stream =
        new GenerationStream(this, model, promptIds, config, window, onFinish);
    mark();
    openStream = stream;
    return stream;
  }

  private void checkIds(int[] ids, int most) {
    if (ids.length == 0) {
      throw new IllegalArgumentException("prompt: expected at least one token id, found none");
    }
    int vocabSize = engine.config().vocabSize();
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabSize) {
        throw new IllegalArgumentException(
            "prompt: expected token ids from 0 to %d, found %d at index %d"
                .formatted(vocabSize - 1, ids[i], i));
      }
    }
    if (ids.length > most) {
      throw new ContextOverflowException(ids.length, cache.contextLength());
    }
  }

  private void checkIdsOf(GenerationConfig config) {
    checkIds("stopIds", Arrays.stream(config.stopIds()));
    checkIds("bannedIds", Arrays.stream(config.bannedIds()));
    checkIds("allowedIds", Arrays.stream(config.allowedIds()));
    checkIds("logitBias", config.logitBias().keySet().stream().mapToInt(id -> id));
  }

  private void checkIds(String setting, IntStream ids) {
    int vocabSize = engine.config().vocabSize();
    ids.filter(id -> id >= vocabSize)
        .findFirst()
        .ifPresent(
            id -> {
              throw new IllegalArgumentException(
                  "%s: expected token ids from 0 to %d, found %d"
                      .formatted(setting, vocabSize - 1, id));
            });
  }

  // ---- For GenerationStream, which holds the session while it computes

  /**
   * Brings the cache to hold exactly the first {@code length + guesses} ids, and the logits to what
   * follows the last of the {@code length} ids and each guess. What the cache has in common with
   * the ids is kept.
   *
   * @param guesses number of ids at {@code length} that are only guesses
   * @param need which logits are needed
   * @param cancelled asked before every layer, besides the session's own reasons to stop
   * @param passed hears the length of the cache after each pass
   * @return how many ids were in the cache already, or -1 if cancelled
   */
  int advanceTo(
      int[] ids,
      int length,
      int guesses,
      LogitsRequest need,
      BooleanSupplier cancelled,
      IntConsumer passed) {
    int end = length + guesses;
    int reused = reuse(ids, length - 1, end); // the last id is needed for its logits
    LastTokens output = lastTokens.set(need, 1 + guesses);
    boolean complete = engine.forward(request, ids, end, output, cancelled, passed);
    return complete ? reused : -1;
  }

  /**
   * Brings the cache to hold exactly the first {@code end} ids, and passes on the logits after
   * those from {@code from} on. What the cache has in common with the ids before {@code from} is
   * kept.
   *
   * @param rows takes the logits; must not use this session
   * @param cancelled asked before every layer
   * @param passed hears the length of the cache after each pass
   * @return false if cancelled
   */
  boolean eachRow(
      int[] ids, int from, int end, LogitRows rows, BooleanSupplier cancelled, IntConsumer passed) {
    reuse(ids, from, end);
    return engine.forward(request, ids, end, new EachToken(from, rows), cancelled, passed);
  }

  /**
   * Cuts the cache to what it has in common with the ids, and takes them for those that it will
   * hold.
   *
   * @param most how many are kept at most
   * @param end how many ids there are
   * @return how many are kept
   */
  private int reuse(int[] ids, int most, int end) {
    int candidates = Math.min(cache.length(), most);
    int mismatch = Arrays.mismatch(cachedIds, 0, candidates, ids, 0, candidates);
    int reused = mismatch < 0 ? candidates : mismatch;
    cache.truncate(reused);
    if (cachedIds.length < end) {
      cachedIds = Arrays.copyOf(cachedIds, Math.min(cache.contextLength(), 2 * end));
    }
    System.arraycopy(ids, reused, cachedIds, reused, end - reused);
    return reused;
  }

  /**
   * Returns logits of the last pass; the objects are reused.
   *
   * @param row 0 for what follows the known ids, i for what follows guess i
   */
  Logits logits(int row) {
    return lastTokens.logits(row);
  }

  /** Returns when the call that has the session began, by {@link System#nanoTime}. */
  long callStart() {
    return callStart;
  }

  /** Returns the memory taken by the cache, in bytes. */
  long cacheBytes() {
    return cache.bytes();
  }

  /** Returns what passes of this session cost. */
  PassCosts passCosts() {
    return passCosts;
  }

  /** Removes from the cache what stands behind the first {@code length} ids, if anything. */
  void forgetFrom(int length) {
    if (cache.length() > length) {
      cache.truncate(length);
    }
  }

  /** Returns whether the session wants its generation to stop. */
  boolean isCancelled() {
    return cancelRequested || closed || Thread.currentThread().isInterrupted();
  }

  /** Called by the open stream when it is at its end. */
  void streamEnded() {
    openStream = null;
    cancelRequested = false;
    cache.unmark();
  }

  /** Called by the open stream when it has failed: the cache is again what it was. */
  void streamFailed() {
    openStream = null;
    cancelRequested = false;
    rollBack();
  }

  /** Runs an action; if it throws, the cache is again what it was. */
  private <T> T undoIfItFails(Supplier<T> action) {
    mark();
    boolean succeeded = false;
    try {
      T result = action.get();
      succeeded = true;
      return result;
    } finally {
      if (succeeded) {
        cache.unmark();
      } else {
        rollBack();
      }
    }
  }

  private void mark() {
    markedIds = Arrays.copyOf(cachedIds, cache.length());
    cache.mark();
  }

  private void rollBack() {
    cache.rollback();
    cachedIds = markedIds;
  }

  /**
   * Takes the session for a stream; to be followed by {@link #exit}.
   *
   * @param closing whether some thread has begun to close the stream
   */
  void enterForStream(boolean closing) {
    if (inUse.isHeldByCurrentThread()) {
      throw new IllegalStateException("a session cannot be used by a callback of its own");
    }
    if (!inUse.tryLock()) {
      if (!closed && !closing) {
        throw usedTwice();
      }
      inUse.lock(); // whoever closes has the session for a moment; the stream then is at its end
    }
  }

  void exit() {
    inUse.unlock();
  }

  /** Ends the stream as cancelled, waiting for a token that another thread is computing. */
  void closeStream(GenerationStream stream) {
    if (inUse.isHeldByCurrentThread()) {
      return; // a callback of the stream closes it: it stops when the callback returns
    }
    inUse.lock();
    try {
      stream.endIfOpen(FinishReason.CANCELLED);
    } finally {
      inUse.unlock();
    }
  }

  @Override
  public void addMessage(ChatMessage message) {
    Objects.requireNonNull(message, "message");
    use(() -> messages.add(message));
  }

  @Override
  public List<ChatMessage> messages() {
    return use(() -> List.copyOf(messages));
  }

  // ---- Trace and state

  @Override
  public void trace(int[] tracedIds, TraceListener listener) {
    int[] ids = tracedIds.clone();
    compute(
        () -> {
          checkIds(ids, cache.contextLength());
          long logitCount = (long) ids.length * engine.config().vocabSize();
          if (logitCount > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                "ids: expected few enough for %d logits, found %d"
                    .formatted(Integer.MAX_VALUE - 8, ids.length));
          }
          float[] allLogits = new float[(int) logitCount];
          return undoIfItFails(
              () -> {
                cache.truncate(0);
                cachedIds = ids;
                AllTokens output = new AllTokens(allLogits, listener);
                return engine.forward(
                    request, ids, ids.length, output, this::isCancelled, end -> {});
              });
        });
  }

  @Override
  public void keepMessages(int count) {
    use(
        () -> {
          if (count < 0 || count > messages.size()) {
            throw new IllegalArgumentException(
                "count: expected 0 to %d (the number of messages), found %d"
                    .formatted(messages.size(), count));
          }
          messages.subList(count, messages.size()).clear();
          return null;
        });
  }

  @Override
  public Session fork() {
    return use(() -> model.open(this::copy));
  }

  private TransformerSession copy() {
    TransformerSession copy = new TransformerSession(model, new PassCosts(), cache.fork());
    copy.cachedIds = Arrays.copyOf(cachedIds, cache.length());
    copy.messages.addAll(messages);
    return copy;
  }

  @Override
  public void save(Path file) throws IOException {
    enter();
    try {
      int[] ids = Arrays.copyOf(cachedIds, cache.length());
      new SessionFile(file, model, cache).write(new SessionFile.Conversation(ids, messages));
    } finally {
      exit();
    }
  }

  /** Becomes what a file says; called for a new session. */
  void restore(Path file) throws IOException {
    enter();
    try {
      SessionFile.Conversation conversation = new SessionFile(file, model, cache).read();
      cachedIds = conversation.ids();
      messages.addAll(conversation.messages());
    } finally {
      exit();
    }
  }

  @Override
  public int countTokens(String prompt) {
    return use(() -> encode(prompt).length);
  }

  @Override
  public int countTokens(ChatMessage message) {
    return use(() -> ChatPrompt.of(model, messages, message).ids().length);
  }

  @Override
  public int position() {
    return use(cache::length);
  }

  @Override
  public int contextLength() {
    return use(cache::contextLength);
  }

  @Override
  public long kvCacheBytes() {
    return use(cache::bytes);
  }

  @Override
  public void rewind(int position) {
    use(
        () -> {
          if (position < 0 || position > cache.length()) {
            throw new IllegalArgumentException(
                "position: expected 0 to %d (the tokens in the KV cache), found %d"
                    .formatted(cache.length(), position));
          }
          cache.shrink(position);
          return null;
        });
  }

  @Override
  public void reset() {
    use(
        () -> {
          messages.clear();
          cache.shrink(0);
          cancelRequested = false;
          return null;
        });
  }

  @Override
  public void cancel() {
    cancelRequested = true;
  }

  @Override
  public void close() {
    if (inUse.isHeldByCurrentThread()) {
      throw new IllegalStateException("a session cannot be closed by a callback of its own");
    }
    closed = true; // a running generation sees it and stops
    inUse.lock();
    try {
      if (!released) {
        released = true;
        if (openStream != null) {
          openStream.endIfOpen(FinishReason.CANCELLED);
        }
        engine.forget(request);
        cache.close();
        model.sessionClosed();
      }
    } finally {
      inUse.unlock();
    }
  }

  /** Runs an action with the session to itself. */
  private <T extends @Nullable Object> T use(Supplier<T> action) {
    long start = System.nanoTime();
    enter();
    try {
      callStart = start;
      return action.get();
    } finally {
      exit();
    }
  }

  /** Runs an action that {@link #cancel} can stop; the request ends with it or with its stream. */
  private <T extends @Nullable Object> T compute(Supplier<T> action) {
    return use(
        () -> {
          try {
            return action.get();
          } finally {
            if (openStream == null) {
              cancelRequested = false;
            }
          }
        });
  }

  /** Takes the session for itself; to be followed by {@link #exit}. */
  private void enter() {
    if (inUse.isHeldByCurrentThread()) {
      throw new IllegalStateException("a session cannot be used by a callback of its own");
    }
    if (!inUse.tryLock()) {
      // whoever closes says so before it takes the session, so it cannot be mistaken for a user
      throw closed ? isClosed() : usedTwice();
    }
    boolean usable = false;
    try {
      if (closed) {
        throw isClosed();
      }
      if (openStream != null) {
        throw new IllegalStateException(
            "a token stream of this session is open; read it to its end or close it first");
      }
      usable = true;
    } finally {
      if (!usable) {
        exit();
      }
    }
  }

  private static IllegalStateException isClosed() {
    return new IllegalStateException("the session is closed");
  }

  private static ConcurrentModificationException usedTwice() {
    return new ConcurrentModificationException(
        "the session is in use by another thread; open a session for each thread");
  }

  @Override
  public String toString() {
    return "Session[%s, %d of %d tokens]"
        .formatted(model.info().path(), cache.length(), cache.contextLength());
  }
}
