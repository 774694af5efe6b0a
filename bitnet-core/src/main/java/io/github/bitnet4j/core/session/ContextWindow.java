package io.github.bitnet4j.core.session;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.OverflowPolicy;

/**
 * Which tokens of a text the model sees: all, or the first ones and the last ones. It depends on
 * the length of the text alone. Belongs to one generation.
 */
final class ContextWindow {
  private final int contextLength;
  private final int keep;

  /** How many tokens leave at once; 0 if none ever do. */
  private final int step;

  private int[] seen = {};

  private ContextWindow(int contextLength, int keep, int step) {
    this.contextLength = contextLength;
    this.keep = keep;
    this.step = step;
  }

  /** Returns a window on texts that fit. */
  static ContextWindow fixed(int contextLength) {
    return new ContextWindow(contextLength, 0, 0);
  }

  /**
   * Returns the window that settings ask for.
   *
   * @throws IllegalArgumentException if it would keep all tokens
   */
  static ContextWindow of(GenerationConfig config, int contextLength) {
    if (config.overflow() != OverflowPolicy.SHIFT) {
      return fixed(contextLength);
    }
    int keep = config.keepTokens();
    if (keep >= contextLength) {
      throw new IllegalArgumentException(
          "keepTokens: expected below %d (the context length), found %d"
              .formatted(contextLength, keep));
    }
    return new ContextWindow(contextLength, keep, Math.max(1, (contextLength - keep) / 2));
  }

  /** Returns whether texts may be longer than the context. */
  boolean shifts() {
    return step > 0;
  }

  /** Returns how many tokens of a text the model does not see. */
  int dropped(int length) {
    int excess = length - contextLength;
    return excess <= 0 ? 0 : Math.ceilDiv(excess, step) * step;
  }

  /** Returns how many tokens of a text the model sees. */
  int length(int length) {
    return length - dropped(length);
  }

  /** Returns how many tokens may follow a text before some leave the window. */
  int room(int length) {
    return contextLength - length(length);
  }

  /**
   * Returns what the model sees of a text and of tokens that follow it, at most {@link #room}.
   *
   * @param ids the text and what follows
   * @return an array that starts with these tokens; valid until the next call
   */
  int[] seen(int[] ids, int length, int following) {
    int dropped = dropped(length);
    if (dropped == 0) {
      return ids;
    }
    if (seen.length == 0) {
      seen = new int[contextLength];
    }
    System.arraycopy(ids, 0, seen, 0, keep);
    int rest = length + following - dropped - keep;
    System.arraycopy(ids, keep + dropped, seen, keep, rest);
    return seen;
  }
}
