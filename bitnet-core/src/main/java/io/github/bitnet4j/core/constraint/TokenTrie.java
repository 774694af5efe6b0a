package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.logits.TokenMask;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The tokens of a vocabulary by their bytes, as a tree: tokens that begin alike share nodes. Nodes
 * are numbered so that a node's descendants follow it; going through all of them is going through
 * arrays. Immutable and thread-safe.
 */
final class TokenTrie {
  /** For each node its depth, shifted, and the byte that leads to it: {@code depth << 8 | byte}. */
  private final int[] steps;

  /** For each node the number behind its last descendant. */
  private final int[] ends;

  /** For each node, and behind the last one, where its tokens begin in {@link #tokens}. */
  private final int[] tokenStarts;

  /** Ids in the order of their bytes. */
  private final int[] tokens;

  /**
   * For each node, if its tokens and those of its descendants are all plain text, the characters of
   * the longest one; else -1.
   */
  private final byte[] plainLengths;

  /** For each limit the tokens that are plain text of at most so many characters. */
  private final long[][] plainTokens = new long[PlainText.MAX_LIMIT + 1][];

  /** All tokens that are plain text. */
  private final long[] allPlainTokens;

  private final int depth;

  /** A token. */
  @SuppressWarnings("ArrayRecordComponent") // handed over and not compared
  record Entry(int id, byte[] bytes) {}

  /**
   * Builds the tree; node 0 is the root, of no byte.
   *
   * @param entries tokens with at least one byte each
   * @param noTokens an empty set of ids
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  TokenTrie(List<Entry> entries, long[] noTokens, WorkBudget budget) {
    Entry[] sorted = entries.toArray(Entry[]::new);
    Arrays.sort(
        sorted,
        (a, b) -> {
          budget.spend(1);
          return Arrays.compareUnsigned(a.bytes, b.bytes);
        });
    tokens = Arrays.stream(sorted).mapToInt(Entry::id).toArray();
    int count = 1;
    byte[] before = {};
    for (Entry entry : sorted) {
      count += entry.bytes.length - common(before, entry.bytes);
      before = entry.bytes;
    }
    steps = new int[count];
    ends = new int[count];
    tokenStarts = new int[count + 1];
    depth = Arrays.stream(sorted).mapToInt(entry -> entry.bytes.length).max().orElse(0);
    plainLengths = new byte[count];
    build(sorted);
    allPlainTokens = noTokens.clone();
    findPlainTokens(sorted, noTokens, budget);
  }

  private void findPlainTokens(Entry[] sorted, long[] noTokens, WorkBudget budget) {
    byte[] lengths = new byte[sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      budget.spend(1);
      lengths[i] = (byte) PlainText.length(sorted[i].bytes);
    }
    for (int limit = 0; limit < plainTokens.length; limit++) {
      budget.spend(sorted.length >> 4);
      plainTokens[limit] = noTokens.clone();
      for (int i = 0; i < sorted.length; i++) {
        if (lengths[i] >= 0 && lengths[i] <= limit) {
          TokenMask.add(plainTokens[limit], tokens[i]);
        }
      }
    }
    for (int i = 0; i < sorted.length; i++) {
      if (lengths[i] >= 0) {
        TokenMask.add(allPlainTokens, tokens[i]);
      }
    }
    for (int node = steps.length - 1; node >= 0; node--) { // descendants come first
      budget.spend(1);
      int longest = 0;
      for (int i = tokenStarts[node]; i < tokenStarts[ends[node]] && longest >= 0; i++) {
        longest = lengths[i] < 0 ? -1 : Math.max(longest, lengths[i]);
      }
      plainLengths[node] = (byte) longest;
    }
  }

  private void build(Entry[] sorted) {
    int[] path = new int[depth + 1]; // the nodes of the last token
    int length = 0;
    int node = 1;
    byte[] before = {};
    for (int i = 0; i < sorted.length; i++) {
      byte[] bytes = sorted[i].bytes;
      int common = common(before, bytes);
      for (; length > common; length--) {
        ends[path[length]] = node;
      }
      while (length < bytes.length) {
        steps[node] = ++length << 8 | bytes[length - 1] & 0xFF;
        tokenStarts[node] = i;
        path[length] = node++;
      }
      before = bytes;
    }
    for (; length >= 0; length--) {
      ends[path[length]] = node;
    }
    tokenStarts[node] = sorted.length;
  }

  private static int common(byte[] a, byte[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  /** Returns the number of nodes. */
  int size() {
    return steps.length;
  }

  /** Returns the memory of the tree in bytes. */
  long bytes() {
    return 4L * (steps.length + ends.length + tokenStarts.length + tokens.length)
        + plainLengths.length
        + 8L * allPlainTokens.length * (plainTokens.length + 1);
  }

  /** Returns all ids, in no particular order. */
  IntStream ids() {
    return Arrays.stream(tokens);
  }

  /** Returns the tokens that an automaton can read from a state. */
  long[] findTokens(Automaton automaton, Program program, State from) {
    byte[] classOf = program.classOf;
    int plain = program.plainText.reach(automaton, from);
    long[] mask = (plain == PlainText.UNLIMITED ? allPlainTokens : plainTokens[plain]).clone();
    State[] path = new State[depth + 1];
    path[0] = from;
    int node = 1;
    while (node < steps.length) {
      if (plainLengths[node] >= 0 && plainLengths[node] <= plain) {
        node = ends[node]; // they are there already
        continue;
      }
      int step = steps[node];
      int level = step >>> 8;
      State before = path[level - 1];
      int index = classOf[step & 0xFF] & 0xFF;
      State state = before.next[index];
      if (state == null) {
        state = automaton.makeStep(before, index);
      }
      if (state.isDead()) {
        node = ends[node];
        continue;
      }
      path[level] = state;
      int last = tokenStarts[node + 1];
      node++;
      // Here begin the node's own tokens; those of its first child begin where these end.
      for (int i = tokenStarts[node - 1]; i < last; i++) {
        TokenMask.add(mask, tokens[i]);
      }
    }
    return mask;
  }
}
