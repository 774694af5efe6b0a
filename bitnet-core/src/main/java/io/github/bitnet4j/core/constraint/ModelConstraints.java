package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The constraints of a model: its vocabulary, prepared at the first use, and the constraints that
 * were used last. Thread-safe.
 */
public final class ModelConstraints {
  /** How many constraints are kept. */
  private static final int KEPT = 16;

  private final Tokenizer tokenizer;
  private final int vocabSize;
  private final List<Integer> stopIds;
  private @Nullable Vocabulary vocabulary;

  private final Map<OutputConstraint, CompiledConstraint> compiled =
      new LinkedHashMap<>(16, 0.75f, true);

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
    GrammarSource.read(constraint);
  }

  /**
   * Begins a text.
   *
   * @param mayStop whether stop tokens end it
   * @throws OutputConstraintException if the constraint cannot be used
   */
  public ConstraintState begin(OutputConstraint constraint, boolean mayStop) {
    CompiledConstraint ready;
    Vocabulary tokens;
    synchronized (this) {
      tokens = vocabulary;
      if (tokens == null) {
        tokens = new Vocabulary(tokenizer, vocabSize, stopIds);
        vocabulary = tokens;
      }
      ready = compiled.get(constraint);
      if (ready == null) {
        ready =
            new CompiledConstraint(tokens, GrammarCompiler.compile(GrammarSource.read(constraint)));
        compiled.put(constraint, ready);
        if (compiled.size() > KEPT) {
          compiled.remove(compiled.keySet().iterator().next());
        }
      }
    }
    return new ConstraintState(ready, tokens, mayStop);
  }
}
