package io.github.bitnet4j.core.sampling;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.Sampler;
import io.github.bitnet4j.spi.FloatMath;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Chooses tokens as a {@link GenerationConfig} says. Belongs to one generation. Its results depend
 * only on logits, settings and seed: ties go to the lower id, and the arithmetic has one order.
 */
public final class TokenChooser {
  private final float temperature;
  private final int topK;
  private final float topP;
  private final @Nullable Sampler sampler;
  private final RandomGenerator random;

  /**
   * Candidates as a binary heap, largest logit first: an integer in the order of the logits above,
   * the complement of the id below, so that of two equal ones the lower id is the larger number.
   */
  private long[] heap = {};

  private int heapSize;
  private int candidates;

  private float[] probabilities = {};

  /**
   * Creates a chooser.
   *
   * @param seed of the random draws
   */
  public TokenChooser(GenerationConfig config, long seed) {
    temperature = config.temperature();
    topK = config.topK();
    topP = config.topP();
    sampler = config.sampler().orElse(null);
    random = new SplitMix64(seed);
  }

  /**
   * Returns the id of the next token.
   *
   * @param logits {@code [vocabSize]}; an application's own sampler may change them
   * @throws NonFiniteValueException if a logit is NaN or infinite
   * @throws IllegalStateException if an application's own sampler returns no valid id
   */
  public int choose(float[] logits) {
    int best = argmax(logits);
    if (sampler != null) {
      int id = sampler.sample(logits, random);
      if (id < 0 || id >= logits.length) {
        throw new IllegalStateException(
            "the configured Sampler returned %d; expected an id from 0 to %d"
                .formatted(id, logits.length - 1));
      }
      return id;
    }
    if (temperature == 0) {
      return best;
    }
    return topK == 0 && topP == 1 ? draw(logits, logits[best]) : drawFromTop(logits, logits[best]);
  }

  private static int argmax(float[] logits) {
    int best = 0;
    for (int id = 0; id < logits.length; id++) {
      if (!Float.isFinite(logits[id])) {
        throw new NonFiniteValueException(
            "logits: expected finite values, found %s for token %d; the weights are damaged"
                .formatted(logits[id], id));
      }
      if (logits[id] > logits[best]) {
        best = id;
      }
    }
    return best;
  }

  /** Draws from all tokens, in the order of their ids. */
  private int draw(float[] logits, float max) {
    double left = random.nextDouble() * weigh(logits, max);
    int last = 0;
    for (int id = 0; id < logits.length; id++) {
      if (probabilities[id] > 0) {
        left -= probabilities[id];
        last = id;
        if (left < 0) {
          return id;
        }
      }
    }
    return last; // rounding may leave a little over
  }

  /** Draws from the most probable tokens, in that order. */
  private int drawFromTop(float[] logits, float max) {
    double total = weigh(logits, max);
    fillHeap(logits);
    int most = logits.length;
    if (topK > 0 && topK < most) {
      most = topK;
      total = 0;
      for (int rank = 0; rank < most; rank++) {
        total += probability(candidate(rank));
      }
    }
    double kept = 0;
    int size = 0;
    while (size < most && (size == 0 || kept < topP * total)) {
      kept += probability(candidate(size));
      size++;
    }
    double left = random.nextDouble() * kept;
    for (int rank = 0; rank < size - 1; rank++) {
      left -= probability(candidate(rank));
      if (left < 0) {
        return id(candidate(rank));
      }
    }
    return id(candidate(size - 1));
  }

  /** Fills the probabilities, relative to the largest one, and returns their sum. */
  private double weigh(float[] logits, float max) {
    if (probabilities.length < logits.length) {
      probabilities = new float[logits.length];
    }
    double sum = 0;
    for (int id = 0; id < logits.length; id++) {
      float p = FloatMath.exp((logits[id] - max) / temperature);
      probabilities[id] = p;
      sum += p;
    }
    return sum;
  }

  private void fillHeap(float[] logits) {
    int size = logits.length;
    if (heap.length < size) {
      heap = new long[size];
    }
    for (int id = 0; id < size; id++) {
      int bits = Float.floatToRawIntBits(logits[id] + 0f); // makes -0 a 0
      int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE); // turns the order of negative floats
      heap[id] = ((long) ordered << 32) | (~id & 0xFFFFFFFFL);
    }
    heapSize = size;
    candidates = size;
    for (int i = size / 2 - 1; i >= 0; i--) {
      sift(i);
    }
  }

  /** Returns the candidate of a rank, 0 for the most probable; ranks must be asked for in order. */
  private long candidate(int rank) {
    int at = candidates - 1 - rank; // what was taken off the heap stands behind it
    if (at < heapSize) {
      heapSize--;
      long first = heap[0];
      heap[0] = heap[at];
      heap[at] = first;
      sift(0);
    }
    return heap[at];
  }

  private void sift(int index) {
    long value = heap[index];
    int i = index;
    for (int child = 2 * i + 1; child < heapSize; child = 2 * i + 1) {
      if (child + 1 < heapSize && heap[child + 1] > heap[child]) {
        child++;
      }
      if (heap[child] <= value) {
        break;
      }
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = value;
  }

  private float probability(long candidate) {
    return probabilities[id(candidate)];
  }

  private static int id(long candidate) {
    return ~(int) candidate;
  }
}
