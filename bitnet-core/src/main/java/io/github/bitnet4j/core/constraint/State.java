package io.github.bitnet4j.core.constraint;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A state of an {@link Automaton}: the frames that the next byte may continue. All of its items are
 * frames of {@link Node.BytesNode}s, in the order of their ids.
 */
final class State {
  /** The state without a way on. */
  static final State DEAD = new State(new Frame[0], false, 0);

  final Frame[] items;

  /** Whether the text may end here. */
  final boolean complete;

  /** The states after a byte of each class; null for those that are not known yet. */
  final @Nullable State[] next;

  /** The state after any one plain character, see {@link PlainText}; null if not known. */
  @Nullable State afterPlain;

  /** The tokens that may follow; null if they are not known. */
  long @Nullable [] mask;

  /** Whether there are such tokens; known with the mask. */
  boolean continues;

  private final int hash;

  State(Frame[] items, boolean complete, int classes) {
    this.items = items;
    this.complete = complete;
    next = new State[classes];
    int h = complete ? 1 : 0;
    for (Frame item : items) {
      h = 31 * h + item.id;
    }
    hash = h;
  }

  /** Returns whether no text can be completed from here. */
  boolean isDead() {
    return items.length == 0 && !complete;
  }

  /** Returns whether this is the very same state; equal ones may differ in where bytes lead. */
  @SuppressWarnings("ReferenceEquality") // that is the question
  boolean isSame(State other) {
    return this == other;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof State other
        && complete == other.complete
        && Arrays.equals(items, other.items); // frames are compared by identity
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
