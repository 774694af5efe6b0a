package io.github.bitnet4j.core.session;

import io.github.bitnet4j.ContextOverflowException;
import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Logprobs;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.OverflowPolicy;
import io.github.bitnet4j.PrefillListener;
import io.github.bitnet4j.Token;
import io.github.bitnet4j.TokenStream;
import io.github.bitnet4j.core.constraint.ConstraintState;
import io.github.bitnet4j.core.constraint.ConstraintStoppedException;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.sampling.History;
import io.github.bitnet4j.core.sampling.TokenChooser;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * The generation loop: forward pass, choice of a token, text, and whether that was the end. One
 * step gives one token; {@code generate} runs the steps at once, a stream when its reader asks for
 * them.
 *
 * <p>A forward pass may have rows for guesses of the next tokens behind the row of the last token.
 * The token after a row is chosen from that row's logits, which are those of a pass of its own; if
 * it is what was guessed, the next row stands for the text as it goes on and its logits are used by
 * the next step. So every token is chosen from the same logits, after the same text, and with the
 * same random draw, as without guesses.
 *
 * <p>Its state is guarded by the session, which is held during each step.
 */
final class GenerationStream implements TokenStream {
  /** Drawn seeds are below: JSON clients keep numbers as doubles, exact up to 2^53. */
  private static final long DRAWN_SEEDS = 1L << 53;

  /** The longest array. */
  private static final long MAX_LENGTH = Integer.MAX_VALUE - 8;

  private final TransformerSession session;
  private final TransformerModel model;
  private final GenerationConfig config;
  private final ContextWindow window;
  private final Consumer<Generation> onFinish;
  private final long seed;
  private final TokenChooser chooser;
  private final LogitsRequest need;

  /** Note how probable the tokens are that are generated, and those of the prompt, if asked to. */
  private final @Nullable LogprobRecorder logprobs;

  private final @Nullable LogprobRecorder promptLogprobs;

  private final TextAssembler assembler;

  /** Ids that end the text besides the model's own, ascending. */
  private final int[] stopIds;

  private final TimeLimit timeLimit;
  private final StringBuilder text = new StringBuilder();

  /** Prompt and generated ids: the first {@code length} elements. */
  private int[] ids;

  /** The largest length; the array grows up to it. */
  private final int limit;

  private final int promptLength;
  private int length;

  /** The ids as the choice of the next sees them: without guesses. */
  private History history;

  /** Where the text is in what it must look like; null if it may be anything. */
  private final @Nullable ConstraintState constraint;

  /** Why the generation ended while its constraint was prepared; null if that was completed. */
  private final @Nullable FinishReason endedBeforeStart;

  /** Guesses the next tokens; null if the settings say not to. */
  private @Nullable PromptLookup lookup;

  /** The next row of the last pass to choose from, and the rows that stand for the text. */
  private int row;

  private int rows;

  /** How many ids had been computed when the last token was chosen; 0 before the first. */
  private int computed;

  private int draftedTokens;
  private int acceptedTokens;

  /**
   * Events, if the flight recorder was started in this JVM. The first event of a JVM takes a tenth
   * of a second, also where nothing is recorded.
   */
  private @Nullable PrefillEvent prefillEvent;

  private @Nullable DecodeEvent decodeEvent;
  private int reusedTokens;
  private long prefillNanos;
  private long decodeNanos;

  /** The token that the reader gets next, if it has been computed. */
  private @Nullable Token next;

  private final Iterator<Token> tokens =
      new Iterator<>() {
        @Override
        public boolean hasNext() {
          if (next == null) {
            stepForReader();
          }
          return next != null;
        }

        @Override
        public Token next() {
          if (!hasNext() || next == null) {
            throw new NoSuchElementException("the stream is at its end");
          }
          Token token = next;
          next = null;
          return token;
        }
      };

  private @Nullable FinishReason finishReason;
  private boolean failed;
  private volatile boolean closeRequested;

