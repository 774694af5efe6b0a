package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.Penalties;
import io.github.bitnet4j.TokenIds;

/** Lowers the logits of tokens that occurred lately, as {@link Penalties} says. */
final class PenaltiesStep {
  private final Penalties penalties;
  private final SparseCounts occurrences = new SparseCounts();

  PenaltiesStep(Penalties penalties) {
    this.penalties = penalties;
  }

  void apply(Candidates candidates, TokenIds text) {
    occurrences.clear(candidates.indexBound());
    int from = Math.max(0, text.size() - penalties.window());
    for (int i = from; i < text.size(); i++) {
      int index = candidates.find(text.get(i));
      if (index >= 0) {
        occurrences.set(index, occurrences.get(index) + 1);
      }
    }
    for (int i = 0; i < occurrences.size(); i++) {
      int index = occurrences.index(i);
      float logit = candidates.logit(index);
      float repetition = penalties.repetition();
      candidates.setLogit(index, logit > 0 ? logit / repetition : logit * repetition);
      float penalty = occurrences.get(index) * penalties.frequency() + penalties.presence();
      candidates.setLogit(index, candidates.logit(index) - penalty);
    }
  }
}
