package io.github.bitnet4j.core.logits;

import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.spi.FloatMath;
import java.util.Arrays;

/**
 * The logits after one token: all of them, or only the candidates that can matter for a {@link
 * LogitsRequest}. A reusable buffer; not thread-safe.
 *
 * <p>Candidates have their exact logits and stand in the order of their ids. A choice from them is
 * the choice from all logits.
 */
public final class Logits {
  private final int vocabSize;
  private float[] values = {};
  private int[] ids = {};
  private int count;
  private boolean complete;
  private boolean all;
  private double total;

  /** Creates a buffer for a vocabulary, without logits. */
  public Logits(int vocabSize) {
    this.vocabSize = vocabSize;
  }

  /** Returns logits of a whole vocabulary that are in this array. */
  public static Logits all(float[] values) {
    Logits logits = new Logits(values.length);
    logits.values = values;
    logits.count = values.length;
    logits.complete = true;
    return logits;
  }

  /** Returns whether these are the logits of the whole vocabulary. */
  public boolean isComplete() {
    return complete;
  }

  /**
   * Returns whether no other token may be chosen: these are the logits of the whole vocabulary, or
   * of all tokens that are allowed.
   */
  public boolean hasAllThatMayBeChosen() {
    return complete || all;
  }

  /** Records that no other tokens than these may be chosen. */
  public void setAllThatMayBeChosen() {
    all = true;
  }

  /** Returns the number of candidates. */
  public int count() {
    return count;
  }

  /** Returns the id of a candidate. */
  public int id(int index) {
    return complete ? index : ids[index];
  }

  /** Returns the logit of each candidate, in an array that may be longer. */
  public float[] values() {
    return values;
  }

  /** Returns the ids of candidates that are not all, in an array that may be longer. */
  public int[] ids() {
    return ids;
  }

  /** Makes these complete and returns the array that receives {@code [vocabSize]}. */
  public float[] fillAll() {
    if (values.length != vocabSize) {
      values = new float[vocabSize];
    }
    count = vocabSize;
    complete = true;
    return values;
  }

  /** Removes all candidates. */
  public void clear() {
    count = 0;
    complete = false;
    all = false;
  }

  /** Adds a candidate with an id above those before; its logit goes into {@link #values} later. */
  public void add(int id) {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, Math.max(64, Math.min(vocabSize, 2 * count)));
    }
    if (values.length < ids.length) {
      values = new float[ids.length];
    }
    ids[count++] = id;
  }

  /**
   * Returns a number that may stand for the sum of all tokens' weights where a nucleus is cut: it
   * and the sum cut at the same place.
   */
  public double total() {
    return total;
  }

  void setTotal(double total) {
    this.total = total;
  }

  /** Returns the weight of a logit: its probability relative to that of the largest one. */
  public static float weight(float logit, float max, float temperature) {
    return FloatMath.exp((logit - max) / temperature);
  }

  /** Returns the exception for a logit that is NaN or infinite. */
  public static NonFiniteValueException nonFinite(float logit, int id) {
    return new NonFiniteValueException(
        "logits: expected finite values, found %s for token %d; the weights are damaged"
            .formatted(logit, id));
  }
}
