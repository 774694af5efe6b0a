package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.Ranking;
import java.util.Arrays;

/**
 * The tokens that are still in the running while one is chosen, as a list of indexes into {@link
 * Logits}. The list is in the order of ids at first; {@link #rank} puts the largest logit first,
 * and a selection keeps the order in which it was made. Sums run through the list in its order, so
 * they are the same bits whenever the list is the same. Reused for every choice.
 */
final class Candidates {
  private enum Order {
    /** Position and index are the same. */
    BY_ID,
    /** As {@link #ranking} says. */
    RANKED,
    /** As {@link #list} says. */
    LISTED
  }

  private final Ranking ranking = new Ranking();

  /** The list, or the part of a new one that has been selected. */
  private int[] list = {};

  /** Weights by index, if {@link #weighed}: probabilities relative to the most probable token. */
  private float[] weights = {};

  private Logits logits = new Logits(0);
  private Order order = Order.BY_ID;
  private int size;
  private int selected;
  private float temperature;
  private boolean weighed;

  // If weighed, the largest logit, and if totalled, the sum of the weights.
  private float max;
  private double total;
  private boolean totalled;

  /** Starts over with all tokens of these logits, at temperature 1. */
  void reset(Logits logits) {
    this.logits = logits;
    order = Order.BY_ID;
    size = logits.count();
    temperature = 1;
    weighed = false;
    if (list.length < size) {
      int capacity = Math.max(size, 2 * list.length);
      list = new int[capacity];
      weights = new float[capacity];
    }
  }

  /** Returns the number of candidates. */
  int size() {
    return size;
  }

  /** Returns a number above every index: also for those that have been removed. */
  int indexBound() {
    return logits.count();
  }

  /** Returns the index of the candidate at a position; of a ranked list, positions in order. */
  int index(int position) {
    if (order == Order.BY_ID) {
      return position;
    }
    return order == Order.LISTED ? list[position] : ranking.index(position);
  }

  /** Returns whether a token is still in the running. Takes time for all of them. */
  boolean contains(int index) {
    for (int position = 0; position < size; position++) {
      if (index(position) == index) {
        return true;
      }
    }
    return false;
  }

  /** Returns the index of a token, or a negative number if it is not among the logits. */
  int find(int id) {
    return logits.isComplete() ? id : Arrays.binarySearch(logits.ids(), 0, logits.count(), id);
  }

  float logit(int index) {
    return logits.values()[index];
  }

  /** Changes a logit, to the nearest finite one; a masked token stays masked. */
  void setLogit(int index, float logit) {
    float[] values = logits.values();
    if (values[index] != Float.NEGATIVE_INFINITY) {
      settle();
      values[index] = Math.clamp(logit, -Float.MAX_VALUE, Float.MAX_VALUE);
      weighed = false;
    }
  }

  /** Divides logits by a temperature, above 0; they keep their values, only weights change. */
  void setTemperature(float temperature) {
    this.temperature = temperature;
    weighed = false;
  }

  /** Returns the index of the largest logit, the lowest id of equal ones. */
  int top() {
    float[] values = logits.values();
    int top = index(0);
    for (int position = 1; position < size; position++) {
      int index = index(position);
      if (values[index] > values[top] || (values[index] == values[top] && index < top)) {
        top = index;
      }
    }
    return top;
  }

  // ---- Probabilities

  /** Returns the weight of every candidate, by index. The largest is 1. */
  float[] weights() {
    if (!weighed) {
      float[] values = logits.values();
      max = max();
      double sum = 0;
      for (int position = 0; position < size; position++) {
        int index = index(position);
        float weight = Logits.weight(values[index], max, temperature);
        weights[index] = weight;
        sum += weight;
      }
      total = sum;
      weighed = true;
      totalled = true;
    }
    return weights;
  }

  private float max() {
    float[] values = logits.values();
    if (order == Order.RANKED) {
      return values[ranking.index(0)];
    }
    float max = values[index(0)];
    for (int position = 1; position < size; position++) {
      max = Math.max(max, values[index(position)]);
    }
    return max;
  }

  /** Returns what a weight is the exponential of. */
  float exponent(int index) {
    weights();
    return (logits.values()[index] - max) / temperature;
  }

  /** Returns the sum of the weights. */
  double total() {
    float[] weights = weights();
    if (!totalled) {
      double sum = 0;
      for (int position = 0; position < size; position++) {
        sum += weights[index(position)];
      }
      total = sum;
      totalled = true;
    }
    return total;
  }

  /**
   * Returns the sum of the weights of all tokens, or what may stand for it if their logits are not
   * all known; see {@link Logits#total}.
   */
  double nucleusTotal() {
    return order == Order.BY_ID && !logits.hasAllThatMayBeChosen() ? logits.total() : total();
  }

  // ---- The list

  /** Orders the list: largest logit first, the lower id of equal ones. */
  void rank() {
    if (order != Order.RANKED) {
      rank(ranking, logits.values());
      order = Order.RANKED;
      totalled = false;
    }
  }

  /** Ranks the candidates by other keys, which are given by index, without changing the list. */
  void rank(Ranking ranking, float[] keys) {
    settle();
    ranking.fill(keys, order == Order.BY_ID ? null : list, size);
  }

  /** Keeps what stands first in the ranked list. */
  void keepFirst(int size) {
    this.size = size;
    totalled = false;
  }

  /** Makes the list independent of the ranking. */
  private void settle() {
    if (order == Order.RANKED) {
      for (int position = 0; position < size; position++) {
        list[position] = ranking.index(position);
      }
      order = Order.LISTED;
    }
  }

  /** Begins a new list of candidates. Until it ends, the old one can be read, in its order. */
  void beginSelection() {
    selected = 0;
  }

  /** Puts a candidate behind those already selected: at most as many as have been read. */
  void select(int index) {
    list[selected++] = index;
  }

  /** Returns how many have been selected. */
  int selected() {
    return selected;
  }

  /** Makes the selection the list. */
  void endSelection() {
    if (selected < size) {
      size = selected;
      order = Order.LISTED;
      weighed = false; // the largest logit may be gone
    }
  }
}