  /**
   * Creates a stream; nothing is computed yet.
   *
   * @param promptIds checked ids, at most as many as the window takes; not changed by anyone
   * @param window which tokens the model sees
   * @param onFinish hears of the result, unless generation fails
   */
  GenerationStream(
      TransformerSession session,
      TransformerModel model,
      int[] promptIds,
      GenerationConfig config,
      ContextWindow window,
      Consumer<Generation> onFinish) {
    this.session = session;
    this.model = model;
    this.config = config;
    this.window = window;
    this.onFinish = onFinish;
    seed = config.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong(DRAWN_SEEDS));
    chooser =
        new TokenChooser(
            config, seed, new SequenceBreakers(model, config.dry().sequenceBreakers()));
    logprobs = LogprobRecorder.of(config.logprobs());
    promptLogprobs = LogprobRecorder.of(config.promptLogprobs());
    need = logprobs == null ? chooser.need() : LogitsRequest.ALL;
    assembler =
        model.hasTokenizer()
            ? TextAssembler.of(model.tokenizer(), config.stop())
            : TextAssembler.none();
    stopIds = config.stopIds();
    timeLimit = TimeLimit.of(config.timeLimit(), session.callStart());
    promptLength = promptIds.length;
    length = promptLength;
    int contextLength = model.info().contextLength();
    long most = window.shifts() ? MAX_LENGTH : contextLength;
    limit = (int) Math.min((long) promptLength + config.maxTokens(), most);
    ids = Arrays.copyOf(promptIds, (int) Math.min(limit, (long) promptLength + contextLength));
    history = new History(ids, promptLength);
    ConstraintState begun = null;
    FinishReason ended = null;
    try {
      begun = begin(config);
    } catch (ConstraintStoppedException e) {
      ended = stopReason();
    }
    constraint = begun;
    endedBeforeStart = ended;
    lookup = newLookup();
  }

  private @Nullable ConstraintState begin(GenerationConfig config) {
    return config
        .constraint()
        .map(wanted -> model.begin(wanted, !config.ignoreStopTokens(), this::isCancelled))
        .orElse(null);
  }

  private @Nullable PromptLookup newLookup() {
    return config.speculation() && limit - promptLength > 2
        ? new PromptLookup(ids, promptLength)
        : null;
  }

  /** Makes room for more ids. */
  private void grow() {
    ids = Arrays.copyOf(ids, (int) Math.min(limit, 2L * length));
    history = new History(ids, promptLength);
    lookup = newLookup(); // learns the text again
  }

  @Override
  public Iterator<Token> iterator() {
    return tokens;
  }

  @Override
  public boolean isOpen() {
    session.enterForStream(closeRequested);
    try {
      return finishReason == null && !failed;
    } finally {
      session.exit();
    }
  }

  @Override
  public void close() {
    closeRequested = true;
    session.closeStream(this);
  }

  @Override
  public Generation result() {
    session.enterForStream(closeRequested);
    try {
      return generation();
    } finally {
      session.exit();
    }
  }

  private void stepForReader() {
    session.enterForStream(closeRequested);
    try {
      step(token -> {});
    } finally {
      session.exit();
    }
  }

  /** Generates to the end and tells of each token. The session is held. */
  Generation runToEnd(Consumer<? super Token> listener) {
    do {
      next = null;
      step(listener);
    } while (next != null);
    return generation();
  }

  /**
   * Computes the next token, unless the generation is at its end. The session is held.
   *
   * @param listener hears of the token; if it fails, so has the step
   */
  private void step(Consumer<? super Token> listener) {
    if (finishReason != null || failed) {
      return;
    }
    failed = true; // until this step has succeeded
    try {
      FinishReason ended = generateOrEnd();
      if (next != null) {
        listener.accept(next);
      }
      failed = false;
      if (ended != null) {
        endIfOpen(ended);
      }
    } finally {
      if (failed) {
        session.streamFailed();
      }
    }
  }

  /** Generates a token unless the generation is at its end; returns why it ends, if it does. */
  private @Nullable FinishReason generateOrEnd() {
    if (endedBeforeStart != null) {
      return endedBeforeStart;
    }
    if (length == promptLength && isAbandoned()) {
      return FinishReason.CANCELLED; // before the call, or before anything was computed
    }
    try {
      return isComplete()
          ? FinishReason.COMPLETE
          : length == limit ? lengthReason() : generateToken();
    } catch (ConstraintStoppedException e) {
      return stopReason();
    }
  }

  /** Generates one token into {@link #next}, and returns why it is the last one, if it is. */
  private @Nullable FinishReason generateToken() {
    long start = System.nanoTime();
    if (length == promptLength && FlightRecorder.isInitialized()) {
      prefillEvent = new PrefillEvent();
      prefillEvent.begin();
    }
    if (length == ids.length) {
      grow();
    }
    boolean cancelled = row < rows ? isCancelled() : !computeRows();
    if (cancelled) {
      return stopReason();
    }
    computed = length;
    Logits logits = session.logits(row++);
    if (logprobs != null) {
      logprobs.read(logits.values(), 0, logits.count());
    }
    long[] allowed = constraint == null ? null : constraint.mask();
    int id = chooser.choose(logits, history.upTo(length), allowed);
    Optional<Logprobs> probability =
        logprobs == null ? Optional.empty() : Optional.of(logprobs.add(id));
    if (row < rows) {
      if (id == ids[length]) {
        acceptedTokens++;
      } else {
        rows = row; // the other rows follow a text that is not this one
      }
    }
    if (length == promptLength) {
      prefillNanos = System.nanoTime() - start;
      commitPrefill();
      if (FlightRecorder.isInitialized()) {
        decodeEvent = new DecodeEvent();
        decodeEvent.begin();
      }
    } else {
      decodeNanos += System.nanoTime() - start;
    }
    ids[length++] = id;

    FinishReason ended = null;
    String piece;
    if (isStopId(id)) {
      ended = FinishReason.STOP_TOKEN;
      piece = assembler.finish();
    } else {
      piece = assembler.accept(id);
      ended = endAfter(id);
      if (ended != null) {
        piece += assembler.finish();
      }
      if (assembler.isStopped()) {
        ended = FinishReason.STOP_STRING;
      }
    }
    text.append(piece);
    next = new Token(id, piece, probability);
    return ended;
  }

  /** Follows the constraint over a token that is no stop token; returns why the text ends there. */
  private @Nullable FinishReason endAfter(int id) {
    try {
      if (constraint != null) {
        constraint.accept(id);
      }
      if (!assembler.isStopped()) {
        if (isComplete()) {
          return FinishReason.COMPLETE;
        }
        if (length == limit && !mustFail()) {
          return lengthReason();
        }
      }
      return null;
    } catch (ConstraintStoppedException e) {
      return stopReason(); // the token itself is there and is passed on
    }
  }

  private boolean isStopId(int id) {
    return (!config.ignoreStopTokens() && model.info().stopIds().contains(id))
        || Arrays.binarySearch(stopIds, id) >= 0;
  }

  /** Computes the logits after the last token and after guesses of the next; false if cancelled. */
  private boolean computeRows() {
    boolean first = length == promptLength;
    LogprobRecorder ofPrompt = first ? promptLogprobs : null;
    if (ofPrompt != null && !scorePrompt(ofPrompt)) {
      return false;
    }
    int guesses = first || lookup == null ? 0 : draft(lookup);
    long start = System.nanoTime();
    int reused = advance(guesses);
    if (reused < 0) {
      return false;
    }
    if (first) {
      reusedTokens = ofPrompt != null ? 0 : reused;
    } else {
      session.passCosts().add(rows, System.nanoTime() - start);
      draftedTokens += rows - 1;
    }
    return true;
  }

  /** Notes how probable the tokens of the prompt are; false if cancelled. */
  private boolean scorePrompt(LogprobRecorder recorder) {
    int vocabSize = model.info().vocabSize();
    return session.eachRow(
        ids,
        0,
        promptLength - 1, // what follows the last one is generated
        (position, logits, offset) -> {
          recorder.read(logits, offset, vocabSize);
          recorder.add(ids[position + 1]);
        },
        this::isCancelled,
        progress());
  }

  private int draft(PromptLookup lookup) {
    lookup.extend(length);
    // The last token of all needs no row of its own.
    int most = Math.min(PassCosts.MAX_ROWS, ids.length - length) - 1;
    return lookup.draft(Math.min(most, window.room(length)), session.passCosts());
  }

  /** Runs the forward pass; returns how many ids were in the cache, or -1 if cancelled. */
  private int advance(int guesses) {
    row = 0;
    rows = 1 + guesses;
    try {
      return session.advanceTo(
          window.seen(ids, length, guesses),
          window.length(length),
          guesses,
          need(guesses),
          this::isCancelled,
          progress());
    } catch (NonFiniteValueException e) {
      if (guesses == 0) {
        throw e;
      }
      return advance(0); // the text itself may be computable, and then a wrong guess was not
    }
  }

  private LogitsRequest need(int guesses) {
    if (constraint == null || logprobs != null) {
      return need;
    }
    // What may follow a guess is not known yet.
    return guesses == 0 ? chooser.needAmong(constraint.mask()) : LogitsRequest.ALL;
  }

  /** Returns what hears of the passes that come now. */
  private IntConsumer progress() {
    PrefillListener listener = config.onPrefill().orElse(null);
    return listener == null || length > promptLength
        ? done -> {}
        : done -> listener.onPrefill(done, promptLength);
  }

  /** Leaves the cache as it would be without guesses. */
  private void forgetGuesses() {
    if (computed > 0) {
      session.forgetFrom(window.length(computed));
    }
  }

  /** Returns whether the text is what it must look like, and nothing can follow. */
  private boolean isComplete() {
    return constraint != null && constraint.isFinished();
  }

  /** Returns why the text at its largest length ends. */
  private FinishReason lengthReason() {
    if (mustFail()) {
      throw ContextOverflowException.ofContinuation(model.info().contextLength());
    }
    return length - promptLength == config.maxTokens()
        ? FinishReason.LENGTH
        : FinishReason.CONTEXT_FULL;
  }

  /** Returns whether to go on from the largest length is an error. */
  private boolean mustFail() {
    return config.overflow() == OverflowPolicy.FAIL && length - promptLength < config.maxTokens();
  }

  private boolean isCancelled() {
    return isAbandoned() || timeLimit.isOver();
  }

  /** Returns why a generation that {@link #isCancelled} ends. */
  private FinishReason stopReason() {
    return isAbandoned() ? FinishReason.CANCELLED : FinishReason.TIME_LIMIT;
  }

  /** Returns whether someone wants no more of this generation. */
  private boolean isAbandoned() {
    return closeRequested || session.isCancelled();
  }

  /** Ends the generation if it is still going on. The session is held. */
  void endIfOpen(FinishReason reason) {
    if (finishReason == null && !failed) {
      finishReason = reason;
      forgetGuesses();
      session.streamEnded();
      if (length > promptLength) {
        commitDecode(reason);
      }
      onFinish.accept(generation());
    }
  }

  private void commitPrefill() {
    if (prefillEvent == null) {
      return;
    }
    prefillEvent.end();
    if (prefillEvent.shouldCommit()) {
      prefillEvent.promptTokens = promptLength;
      prefillEvent.reusedTokens = reusedTokens;
      prefillEvent.kvCacheBytes = session.cacheBytes();
      prefillEvent.commit();
    }
  }

  private void commitDecode(FinishReason reason) {
    if (decodeEvent == null) {
      return;
    }
    decodeEvent.end();
    if (decodeEvent.shouldCommit()) {
      decodeEvent.tokens = length - promptLength - 1;
      decodeEvent.acceptedTokens = acceptedTokens;
      decodeEvent.finishReason = reason.name();
      decodeEvent.commit();
    }
  }

  private Generation generation() {
    if (failed) {
      throw new IllegalStateException("the generation failed with an exception");
    }
    if (finishReason == null) {
      throw new IllegalStateException("the stream is open; read it to its end or close it first");
    }
    int generated = length - promptLength;
    return new Generation(
        Arrays.copyOf(ids, promptLength),
        Arrays.copyOfRange(ids, promptLength, length),
        text.toString(),
        finishReason,
        seed,
        new Generation.Stats(
            reusedTokens,
            generated == 0 ? 0 : window.length(promptLength) - reusedTokens,
            Duration.ofNanos(prefillNanos),
            Math.max(0, generated - 1),
            Duration.ofNanos(decodeNanos),
            draftedTokens,
            acceptedTokens),
        LogprobRecorder.recorded(logprobs),
        LogprobRecorder.recorded(promptLogprobs));
  }
}
