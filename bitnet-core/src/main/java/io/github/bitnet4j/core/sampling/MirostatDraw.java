package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.Mirostat;
import java.util.random.RandomGenerator;

/** Draws tokens so that their surprise stays near a target, as {@link Mirostat} says. */
final class MirostatDraw {
  private static final double LN_2 = StrictMath.log(2);

  private final Mirostat mirostat;

  /** The surprise of a token that is just kept, in bits. */
  private double mu;

  MirostatDraw(Mirostat mirostat) {
    this.mirostat = mirostat;
    mu = 2.0 * mirostat.tau();
  }

  /** Returns the index of the drawn candidate. */
  int draw(Candidates candidates, RandomGenerator random) {
    keepExpected(candidates);
    int index = Draw.draw(candidates, random);
    double surprise = StrictMath.log(candidates.total() / candidates.weights()[index]) / LN_2;
    mu -= mirostat.eta() * (surprise - mirostat.tau());
    return index;
  }

  /** Keeps the tokens with a surprise of at most mu. */
  private void keepExpected(Candidates candidates) {
    float[] weights = candidates.weights();
    double least = candidates.total() * StrictMath.pow(2, -mu);
    candidates.beginSelection();
    for (int position = 0; position < candidates.size(); position++) {
      int index = candidates.index(position);
      if (weights[index] >= least) {
        candidates.select(index);
      }
    }
    if (candidates.selected() == 0) {
      candidates.select(candidates.top());
    }
    candidates.endSelection();
  }
}
