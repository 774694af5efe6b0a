package io.github.bitnet4j.core.constraint;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The fast path within strings. Plain text is what JSON strings hold as it is: characters in UTF-8
 * but for quotes, backslashes and control characters. Where an automaton reads any plain character
 * alike, which shows in a few steps, most of a vocabulary is known to be allowed without looking at
 * its tokens one by one. Holds what depends on a {@link Program}; immutable.
 */
final class PlainText {
  /** Stands for any number of characters; longer tokens are not taken for plain. */
  static final int UNLIMITED = Byte.MAX_VALUE;

  /** Limits up to here are told apart. */
  static final int MAX_LIMIT = 24;

  /** Unicode's table 3-7: the ranges of first and second bytes, and how many bytes follow these. */
  private static final int[][] SEQUENCES = {
    {0xC2, 0xDF, 0x80, 0xBF, 0},
    {0xE0, 0xE0, 0xA0, 0xBF, 1},
    {0xE1, 0xEC, 0x80, 0xBF, 1},
    {0xED, 0xED, 0x80, 0x9F, 1},
    {0xEE, 0xEF, 0x80, 0xBF, 1},
    {0xF0, 0xF0, 0x90, 0xBF, 2},
    {0xF1, 0xF3, 0x80, 0xBF, 2},
    {0xF4, 0xF4, 0x80, 0x8F, 2},
  };

  /** Bytes that stand for all plain ASCII characters. */
  private final int[] ascii;

  /** For each of {@link #SEQUENCES} bytes that stand for its first and its second bytes. */
  private final int[][] firsts = new int[SEQUENCES.length][];

  private final int[][] seconds = new int[SEQUENCES.length][];

  /** Bytes that stand for all further bytes. */
  private final int[] further;

  PlainText(Program program) {
    ascii = samples(program, IntStream.range(0x20, 0x80).filter(b -> b != '"' && b != '\\'));
    for (int i = 0; i < SEQUENCES.length; i++) {
      firsts[i] = samples(program, IntStream.rangeClosed(SEQUENCES[i][0], SEQUENCES[i][1]));
      seconds[i] = samples(program, IntStream.rangeClosed(SEQUENCES[i][2], SEQUENCES[i][3]));
    }
    further = samples(program, IntStream.rangeClosed(0x80, 0xBF));
  }

  /** Returns one byte of each class among some bytes. */
  private static int[] samples(Program program, IntStream bytes) {
    boolean[] seen = new boolean[256];
    return bytes
        .filter(
            b -> {
              int index = program.classOf[b] & 0xFF;
              boolean isNew = !seen[index];
              seen[index] = true;
              return isNew;
            })
        .toArray();
  }

  /**
   * Returns the number of characters of plain text, at most {@link #UNLIMITED}, or -1 if the bytes
   * are something else.
   */
  static int length(byte[] bytes) {
    int length = 0;
    int i = 0;
    while (i < bytes.length) {
      int b = bytes[i] & 0xFF;
      int size = b < 0x80 ? b >= 0x20 && b != '"' && b != '\\' ? 1 : 0 : sequence(bytes, i);
      if (size == 0) {
        return -1;
      }
      i += size;
      length++;
    }
    return length > UNLIMITED ? -1 : length;
  }

  /** Returns the number of bytes of a character that begins at an index, or 0. */
  private static int sequence(byte[] bytes, int index) {
    int first = bytes[index] & 0xFF;
    int[] ranges =
        Arrays.stream(SEQUENCES)
            .filter(row -> row[0] <= first && first <= row[1])
            .findFirst()
            .orElse(null);
    if (ranges == null || bytes.length - index < 2 + ranges[4]) {
      return 0;
    }
    int second = bytes[index + 1] & 0xFF;
    boolean valid = ranges[2] <= second && second <= ranges[3];
    for (int i = 0; i < ranges[4]; i++) {
      valid &= (bytes[index + 2 + i] & 0xC0) == 0x80;
    }
    return valid ? 2 + ranges[4] : 0;
  }

  /**
   * Returns how many plain characters, whichever they are, can be read from a state: a number up to
   * {@link #MAX_LIMIT}, or {@link #UNLIMITED}.
   */
  int reach(Automaton automaton, State from) {
    State state = from;
    for (int length = 0; length < MAX_LIMIT; length++) {
      State next = afterOne(automaton, state);
      if (next.isDead()) {
        return length;
      }
      if (next.isSame(state)) {
        return UNLIMITED;
      }
      state = next;
    }
    return MAX_LIMIT;
  }

  /** Returns the state after any plain character; the dead one if it depends on which. */
  private State afterOne(Automaton automaton, State from) {
    State known = from.afterPlain;
    if (known == null) {
      known = leadTo(automaton, from);
      from.afterPlain = known;
    }
    return known;
  }

  private State leadTo(Automaton automaton, State from) {
    State target = automaton.step(from, ascii[0]);
    for (int i = 1; i < ascii.length && !target.isDead(); i++) {
      if (!automaton.step(from, ascii[i]).isSame(target)) {
        return State.DEAD;
      }
    }
    for (int i = 0; i < SEQUENCES.length && !target.isDead(); i++) {
      for (int first : firsts[i]) {
        State inside = automaton.step(from, first);
        if (!allLeadTo(automaton, inside, seconds[i], SEQUENCES[i][4], target)) {
          return State.DEAD;
        }
      }
    }
    return target;
  }

  private boolean allLeadTo(Automaton automaton, State from, int[] bytes, int more, State target) {
    automaton.spend(1 + (bytes.length >> 4));
    for (int b : bytes) {
      State next = automaton.step(from, b);
      if (more == 0
          ? !next.isSame(target)
          : !allLeadTo(automaton, next, further, more - 1, target)) {
        return false;
      }
    }
    return true;
  }
}
