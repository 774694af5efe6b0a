package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * The constraints of a model: its vocabulary, prepared at the first use, and the constraints that
 * were used last. Equal constraints are compiled once. Thread-safe: no lock is held while something
 * is computed, except that callers who need the same result wait for the first of them; each of
 * them can be stopped at any time.
 */
public final class ModelConstraints {
  /** The most constraints that are kept besides those in preparation. */
  private static final int KEPT = 16;

  /** The most references between nodes that kept constraints have together. */
  private static final int KEPT_SIZE = 3_000_000;

  private final Tokenizer tokenizer;
  private final int vocabSize;
  private final List<Integer> stopIds;
  private final SharedResult<Vocabulary> vocabulary = new SharedResult<>();

  /** The constraints, the one that was used longest ago first. Guarded by itself. */
  private final Map<Key, Entry> compiled = new LinkedHashMap<>(16, 0.75f, true);

  /** A constraint with its hash code, which is computed before the map is locked. */
  private record Key(OutputConstraint constraint, int hash) {
    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(Object o) {
      return o instanceof Key other && hash == other.hash && constraint.equals(other.constraint);
    }
  }

  private static final class Entry {
    final SharedResult<CompiledConstraint> result = new SharedResult<>();

    /** How many threads compute the result or wait for it. */
    int users;

    boolean isReady() {
      return result.value().isPresent();
    }

    int size() {
      return result.value().map(CompiledConstraint::size).orElse(0);
    }
  }

  /**
   * Creates the constraints of a model; nothing is computed yet.
   *
   * @param vocabSize number of ids that the model has logits for
   */
  public ModelConstraints(Tokenizer tokenizer, int vocabSize, List<Integer> stopIds) {
    this.tokenizer = tokenizer;
    this.vocabSize = vocabSize;
    this.stopIds = List.copyOf(stopIds);
  }

  /**
   * Checks that a constraint can be read, without a model.
   *
   * @throws OutputConstraintException if it cannot be used by any model
   */
  public static void check(OutputConstraint constraint) {
    GrammarSource.read(constraint, WorkBudget.ofCompiling(() -> false));
  }

  /**
   * Begins a text.
   *
   * @param mayStop whether stop tokens end it
   * @param stopped returns whether the caller does not want the text any more; called now and then,
   *     on the calling thread, while a constraint is prepared or next tokens are computed
   * @throws OutputConstraintException if the constraint cannot be used
   * @throws ConstraintStoppedException if {@code stopped} returned true before the constraint was
   *     ready
   */
  public ConstraintState begin(
      OutputConstraint constraint, boolean mayStop, BooleanSupplier stopped) {
    WorkBudget anyWork = WorkBudget.unlimited(stopped);
    Vocabulary tokens =
        vocabulary.get(anyWork, () -> new Vocabulary(tokenizer, vocabSize, stopIds, anyWork));
    return new ConstraintState(ready(constraint, tokens, stopped), tokens, mayStop, stopped);
  }

  private CompiledConstraint ready(
      OutputConstraint constraint, Vocabulary tokens, BooleanSupplier stopped) {
    Key key = new Key(constraint, constraint.hashCode());
    Entry entry;
    synchronized (compiled) {
      entry = compiled.computeIfAbsent(key, _ -> new Entry());
      entry.users++;
    }
    try {
      WorkBudget budget = WorkBudget.ofCompiling(stopped);
      return entry.result.get(budget, () -> compile(constraint, tokens, budget));
    } finally {
      synchronized (compiled) {
        entry.users--;
        removeUnused();
      }
    }
  }

  private static CompiledConstraint compile(
      OutputConstraint constraint, Vocabulary tokens, WorkBudget budget) {
    Grammar grammar = GrammarSource.read(constraint, budget);
    return new CompiledConstraint(tokens, GrammarCompiler.compile(grammar, budget), budget);
  }

  /** Removes constraints that could not be made ready, and the oldest ones that are too many. */
  private void removeUnused() {
    compiled.values().removeIf(entry -> entry.users == 0 && !entry.isReady());
    int count = 0;
    long size = 0;
    for (Entry entry : compiled.values()) {
      count += entry.isReady() ? 1 : 0;
      size += entry.size();
    }
    Iterator<Entry> oldest = compiled.values().iterator();
    while (count > 1 && (count > KEPT || size > KEPT_SIZE) && oldest.hasNext()) {
      Entry entry = oldest.next();
      if (entry.users == 0) { // and ready, or it would have been removed
        count--;
        size -= entry.size();
        oldest.remove();
      }
    }
  }
}
