package io.github.bitnet4j.core.session;

import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.Token;
import io.github.bitnet4j.TokenStream;
import io.github.bitnet4j.core.constraint.ConstraintState;
import io.github.bitnet4j.core.sampling.History;
import io.github.bitnet4j.core.sampling.LogitNeed;
import io.github.bitnet4j.core.sampling.TokenChooser;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
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
  private final TransformerSession session;
  private final TransformerModel model;
  private final GenerationConfig config;
  private final Consumer<Generation> onFinish;
  private final long seed;
  private final TokenChooser chooser;
  private final TextAssembler assembler;
  private final StringBuilder text = new StringBuilder();

  /** Prompt and generated ids: the first {@code length} elements. */
  private final int[] ids;

  private final int promptLength;
  private int length;

  /** The ids as the choice of the next sees them: without guesses. */
  private final History history;

  /** Where the text is in what it must look like; null if it may be anything. */
  private final @Nullable ConstraintState constraint;

  /** Guesses the next tokens; null if the settings say not to. */
  private final @Nullable PromptLookup lookup;

  /** The next row of the last pass to choose from, and the rows that stand for the text. */
  private int row;

  private int rows;

  /** How many ids had been computed when the last token was chosen; 0 before the first. */
  private int computed;

  private int draftedTokens;
  private int acceptedTokens;

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
   * @param promptIds checked ids, at most as many as the context holds; not changed by anyone
   * @param onFinish hears of the result, unless generation fails
   */
  GenerationStream(
      TransformerSession session,
      TransformerModel model,
      int[] promptIds,
      GenerationConfig config,
      Consumer<Generation> onFinish) {
    this.session = session;
    this.model = model;
    this.config = config;
    this.onFinish = onFinish;
    seed = config.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong());
    chooser =
        new TokenChooser(
            config, seed, new SequenceBreakers(model, config.dry().sequenceBreakers()));
    assembler =
        model.hasTokenizer()
            ? TextAssembler.of(model.tokenizer(), config.stop())
            : TextAssembler.none();
    promptLength = promptIds.length;
    length = promptLength;
    int room = Math.min(config.maxTokens(), model.info().contextLength() - promptLength);
    ids = Arrays.copyOf(promptIds, promptLength + room);
    history = new History(ids, promptLength);
    constraint =
        config
            .constraint()
            .map(wanted -> model.begin(wanted, !config.ignoreStopTokens()))
            .orElse(null);
    lookup = config.speculation() && room > 2 ? new PromptLookup(ids, promptLength) : null;
  }

  @Override
  public Iterator<Token> iterator() {
    return tokens;
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
      step();
    } finally {
      session.exit();
    }
  }

  /** Generates to the end. The session is held. */
  Generation runToEnd() {
    do {
      next = null;
      step();
    } while (next != null);
    return generation();
  }

  /** Computes the next token, unless the generation is at its end. The session is held. */
  private void step() {
    if (finishReason != null || failed) {
      return;
    }
    failed = true; // until this step has succeeded
    try {
      FinishReason ended = endReason(); // before the first token; afterwards it has been seen
      if (ended == null) {
        ended = generateToken();
      }
      failed = false;
      if (ended != null) {
        endIfOpen(ended);
      }
    } finally {
      if (failed) {
        forgetGuesses();
        session.streamEnded();
      }
    }
  }

  /** Generates one token into {@link #next}, and returns why it is the last one, if it is. */
  private @Nullable FinishReason generateToken() {
    long start = System.nanoTime();
    boolean cancelled = row < rows ? isCancelled() : !computeRows();
    if (cancelled) {
      return FinishReason.CANCELLED;
    }
    computed = length;
    long[] allowed = constraint == null ? null : constraint.mask();
    int id = chooser.choose(session.logits(row++), history.upTo(length), allowed);
    if (row < rows) {
      if (id == ids[length]) {
        acceptedTokens++;
      } else {
        rows = row; // the other rows follow a text that is not this one
      }
    }
    if (length == promptLength) {
      prefillNanos = System.nanoTime() - start;
    } else {
      decodeNanos += System.nanoTime() - start;
    }
    ids[length++] = id;

    FinishReason ended = null;
    String piece;
    if (!config.ignoreStopTokens() && model.info().stopIds().contains(id)) {
      ended = FinishReason.STOP_TOKEN;
      piece = assembler.finish();
    } else {
      piece = assembler.accept(id);
      if (constraint != null) {
        constraint.accept(id);
      }
      FinishReason atEnd = assembler.isStopped() ? null : endReason();
      if (atEnd != null) {
        ended = atEnd;
        piece += assembler.finish();
      }
      if (assembler.isStopped()) {
        ended = FinishReason.STOP_STRING;
      }
    }
    text.append(piece);
    next = new Token(id, piece);
    return ended;
  }

  /** Computes the logits after the last token and after guesses of the next; false if cancelled. */
  private boolean computeRows() {
    boolean first = length == promptLength;
    int guesses = first || lookup == null ? 0 : draft(lookup);
    long start = System.nanoTime();
    int reused = advance(guesses);
    if (reused < 0) {
      return false;
    }
    if (first) {
      reusedTokens = reused;
    } else {
      session.passCosts().add(rows, System.nanoTime() - start);
      draftedTokens += rows - 1;
    }
    return true;
  }

  private int draft(PromptLookup lookup) {
    lookup.extend(length);
    // The last token of all needs no row of its own.
    int most = Math.min(PassCosts.MAX_ROWS, ids.length - length) - 1;
    return lookup.draft(most, session.passCosts());
  }

  /** Runs the forward pass; returns how many ids were in the cache, or -1 if cancelled. */
  private int advance(int guesses) {
    row = 0;
    rows = 1 + guesses;
    try {
      return session.advanceTo(ids, length, guesses, need(guesses), this::isCancelled);
    } catch (NonFiniteValueException e) {
      if (guesses == 0) {
        throw e;
      }
      return advance(0); // the text itself may be computable, and then a wrong guess was not
    }
  }

  private LogitNeed need(int guesses) {
    if (constraint == null) {
      return chooser.need();
    }
    // What may follow a guess is not known yet.
    return guesses == 0 ? chooser.needAmong(constraint.mask()) : LogitNeed.ALL;
  }

  /** Leaves the cache as it would be without guesses. */
  private void forgetGuesses() {
    if (computed > 0) {
      session.forgetFrom(computed);
    }
  }

  /** Returns why the text ends here, if it does. */
  private @Nullable FinishReason endReason() {
    if (constraint != null && constraint.isFinished()) {
      return FinishReason.COMPLETE;
    }
    if (length < ids.length) {
      return null;
    }
    return length - promptLength == config.maxTokens()
        ? FinishReason.LENGTH
        : FinishReason.CONTEXT_FULL;
  }

  private boolean isCancelled() {
    return closeRequested || session.isCancelled();
  }

  /** Ends the generation if it is still going on. The session is held. */
  void endIfOpen(FinishReason reason) {
    if (finishReason == null && !failed) {
      finishReason = reason;
      forgetGuesses();
      session.streamEnded();
      onFinish.accept(generation());
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
            generated == 0 ? 0 : promptLength - reusedTokens,
            Duration.ofNanos(prefillNanos),
            Math.max(0, generated - 1),
            Duration.ofNanos(decodeNanos),
            draftedTokens,
            acceptedTokens));
  }
}
