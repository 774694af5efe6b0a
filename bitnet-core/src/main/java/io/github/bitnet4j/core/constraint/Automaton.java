package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.constraint.Node.BytesNode;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs a {@link Program} byte by byte. A state is a set of stacks ({@link Frame}s), so that all
 * ways to read a text so far are followed at once. States and frames are kept, and a state
 * remembers where its bytes lead: what was met before is a look into a table.
 *
 * <p>Every stack can be completed, so a state that is not {@link State#DEAD} leads to a whole text.
 *
 * <p>Not thread-safe.
 */
final class Automaton {
  /** The most stacks of a state. */
  private static final int MAX_ITEMS = 10_000;

  /** The most frames and references of states that are kept from token to token. */
  private static final int KEPT_SIZE = 1 << 20;

  /** What a state takes besides its references, in references. */
  private static final int STATE_SIZE = 20;

  /** The most while the tokens of one state are found; bounds memory. */
  private static final int MAX_SIZE = 1 << 23;

  private final Program program;
  private final int classes;
  private final Map<State, State> states = new HashMap<>();
  private final Closure closure = new Closure();
  private final State start;

  /** All frames, as a hash table; at most half full. */
  private @Nullable Frame[] frames = new Frame[1 << 10];

  private int frameCount;

  /** How many frames and references of states there are. */
  private int size;

  private WorkBudget budget;

  /**
   * Creates an automaton.
   *
   * @param skipsSpace whether one space before the text does not count, which decoders of
   *     SentencePiece drop
   * @param budget for the start state, and until {@link #allowWork} is called
   */
  Automaton(Program program, boolean skipsSpace, WorkBudget budget) {
    this.program = program;
    this.budget = budget;
    classes = program.sample.length;
    closure.begin();
    closure.enter(program.root, null);
    State first = closure.finish();
    if (skipsSpace) {
      // Not in the map: it is no other state, even if it has the same items.
      State before = new State(first.items, first.complete, classes);
      before.next[program.classOf[' ']] = first;
      first = before;
    }
    start = first;
  }

  State start() {
    return start;
  }

  /** Sets the budget of the work from now on. */
  void allowWork(WorkBudget budget) {
    this.budget = budget;
  }

  /** Records work that is done with this automaton outside of it. */
  void spend(int units) {
    budget.spend(units);
  }

  /** Returns whether so much is kept that it is time for a new automaton. */
  boolean isFull() {
    return size > KEPT_SIZE;
  }

  /** Returns the state after a byte. */
  State step(State state, int value) {
    if (state.isDead()) {
      return state;
    }
    int index = program.classOf[value] & 0xFF;
    State next = state.next[index];
    return next == null ? makeStep(state, index) : next;
  }

  /** Returns the state after a byte of a class, which is not known yet. */
  State makeStep(State state, int index) {
    int sample = program.sample[index];
    budget.spend(1 + (state.items.length >> 2)); // most items of a large state do not match
    closure.begin();
    for (Frame item : state.items) {
      if (((BytesNode) item.node).set.contains(sample)) {
        closure.leave(item.rest);
      }
    }
    State next = closure.finish();
    state.next[index] = next;
    return next;
  }

  /** Returns the state of this automaton that is a state of another one of the same program. */
  State adopt(State foreign) {
    Map<Frame, Frame> known = new HashMap<>(); // frames are compared by identity
    closure.begin();
    for (Frame item : foreign.items) {
      Deque<Frame> missing = new ArrayDeque<>();
      Frame at = item;
      while (at != null && !known.containsKey(at)) {
        missing.push(at);
        at = at.rest;
      }
      Frame rest = at == null ? null : known.get(at);
      for (Frame frame : missing) {
        rest = closure.frame(frame.node, frame.position, rest);
        known.put(frame, rest);
      }
      budget.spend(1 + missing.size());
      closure.leave(rest);
    }
    if (foreign.complete) {
      closure.leave(null);
    }
    return closure.finish();
  }

  /** What is reached without a byte from some frames. */
  final class Closure {
    private int number;
    private boolean complete;

    /** Frames that are to be expanded: the first {@code openCount}. */
    private Frame[] open = new Frame[64];

    private int openCount;
    private Frame[] items = new Frame[64];
    private int itemCount;

    private void begin() {
      number++;
      complete = false;
      openCount = 0;
      itemCount = 0;
    }

    private State finish() {
      while (openCount > 0) {
        Frame frame = open[--openCount];
        frame.node.expand(frame.position, frame.rest, this);
      }
      if (itemCount == 0 && !complete) {
        return State.DEAD;
      }
      budget.spend(itemCount);
      Frame[] found = Arrays.copyOf(items, itemCount);
      Arrays.sort(found, Comparator.comparingInt(frame -> frame.id));
      State state = new State(found, complete, classes);
      State known = states.putIfAbsent(state, state);
      if (known != null) {
        return known;
      }
      grow(STATE_SIZE + classes + itemCount);
      return state;
    }

    /** Goes on into a node. */
    void enter(Node node, @Nullable Frame rest) {
      leave(frame(node, 0, rest));
    }

    /** Goes on with what follows; null is the end of the text. */
    void leave(@Nullable Frame rest) {
      if (rest == null) {
        complete = true;
      } else if (rest.seenBy != number) {
        rest.seenBy = number;
        if (openCount == open.length) {
          open = Arrays.copyOf(open, 2 * openCount);
        }
        open[openCount++] = rest;
        budget.spend(1);
      }
    }

    /** Adds a frame that needs a byte. */
    void addItem(BytesNode node, @Nullable Frame rest) {
      if (itemCount == MAX_ITEMS) {
        throw tooMuch("at most " + MAX_ITEMS + " ways to read a text");
      }
      if (itemCount == items.length) {
        items = Arrays.copyOf(items, 2 * itemCount);
      }
      items[itemCount++] = frame(node, 0, rest);
    }

    /** Returns the frame of these values. */
    Frame frame(Node node, int position, @Nullable Frame rest) {
      int mask = frames.length - 1;
      int slot = hash(node, position, rest) & mask;
      for (Frame frame = frames[slot]; frame != null; frame = frames[slot]) {
        if (frame.node == node && frame.position == position && frame.rest == rest) {
          return frame;
        }
        slot = slot + 1 & mask;
      }
      Frame frame = new Frame(node, position, rest, frameCount++);
      frames[slot] = frame;
      grow(8);
      if (2 * frameCount > frames.length) {
        rehash();
      }
      return frame;
    }
  }

  private static int hash(Node node, int position, @Nullable Frame rest) {
    int h = node.hashCode();
    h = (h + position) * 0x9E3779B1;
    h = (h ^ (rest == null ? 0 : rest.id)) * 0x85EBCA6B;
    return h ^ h >>> 15;
  }

  private void rehash() {
    @Nullable Frame[] old = frames;
    frames = new Frame[2 * old.length];
    int mask = frames.length - 1;
    for (Frame frame : old) {
      if (frame != null) {
        int slot = hash(frame.node, frame.position, frame.rest) & mask;
        while (frames[slot] != null) {
          slot = slot + 1 & mask;
        }
        frames[slot] = frame;
      }
    }
  }

  private void grow(int references) {
    size += references;
    if (size > MAX_SIZE) {
      throw tooMuch("less memory for a token");
    }
  }

  private static OutputConstraintException tooMuch(String expected) {
    return new OutputConstraintException(
        "the constraint is too ambiguous: expected it to take %s, found more".formatted(expected));
  }
}
