package io.github.bitnet4j.cli;

import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Session;
import java.util.Arrays;

/**
 * Work whose speed is measured, in tokens per second.
 *
 * @param kind what is timed
 * @param tokens how many tokens are timed
 * @param context tokens before them
 */
record Workload(Kind kind, int tokens, int context) {
  enum Kind {
    /** A prompt is processed, in an empty context. */
    PREFILL,
    /** Tokens are generated one by one. */
    DECODE
  }

  static Workload prefill(int tokens) {
    return new Workload(Kind.PREFILL, tokens, 0);
  }

  static Workload decode(int tokens, int context) {
    return new Workload(Kind.DECODE, tokens, context);
  }

  String name() {
    return switch (kind) {
      case PREFILL -> "prefill " + tokens;
      case DECODE -> "decode " + tokens + " after " + context;
    };
  }

  /** Returns the positions it takes. */
  int positions() {
    return context + tokens + 1;
  }

  /**
   * Does the work once.
   *
   * @param ids enough of them
   */
  Generation.Stats run(Session session, int[] ids) {
    return switch (kind) {
      case PREFILL -> {
        session.reset(); // nothing of the prompt is in the KV cache
        yield generate(session, ids, tokens, 1);
      }
      // The first new token comes from the prompt, which is in the KV cache from the second time.
      case DECODE -> generate(session, ids, context, tokens + 1);
    };
  }

  private static Generation.Stats generate(Session session, int[] ids, int prompt, int tokens) {
    GenerationConfig config =
        GenerationConfig.builder().maxTokens(tokens).ignoreStopTokens(true).build();
    return session.generate(Arrays.copyOf(ids, prompt), config).stats();
  }

  /** Returns the tokens per second. */
  double rate(Generation.Stats stats) {
    return switch (kind) {
      case PREFILL -> stats.prefillTokensPerSecond();
      case DECODE -> stats.decodeTokensPerSecond();
    };
  }
}
