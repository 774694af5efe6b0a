package io.github.bitnet4j.core.constraint;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A constraint made ready for a vocabulary. What one generation finds out is there for all others:
 * the states, where their bytes lead, and the tokens that may follow them.
 *
 * <p>Thread-safe: a lock is held while a state is looked up or computed. A budget of {@link
 * WorkBudget#ofToken} bounds how long; who waits for the lock can be stopped.
 */
final class CompiledConstraint {
  /** The memory for sets of tokens that are kept. */
  private static final int KEPT_MASK_BYTES = 16 << 20;

  private final Vocabulary vocabulary;
  private final Program program;
  private final int keptMasks;
  private final ReentrantLock lock = new ReentrantLock();

  /** The budget of the automaton while nothing uses it, so that it keeps no generation alive. */
  private final WorkBudget idle = WorkBudget.unlimited(() -> false);

  /** The current automaton; it is given up when it has grown large. */
  private Automaton automaton;

  /** The states that have a mask, the oldest first. */
  private final Deque<State> masked = new ArrayDeque<>();

  /**
   * A state and the automaton that it belongs to.
   *
   * @param mask the tokens that may follow, not to be changed; only in what {@link #withMask}
   *     returns
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over and not compared
  record Place(Automaton automaton, State state, long @Nullable [] mask) {}

  /**
   * Creates a constraint.
   *
   * @param budget for the start state
   */
  CompiledConstraint(Vocabulary vocabulary, Program program, WorkBudget budget) {
    this.vocabulary = vocabulary;
    this.program = program;
    keptMasks = Math.max(16, KEPT_MASK_BYTES / (8 * vocabulary.newMask().length));
    automaton = new Automaton(program, vocabulary.skipsSpace(), budget);
    automaton.allowWork(idle);
  }

  /** Returns the size of the program, see {@link Program#size}. */
  int size() {
    return program.size;
  }

  /** Returns the place before the first token. */
  Place start(WorkBudget budget) {
    budget.acquire(lock);
    try {
      return new Place(automaton, automaton.start(), null);
    } finally {
      release();
    }
  }

  /** Returns the place after some bytes, {@link State#DEAD} if they are not allowed. */
  Place after(Place place, byte[] bytes, WorkBudget budget) {
    budget.acquire(lock);
    try {
      State state = current(place, budget);
      for (byte b : bytes) {
        state = automaton.step(state, b & 0xFF);
      }
      return new Place(automaton, state, null);
    } finally {
      release();
    }
  }

  /** Returns the same place with its mask. */
  Place withMask(Place place, WorkBudget budget) {
    budget.acquire(lock);
    try {
      State state = current(place, budget);
      long[] mask = state.mask;
      if (mask == null) {
        mask = vocabulary.trie().findTokens(automaton, program, state);
        state.continues = Arrays.stream(mask).anyMatch(word -> word != 0);
        keep(state, mask);
      }
      return new Place(automaton, state, mask);
    } finally {
      release();
    }
  }

  private void release() {
    automaton.allowWork(idle);
    lock.unlock();
  }

  private void keep(State state, long[] mask) {
    if (masked.size() == keptMasks) {
      masked.remove().mask = null;
    }
    state.mask = mask;
    masked.add(state);
  }

  /** Returns the state of a place in the current automaton, which may have been replaced. */
  private State current(Place place, WorkBudget budget) {
    if (place.automaton == automaton && automaton.isFull()) {
      automaton = new Automaton(program, vocabulary.skipsSpace(), budget);
      masked.clear();
    }
    automaton.allowWork(budget);
    if (place.automaton == automaton) {
      return place.state;
    }
    return place.state.isSame(place.automaton.start())
        ? automaton.start()
        : automaton.adopt(place.state);
  }
}
