package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.core.logits.TokenMask;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The tokens of a model as constraints see them: ordinary tokens are bytes; stop tokens end the
 * text; other special tokens, and ids without a token, are never chosen. Immutable and thread-safe.
 */
final class Vocabulary {
  private final Tokenizer tokenizer;
  private final int size;
  private final long[] stops;
  private final boolean hasStops;
  private final boolean skipsSpace;
  private final TokenTrie trie;

  /**
   * Creates the vocabulary of a tokenizer.
   *
   * @param size number of the model's ids; may be more or fewer than the tokenizer has
   * @throws ConstraintStoppedException if the caller wants the work to end
   */
  Vocabulary(Tokenizer tokenizer, int size, List<Integer> stopIds, WorkBudget budget) {
    this.tokenizer = tokenizer;
    this.size = size;
    Set<Integer> stopSet = new HashSet<>(stopIds);
    stopSet.removeIf(id -> id < 0 || id >= size);
    stops = newMask();
    stopSet.forEach(id -> TokenMask.add(stops, id));
    hasStops = !stopSet.isEmpty();
    List<TokenTrie.Entry> entries = new ArrayList<>();
    for (int id = 0; id < Math.min(size, tokenizer.vocabSize()); id++) {
      budget.spend(1);
      byte[] bytes = tokenizer.tokenBytes(id);
      if (bytes.length > 0 && !tokenizer.isSpecial(id) && !stopSet.contains(id)) {
        entries.add(new TokenTrie.Entry(id, bytes));
      }
    }
    trie = new TokenTrie(entries, newMask(), budget);
    skipsSpace = entries.stream().anyMatch(this::losesSpace);
  }

  /** Returns whether the decoder drops the space that a token begins with from a text. */
  private boolean losesSpace(TokenTrie.Entry entry) {
    byte[] bytes = entry.bytes();
    return bytes.length == 1
        && bytes[0] == ' '
        && tokenizer.newStreamingDecoder(true).accept(entry.id()).isEmpty();
  }

  /** Returns a set without ids. */
  long[] newMask() {
    return TokenMask.none(size);
  }

  TokenTrie trie() {
    return trie;
  }

  /** Returns the stop tokens; not to be changed. */
  long[] stops() {
    return stops;
  }

  boolean hasStops() {
    return hasStops;
  }

  /** Returns whether decoding drops a space at the beginning of a text. */
  boolean skipsSpace() {
    return skipsSpace;
  }

  byte[] bytes(int id) {
    return tokenizer.tokenBytes(id);
  }
}
