package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.Dry;
import io.github.bitnet4j.TokenIds;
import java.util.function.IntPredicate;

/**
 * Lowers the logits of tokens that would continue a repetition, as {@link Dry} says.
 *
 * <p>Read from its end, the text begins with what may be repeated. How many tokens from any place
 * on are the same as at the beginning is what the Z algorithm finds for all places together, in a
 * time that is linear in their number (Gusfield: "Algorithms on Strings, Trees, and Sequences",
 * 1997, section 1.4).
 */
final class DryStep {
  private final Dry dry;
  private final IntPredicate breaksSequence;
  private final SparseCounts longest = new SparseCounts();

  /** The text from its last token back. */
  private int[] reversed = {};

  /** How many tokens from a place on are the same as from 0 on; of place 0 unused. */
  private int[] matches = {};

  DryStep(Dry dry, IntPredicate breaksSequence) {
    this.dry = dry;
    this.breaksSequence = breaksSequence;
  }

  void apply(Candidates candidates, TokenIds text) {
    int length = Math.min(dry.window(), text.size());
    int reach = read(text, length);
    if (reach < dry.allowedLength()) {
      return;
    }
    match(length);
    longest.clear(candidates.indexBound());
    for (int place = 1; place < length; place++) {
      int match = Math.min(matches[place], reach);
      int next = reversed[place - 1];
      if (match >= dry.allowedLength() && !breaksSequence.test(next)) {
        int index = candidates.find(next);
        if (index >= 0 && match > longest.get(index)) {
          longest.set(index, match);
        }
      }
    }
    for (int i = 0; i < longest.size(); i++) {
      int index = longest.index(i);
      int excess = longest.get(index) - dry.allowedLength();
      float penalty = (float) (dry.multiplier() * StrictMath.pow(dry.base(), excess));
      candidates.setLogit(index, candidates.logit(index) - penalty);
    }
  }

  /** Reverses the last tokens; returns how many there are behind the last sequence breaker. */
  private int read(TokenIds text, int length) {
    if (reversed.length < length) {
      reversed = new int[Math.max(length, 2 * reversed.length)];
      matches = new int[reversed.length];
    }
    int reach = length;
    for (int i = 0; i < length; i++) {
      reversed[i] = text.get(text.size() - 1 - i);
      if (reach == length && breaksSequence.test(reversed[i])) {
        reach = i;
      }
    }
    return reach;
  }

  private void match(int length) {
    int from = 0; // the match that reaches farthest: from here
    int to = 0; // to here
    for (int place = 1; place < length; place++) {
      int match = place < to ? Math.min(to - place, matches[place - from]) : 0;
      while (place + match < length && reversed[match] == reversed[place + match]) {
        match++;
      }
      matches[place] = match;
      if (place + match > to) {
        from = place;
        to = place + match;
      }
    }
  }
}
