package io.github.bitnet4j.core.logits;

/** Takes the logits after one id after the other. */
@FunctionalInterface
public interface LogitRows {
  /**
   * Takes one row.
   *
   * @param position of the id that the logits follow
   * @param logits holds {@code [vocabSize]} from {@code offset} on, during the call only
   */
  void accept(int position, float[] logits, int offset);
}
