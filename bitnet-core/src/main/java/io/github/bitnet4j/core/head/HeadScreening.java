package io.github.bitnet4j.core.head;

import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.compute.Workers;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.LogitsRequest.All;
import io.github.bitnet4j.core.logits.LogitsRequest.Allowed;
import io.github.bitnet4j.core.logits.LogitsRequest.Nucleus;
import io.github.bitnet4j.core.logits.LogitsRequest.TopK;
import io.github.bitnet4j.core.logits.LogitsRequest.Within;
import io.github.bitnet4j.core.logits.NucleusProof;
import io.github.bitnet4j.core.logits.TokenMask;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.spi.DenseMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tokens that can matter for a choice, and computes only their logits.
 *
 * <p>One pass over the int8 copy of the head bounds every logit. If the n-th largest lower bound is
 * t, no token whose upper bound is below t is among the n largest; and if the largest lower bound
 * is t, none whose upper bound is below t - d is within d of the largest. The others, usually few,
 * are the candidates; their logits are computed from the head itself, with the bits that the full
 * product would have.
 */
final class HeadScreening {
  /** Rows of hidden states that one pass can take. */
  static final int MAX_TOKENS = 8;

  /**
   * Rows of the head that all hidden states meet in turn: they stay in the second-level cache. A
   * block is a whole number of tiles.
   */
  private static final int TILE = 64;

  /** Hidden states that are bounded faster together, as they are, than each quantized. */
  private static final int MIN_TOGETHER = 3;

  /** Candidates worth handing to another thread. */
  private static final int GRAIN = 16;

  /** Candidates tried first for a nucleus, and the factor for each further try. */
  private static final int NUCLEUS_START = 64;

  private static final int NUCLEUS_GROWTH = 8;

  /** Most passes without a try after failed tries for a nucleus: 2^6. */
  private static final int MAX_FAILED_TRIES = 6;

  private final DenseMatrix head;
  private final PageReleaser headPages;
  private final ScreeningHead screeningHead;
  private final Workers workers;
  private final float maxNorm;
  private final QuantizedHiddenState[] inputs = new QuantizedHiddenState[MAX_TOKENS];
  private final boolean[] bounded = new boolean[MAX_TOKENS];
  private final int[][][] sums;

  /** For each worker, {@code [MAX_TOKENS x TILE]}. */
  private final float[][] floatSums;

  private final NucleusProof nucleusProof = new NucleusProof();
  private final RangeTask boundEach = this::boundEach;
  private final RangeTask boundTogether = this::boundTogether;
  private final RangeTask multiply = this::multiply;

  /** Bounds of logits, {@code [tokens x vocabSize]}. */
  private float[] lower = {};

  private float[] upper = {};

  /** The largest lower bounds so far, as a binary heap with the smallest on top. */
  private float[] largest = {};

  /** The only tokens that matter; null for all. */
  private long @Nullable [] allowed;

  private float[] states = {};
  private int first;
  private int tokens;

  /** Failed tries for a nucleus in a row, and passes until the next try. */
  private int failedTries;

  private int pause;

  // The candidates that are being computed.
  private int token;
  private Logits candidates;

  HeadScreening(DenseMatrix head, ScreeningHead screeningHead, Workers workers) {
    this.head = head;
    headPages = new PageReleaser(head);
    this.screeningHead = screeningHead;
    this.workers = workers;
    maxNorm = screeningHead.maxNorm();
    candidates = new Logits(head.rows());
    sums = new int[workers.threads()][2][TILE];
    floatSums = new float[workers.threads()][MAX_TOKENS * TILE];
    for (int i = 0; i < MAX_TOKENS; i++) {
      inputs[i] = new QuantizedHiddenState(screeningHead.lines());
    }
  }

  /**
   * Bounds the logits of some hidden states.
   *
   * @param states {@code [rows x columns]}; not changed before the candidates are found
   * @param first number of the first of them
   * @param tokens number of rows, at most {@link #MAX_TOKENS}
   */
  void bound(float[] states, int first, int tokens) {
    this.states = states;
    this.first = first;
    this.tokens = tokens;
    int bounds = Math.multiplyExact(tokens, head.rows());
    if (lower.length < bounds) {
      lower = new float[bounds];
      upper = new float[bounds];
    }
    boolean together = tokens >= MIN_TOGETHER;
    boolean any = false;
    int columns = head.columns();
    for (int t = 0; t < tokens; t++) {
      int x = (first + t) * columns;
      bounded[t] =
          together
              ? inputs[t].take(states, x, columns, maxNorm)
              : inputs[t].quantize(states, x, columns, maxNorm);
      any |= bounded[t];
    }
    if (any) {
      int tiles = Math.ceilDiv(head.rows(), TILE);
      workers.run(tiles, 1, together ? boundTogether : boundEach);
    }
  }

