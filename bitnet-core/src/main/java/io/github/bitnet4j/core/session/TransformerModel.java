package io.github.bitnet4j.core.session;

import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelInfo;
import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.cache.KvMemory;
import io.github.bitnet4j.core.constraint.ConstraintState;
import io.github.bitnet4j.core.constraint.ModelConstraints;
import io.github.bitnet4j.core.engine.InferenceEngine;
import io.github.bitnet4j.core.format.InputFiles;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A loaded model and what it owns: the mapped weights and the worker team. */
final class TransformerModel implements Model {
  private final ModelInfo info;
  private final @Nullable Tokenizer tokenizer;
  private final String noTokenizerReason;
  private final InferenceEngine engine;
  private final KvCacheType kvCacheType;
  private final WorkerTeam team;
  private final List<Arena> arenas;
  private final InputFiles input;
  private final KvMemory kvMemory = new KvMemory();
  private final @Nullable ModelConstraints constraints;
  private final Object lock = new Object();
  private final Object fingerprintLock = new Object();
  private byte[] fingerprint = {};
  private int openSessions;
  private boolean closed;

  TransformerModel(
      ModelInfo info,
      @Nullable Tokenizer tokenizer,
      String noTokenizerReason,
      InferenceEngine engine,
      KvCacheType kvCacheType,
      WorkerTeam team,
      List<Arena> arenas,
      InputFiles input) {
    this.info = info;
    this.tokenizer = tokenizer;
    this.noTokenizerReason = noTokenizerReason;
    this.engine = engine;
    this.kvCacheType = kvCacheType;
    this.team = team;
    this.arenas = arenas;
    this.input = input;
    constraints =
        tokenizer == null
            ? null
            : new ModelConstraints(tokenizer, info.vocabSize(), info.stopIds());
  }

  @Override
  public ModelInfo info() {
    return info;
  }

  @Override
  public Tokenizer tokenizer() {
    if (tokenizer == null) {
      throw new IllegalStateException(
          "%s takes token ids only: %s".formatted(info.path(), noTokenizerReason));
    }
    return tokenizer;
  }

  /** Begins a text; as {@link ModelConstraints#begin}, and needs the tokenizer. */
  ConstraintState begin(OutputConstraint constraint, boolean mayStop, BooleanSupplier stopped) {
    if (constraints == null) {
      throw new IllegalStateException(
          "%s takes token ids only, and a constraint is about text: %s"
              .formatted(info.path(), noTokenizerReason));
    }
    return constraints.begin(constraint, mayStop, stopped);
  }

  boolean hasTokenizer() {
    return tokenizer != null;
  }

  InferenceEngine engine() {
    return engine;
  }

  KvCacheType kvCacheType() {
    return kvCacheType;
  }

  /** Returns the memory of the KV caches of all sessions. */
  KvMemory kvMemory() {
    return kvMemory;
  }

  /**
   * Returns what tells this model from others: not a copy. The first call computes it.
   *
   * @throws IOException if a file of the model was cut short and cannot be read any more
   */
  byte[] fingerprint() throws IOException {
    synchronized (fingerprintLock) {
      if (fingerprint.length == 0) {
        fingerprint = input.reading(engine::fingerprint);
      }
      return fingerprint;
    }
  }

  @Override
  public Session restoreSession(Path file) throws IOException {
    TransformerSession session = newSession(new PassCosts());
    boolean restored = false;
    try {
      session.restore(file);
      restored = true;
      return session;
    } finally {
      if (!restored) {
        session.close();
      }
    }
  }

  @Override
  public Session newSession() {
    return newSession(new PassCosts());
  }

  /** Opens a session that takes its passes to cost what {@code costs} says. */
  TransformerSession newSession(PassCosts costs) {
    return open(
        () ->
            new TransformerSession(
                this,
                costs,
                new KvCache(engine.config(), info.contextLength(), kvCacheType, kvMemory)));
  }

  /** Opens the session that the supplier returns. */
  TransformerSession open(Supplier<TransformerSession> newSession) {
    synchronized (lock) {
      if (closed) {
        throw new IllegalStateException("the model is closed: " + info.path());
      }
      TransformerSession session = newSession.get();
      openSessions++;
      return session;
    }
  }

  /** Called once by each session when it is closed. */
  void sessionClosed() {
    synchronized (lock) {
      openSessions--;
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      if (closed) {
        return;
      }
      if (openSessions > 0) {
        throw new IllegalStateException(
            "%d sessions of %s are still open; close them first"
                .formatted(openSessions, info.path()));
      }
      closed = true;
    }
    engine.close();
    team.close();
    arenas.forEach(Arena::close);
  }

  @Override
  public String toString() {
    return "Model[%s, %s, kernels %s]".formatted(info.path(), info.architecture(), info.kernels());
  }
}
