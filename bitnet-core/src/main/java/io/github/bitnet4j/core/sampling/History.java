package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.TokenIds;
import java.util.Objects;

/** The tokens that a choice may depend on. What stands behind them in the array are guesses. */
public final class History implements TokenIds {
  private final int[] ids;
  private final int promptSize;
  private int size;

  /**
   * Creates a history that is the prompt.
   *
   * @param ids the prompt, and room for what will follow; not copied
   */
  public History(int[] ids, int promptSize) {
    this.ids = ids;
    this.promptSize = promptSize;
    size = promptSize;
  }

  /** Makes this the first {@code size} ids, and returns it. */
  public History upTo(int size) {
    this.size = size;
    return this;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int promptSize() {
    return promptSize;
  }

  @Override
  public int get(int index) {
    return ids[Objects.checkIndex(index, size)];
  }
}