  private void boundEach(int fromTile, int toTile, int worker) {
    WorkerKernels kernels = workers.kernels(worker);
    for (int tile = fromTile; tile < toTile; tile++) {
      int fromRow = tile * TILE;
      int toRow = Math.min(head.rows(), fromRow + TILE);
      for (int t = 0; t < tokens; t++) {
        if (bounded[t]) {
          int offset = t * head.rows();
          screeningHead.bound(
              kernels, inputs[t], fromRow, toRow, sums[worker], lower, upper, offset);
        }
      }
    }
  }

  private void boundTogether(int fromTile, int toTile, int worker) {
    WorkerKernels kernels = workers.kernels(worker);
    float[] own = floatSums[worker];
    int xOffset = first * head.columns();
    for (int tile = fromTile; tile < toTile; tile++) {
      int fromRow = tile * TILE;
      int toRow = Math.min(head.rows(), fromRow + TILE);
      screeningHead.multiply(kernels, states, xOffset, tokens, fromRow, toRow, own);
      for (int t = 0; t < tokens; t++) {
        if (bounded[t]) {
          int at = t * (toRow - fromRow);
          screeningHead.bound(inputs[t], fromRow, toRow, own, at, lower, upper, t * head.rows());
        }
      }
    }
  }

  /**
   * Finds and computes the candidates for one of the rows whose logits are bounded.
   *
   * @return false if bounds do not separate them from the others, or they are so many that all
   *     logits are computed faster
   */
  boolean findCandidates(int token, LogitsRequest need, Logits logits) {
    if (!bounded[token]) {
      return false;
    }
    return switch (need) {
      case All _ -> false;
      case TopK(int count) -> findLargest(token, count, logits);
      case Within(double distance) -> findNear(token, distance, logits);
      case Nucleus nucleus -> findNucleus(token, nucleus, logits);
      case Allowed(long[] ids, LogitsRequest inner) -> {
        allowed = ids;
        // The proof of a nucleus is about all tokens.
        boolean found = !(inner instanceof Nucleus) && findCandidates(token, inner, logits);
        allowed = null;
        yield found;
      }
    };
  }

  private boolean isAllowed(int id) {
    return allowed == null || TokenMask.contains(allowed, id);
  }

  /**
   * Returns whether bounds are worth computing for a nucleus in this pass, to be asked once. Where
   * the model is so unsure that the bounds decide nothing they cost more than they save: after each
   * failure in a row there is a pause of twice as many passes.
   */
  boolean triesNucleus() {
    if (pause == 0) {
      return true;
    }
    pause--;
    return false;
  }

  private boolean findNucleus(int token, Nucleus nucleus, Logits logits) {
    for (int count = NUCLEUS_START; findLargest(token, count, logits); count *= NUCLEUS_GROWTH) {
      int offset = token * head.rows();
      if (nucleusProof.decides(logits, count, nucleus, lower, upper, offset, head.rows())) {
        failedTries = 0;
        return true;
      }
    }
    failedTries = Math.min(failedTries + 1, MAX_FAILED_TRIES);
    pause = 1 << failedTries;
    return false;
  }

  private boolean findNear(int token, double distance, Logits logits) {
    return find(token, largestLowerBound(token * head.rows(), 1) - distance, logits);
  }

  private boolean findLargest(int token, int count, Logits logits) {
    return count <= mostCandidates()
        && find(token, largestLowerBound(token * head.rows(), count), logits);
  }

  /** Beyond this it is faster to compute all logits. */
  private int mostCandidates() {
    return head.rows() / 4;
  }

  /** Finds and computes the logits that may reach a threshold; returns false if they are many. */
  private boolean find(int token, double threshold, Logits logits) {
    int offset = token * head.rows();
    logits.clear();
    for (int id = 0; id < head.rows(); id++) {
      if (upper[offset + id] >= threshold && isAllowed(id)) {
        logits.add(id);
      }
    }
    if (logits.count() > mostCandidates()) {
      return false;
    }
    this.token = token;
    candidates = logits;
    workers.run(logits.count(), GRAIN, multiply);
    headPages.read(logits.count());
    return true;
  }

  private void multiply(int from, int to, int worker) {
    int xOffset = (first + token) * head.columns();
    WorkerKernels kernels = workers.kernels(worker);
    int[] ids = candidates.ids();
    float[] out = candidates.values();
    kernels.dense().denseRows(head, ids, states, xOffset, out, from, to, kernels.scratch());
  }

  /** Returns the lower bound of the given rank, from 1. */
  private float largestLowerBound(int offset, int rank) {
    if (largest.length < rank) {
      largest = new float[rank];
    }
    Arrays.fill(largest, 0, rank, Float.NEGATIVE_INFINITY);
    for (int id = 0; id < head.rows(); id++) {
      float value = lower[offset + id];
      if (value > largest[0] && isAllowed(id)) {
        replaceSmallest(value, rank);
      }
    }
    return largest[0];
  }

  private void replaceSmallest(float value, int size) {
    int i = 0;
    for (int child = 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && largest[child + 1] < largest[child]) {
        child++;
      }
      if (largest[child] >= value) {
        break;
      }
      largest[i] = largest[child];
      i = child;
    }
    largest[i] = value;
  }
}
