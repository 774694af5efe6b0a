package io.github.bitnet4j.core.logits;

/** Receives the logits after each of several tokens, in the order of positions. */
@FunctionalInterface
public interface LogitRows {
  /**
   * Called for each row.
   *
   * @param position of the id that the logits follow
   * @param logits holds {@code [vocabSize]} from {@code offset} on, during the call only
   */
  void accept(int position, float[] logits, int offset);
}
