package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.CompiledConstraint.Place;
import io.github.bitnet4j.core.logits.TokenMask;
import java.util.function.BooleanSupplier;

/** Where a generation is in the text that its constraint demands. Belongs to one generation. */
public final class ConstraintState {
  private final CompiledConstraint constraint;
  private final Vocabulary vocabulary;
  private final boolean mayStop;
  private final BooleanSupplier stopped;
  private Place place;

  /**
   * Creates a state before the first token.
   *
   * @param mayStop whether stop tokens end the text
   * @param stopped returns whether the generation is to end; called now and then while the tokens
   *     that may come next are computed, on the thread that needs them
   */
  ConstraintState(
      CompiledConstraint constraint,
      Vocabulary vocabulary,
      boolean mayStop,
      BooleanSupplier stopped) {
    this.constraint = constraint;
    this.vocabulary = vocabulary;
    this.mayStop = mayStop && vocabulary.hasStops();
    this.stopped = stopped;
    place = constraint.start(budget());
  }

  /**
   * Returns the tokens that may come next, see {@link TokenMask}; not to be changed. Stop tokens
   * are among them exactly if the text satisfies the constraint.
   *
   * @throws OutputConstraintException if no token may come next, although the text must go on, or
   *     finding out takes more work than is allowed for a token
   * @throws ConstraintStoppedException if the generation is to end
   */
  public long[] mask() {
    long[] mask = ordinaryTokens();
    State state = place.state();
    if (!state.continues && !(state.complete && mayStop)) {
      throw new OutputConstraintException(
          "no token of the vocabulary continues the text as the constraint demands");
    }
    if (!state.complete || !mayStop) {
      return mask;
    }
    long[] withStops = mask.clone();
    for (int i = 0; i < mask.length; i++) {
      withStops[i] |= vocabulary.stops()[i];
    }
    return withStops;
  }

  private long[] ordinaryTokens() {
    place = constraint.withMask(place, budget());
    long[] mask = place.mask();
    if (mask == null) {
      throw new AssertionError("a place without its mask");
    }
    return mask;
  }

  /**
   * Returns whether the text satisfies the constraint, and no other token can follow.
   *
   * @throws OutputConstraintException if finding out takes more work than is allowed for a token
   * @throws ConstraintStoppedException if the generation is to end
   */
  public boolean isFinished() {
    if (!place.state().complete) {
      return false;
    }
    ordinaryTokens();
    return !place.state().continues;
  }

  /** Returns whether the text so far satisfies the constraint. */
  public boolean isComplete() {
    return place.state().complete;
  }

  /**
   * Appends a token that {@link #mask} allows to the text; a stop token changes nothing.
   *
   * @throws IllegalArgumentException if it is not allowed
   * @throws ConstraintStoppedException if the generation is to end; the token is not appended
   */
  public void accept(int id) {
    if (mayStop && TokenMask.contains(vocabulary.stops(), id)) {
      return;
    }
    Place next = constraint.after(place, vocabulary.bytes(id), budget());
    if (next.state().isDead()) {
      throw new IllegalArgumentException("the constraint does not allow token " + id);
    }
    place = next;
  }

  private WorkBudget budget() {
    return WorkBudget.ofToken(stopped);
  }
}
