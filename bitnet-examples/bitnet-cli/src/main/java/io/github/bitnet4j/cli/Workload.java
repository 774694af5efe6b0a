package io.github.bitnet4j.cli;

import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Work whose speed is measured, in tokens per second.
 *
 * @param kind what is timed
 * @param tokens how many tokens are timed, in each session
 * @param context tokens before them
 * @param sessions sessions at the same time, on a thread each
 */
record Workload(Kind kind, int tokens, int context, int sessions) {
  enum Kind {
    /** A prompt is processed, in an empty context. */
    PREFILL,
    /** Tokens are generated one by one. */
    DECODE,
    /** Tokens are generated with {@link GenerationConfig#speculation}. */
    SPECULATION
  }

  static Workload prefill(int tokens) {
    return new Workload(Kind.PREFILL, tokens, 0, 1);
  }

  static Workload decode(int tokens, int context) {
    return new Workload(Kind.DECODE, tokens, context, 1);
  }

  /** Greedy text of a model with random weights, and of the demo model, soon repeats itself. */
  static Workload speculation(int tokens, int context) {
    return new Workload(Kind.SPECULATION, tokens, context, 1);
  }

  static Workload together(int sessions, int tokens, int context) {
    return new Workload(Kind.DECODE, tokens, context, sessions);
  }

  String name() {
    String name =
        switch (kind) {
          case PREFILL -> "prefill " + tokens;
          case DECODE -> "decode " + tokens + " after " + context;
          case SPECULATION -> "speculate " + tokens + " after " + context;
        };
    return sessions == 1 ? name : name + ", " + sessions + " sessions";
  }

  /** Returns the positions it takes. */
  int positions() {
    return context + tokens + sessions;
  }

  /**
   * Does the work once.
   *
   * @param open as many sessions as it takes
   * @param ids enough of them
   * @return what each session says
   */
  List<Generation.Stats> run(List<Session> open, int[] ids) {
    if (sessions == 1) {
      return List.of(run(open.getFirst(), ids, 0));
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(sessions)) {
      List<Future<Generation.Stats>> running = new ArrayList<>();
      for (int i = 0; i < sessions; i++) {
        Session session = open.get(i);
        int first = i;
        running.add(threads.submit(() -> run(session, ids, first)));
      }
      List<Generation.Stats> stats = new ArrayList<>();
      for (Future<Generation.Stats> one : running) {
        stats.add(one.get());
      }
      return stats;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a session failed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private Generation.Stats run(Session session, int[] ids, int first) {
    if (kind == Kind.PREFILL) {
      session.reset(); // nothing of the prompt is in the KV cache
      return generate(session, Arrays.copyOfRange(ids, first, first + tokens), 1);
    }
    // The first new token comes from the prompt, which is in the KV cache from the second time.
    return generate(session, Arrays.copyOfRange(ids, first, first + context), tokens + 1);
  }

  private Generation.Stats generate(Session session, int[] prompt, int tokens) {
    GenerationConfig config =
        GenerationConfig.builder()
            .maxTokens(tokens)
            .ignoreStopTokens(true)
            .speculation(kind == Kind.SPECULATION)
            .build();
    return session.generate(prompt, config).stats();
  }

  /** Returns the tokens per second of all sessions together. */
  double rate(List<Generation.Stats> stats) {
    double rate = 0;
    for (Generation.Stats one : stats) {
      rate += kind == Kind.PREFILL ? one.prefillTokensPerSecond() : one.decodeTokensPerSecond();
    }
    return rate;
  }

  /** Returns whether each token takes a pass over the weights. */
  boolean readsWeightsForEachToken() {
    return kind == Kind.DECODE && sessions == 1;
  }
}
