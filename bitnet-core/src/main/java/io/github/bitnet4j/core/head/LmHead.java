package io.github.bitnet4j.core.head;

import io.github.bitnet4j.core.compute.Tracer;
import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.compute.Workers;
import io.github.bitnet4j.core.logits.Logits;
import io.github.bitnet4j.core.logits.LogitsRequest;
import io.github.bitnet4j.core.logits.LogitsRequest.All;
import io.github.bitnet4j.core.logits.LogitsRequest.Allowed;
import io.github.bitnet4j.core.logits.LogitsRequest.Nucleus;
import io.github.bitnet4j.core.logits.PassOutput.AllTokens;
import io.github.bitnet4j.core.logits.PassOutput.EachToken;
import io.github.bitnet4j.core.logits.PassOutput.LastTokens;
import io.github.bitnet4j.core.logits.TokenMask;
import io.github.bitnet4j.core.threads.RangeTask;
import io.github.bitnet4j.core.weights.RmsNorm;
import io.github.bitnet4j.spi.DenseMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The final norm and the projection to the vocabulary.
 *
 * <p>If the int8 copy for screening is not complete, the first choice of tokens uses all logits, so
 * that the first token does not wait for the copy.
 */
public final class LmHead {
  private static final int GRAIN = 64;

  /** Most logits that are computed at once for rows that are taken one by one. */
  private static final int MAX_LOGITS = 1 << 21;

  /** Single rows worth handing to another thread. */
  private static final int ROW_GRAIN = 16;

  private final RmsNorm finalNorm;
  private final DenseMatrix head;
  private final Workers workers;
  private final Tracer tracer;
  private final @Nullable ScreeningHead screeningHead;
  private @Nullable HeadScreening screening;

  /** Whether the last pass would have used a copy for screening that is not complete. */
  private boolean missedCopy;

  private final RangeTask multiply = this::multiply;
  private final RangeTask multiplySingleRows = this::multiplySingleRows;

  /** Normalized hidden states, {@code [requested rows x hidden]}. */
  private float[] states = {};

  /** Rows that need the full product, and their results where there are several. */
  private int[] fullRows = new int[1];

  private int fullCount;

  /** For each requested row: which logits, and where they go. */
  private final List<LogitsRequest> needs = new ArrayList<>();

  private final List<Logits> outs = new ArrayList<>();
  private float[] fullLogits = {};

  // The product that is being computed.
  private int tokens;
  private float[] x = {};
  private float[] logits = {};

  // The product of single rows that is being computed.
  private Logits singleRows = new Logits(0);
  private int xOffset;

  /**
   * Creates a head.
   *
   * @param screeningHead a copy of the head for screening, if it has one
   */
  public LmHead(
      RmsNorm finalNorm,
      DenseMatrix head,
      @Nullable ScreeningHead screeningHead,
      Workers workers,
      Tracer tracer) {
    this.finalNorm = finalNorm;
    this.head = head;
    this.workers = workers;
    this.tracer = tracer;
    this.screeningHead = screeningHead;
    if (screeningHead != null && screeningHead.isComplete()) {
      screening = new HeadScreening(head, screeningHead, workers);
    }
  }

  /**
   * Computes the logits of the rows from 0 on, and traces them.
   *
   * @param x the residual stream after the last block, {@code [rows x hidden]}
   */
  public void forwardAll(float[] x, int rows, AllTokens out) {
    float[] normed = new float[Math.multiplyExact(rows, head.columns())];
    for (int row = 0; row < rows; row++) {
      normalize(x, row, normed, row);
    }
    multiply(normed, rows, out.logits());
    tracer.trace("", "final_norm", head.columns(), normed);
    tracer.trace("", "logits", head.rows(), out.logits());
  }

  /**
   * Computes the logits of some rows, a few at a time, and passes them on.
   *
   * @param x the residual stream after the last block, {@code [rows x hidden]}
   * @param fromRow the first row of the sequence
   * @param toRow the row after its last one
   * @param position of the first row
   * @param mayContinue asked each time
   * @return false if {@code mayContinue} was false
   */
  public boolean forwardEach(
      float[] x, int fromRow, int toRow, int position, EachToken out, BooleanSupplier mayContinue) {
    int first = fromRow + Math.max(0, out.from() - position);
    int atOnce = Math.clamp(MAX_LOGITS / head.rows(), 1, Math.max(1, toRow - first));
    reserveStates(atOnce);
    reserveFullLogits(Math.multiplyExact(atOnce, head.rows()));
    for (int from = first; from < toRow; from += atOnce) {
      if (!mayContinue.getAsBoolean()) {
        return false;
      }
      int count = Math.min(atOnce, toRow - from);
      for (int i = 0; i < count; i++) {
        normalize(x, from + i, states, i);
      }
      multiply(states, count, fullLogits);
      for (int i = 0; i < count; i++) {
        out.rows().accept(position + from + i - fromRow, fullLogits, i * head.rows());
      }
    }
    return true;
  }

  /**
   * Requests the logits of the last rows of a sequence; {@link #forward} computes all that have
   * been requested.
   *
   * @param x the residual stream after the last block, {@code [rows x hidden]}
   * @param toRow the row after the last one of the sequence
   */
  public void request(float[] x, int toRow, LastTokens out) {
    reserveStates(outs.size() + out.count());
    for (int i = 0; i < out.count(); i++) {
      normalize(x, toRow - out.count() + i, states, outs.size());
      needs.add(out.need());
      outs.add(out.logits(i));
    }
  }

  private void normalize(float[] x, int row, float[] out, int outRow) {
    int columns = head.columns();
    float[] weight = finalNorm.weight();
    WorkerKernels kernels = workers.kernels(0);
    kernels
        .dense()
        .rmsNorm(
            x,
            row * columns,
            weight,
            finalNorm.epsilon(),
            out,
            outRow * columns,
            kernels.scratch());
  }

  private void reserveStates(int rows) {
    int length = Math.multiplyExact(rows, head.columns());
    if (states.length < length) {
      states = Arrays.copyOf(states, length);
    }
  }

  /** Computes the logits that were requested. */
  public void forward() {
    int requested = outs.size();
    if (requested == 0) {
      return;
    }
    if (fullRows.length < requested) {
      fullRows = new int[2 * requested];
    }
    fullCount = 0;
    boolean nucleus = screening != null && screening.triesNucleus();
    for (int from = 0; from < requested; from += HeadScreening.MAX_TOKENS) {
      int to = Math.min(requested, from + HeadScreening.MAX_TOKENS);
      HeadScreening used = needsBounds(from, to, nucleus) ? screening : null;
      if (used != null) {
        used.bound(states, from, to - from);
      }
      for (int i = from; i < to; i++) {
        LogitsRequest need = needs.get(i);
        if (isFew(need) && need instanceof Allowed(long[] allowed, LogitsRequest _)) {
          multiplyAllowedRows(allowed, i);
        } else if (used == null
            || !needsBounds(need, nucleus)
            || !used.findCandidates(i - from, need, outs.get(i))) {
          fullRows[fullCount++] = i;
        }
      }
    }
    missedCopy = screeningHead != null && screening == null && needsBounds(0, requested, true);
    multiplyFullRows();
    forget();
  }

  /**
   * Completes the copy for screening, if the last pass would have used it. To be called before a
   * pass: later the JVM is busy compiling the kernels of the blocks.
   *
   * @param cancelled asked now and then
   * @return false if cancelled
   */
  public boolean completeCopy(BooleanSupplier cancelled) {
    if (missedCopy && screeningHead != null) {
      if (!screeningHead.complete(workers.team(), cancelled)) {
        return false;
      }
      screening = new HeadScreening(head, screeningHead, workers);
      missedCopy = false;
    }
    return true;
  }

  /** Forgets what was requested. */
  public void forget() {
    needs.clear();
    outs.clear();
  }

  private boolean needsBounds(int from, int to, boolean nucleus) {
    for (int i = from; i < to; i++) {
      if (needsBounds(needs.get(i), nucleus)) {
        return true;
      }
    }
    return false;
  }

  private boolean needsBounds(LogitsRequest need, boolean nucleus) {
    return !(need instanceof All) && !isFew(need) && (nucleus || !(need instanceof Nucleus));
  }

  /** Returns whether so few tokens are allowed that it is fastest to compute just their logits. */
  private boolean isFew(LogitsRequest need) {
    return need instanceof Allowed among && TokenMask.count(among.allowed()) <= head.rows() / 4;
  }

  /** Computes the logits of a few tokens. */
  private void multiplyAllowedRows(long[] allowed, int requested) {
    singleRows = outs.get(requested);
    singleRows.clear();
    for (int word = 0; word < allowed.length; word++) {
      for (long bits = allowed[word]; bits != 0; bits &= bits - 1) {
        singleRows.add(64 * word + Long.numberOfTrailingZeros(bits));
      }
    }
    singleRows.setAllThatMayBeChosen();
    xOffset = requested * head.columns();
    workers.run(singleRows.count(), ROW_GRAIN, multiplySingleRows);
  }

  private void multiplySingleRows(int from, int to, int worker) {
    WorkerKernels kernels = workers.kernels(worker);
    int[] ids = singleRows.ids();
    float[] out = singleRows.values();
    kernels.dense().denseRows(head, ids, states, xOffset, out, from, to, kernels.scratch());
  }

  /** Computes all logits of the rows in {@link #fullRows} together; moves them to the front. */
  private void multiplyFullRows() {
    int columns = head.columns();
    for (int i = 0; i < fullCount; i++) {
      System.arraycopy(states, fullRows[i] * columns, states, i * columns, columns);
    }
    if (fullCount == 1) {
      multiply(states, 1, outs.get(fullRows[0]).fillAll());
    } else if (fullCount > 1) {
      reserveFullLogits(Math.multiplyExact(fullCount, head.rows()));
      multiply(states, fullCount, fullLogits);
      for (int i = 0; i < fullCount; i++) {
        float[] values = outs.get(fullRows[i]).fillAll();
        System.arraycopy(fullLogits, i * head.rows(), values, 0, head.rows());
      }
    }
  }

  private void reserveFullLogits(int length) {
    if (fullLogits.length < length) {
      fullLogits = new float[length];
    }
  }

  private void multiply(float[] x, int tokens, float[] logits) {
    this.x = x;
    this.tokens = tokens;
    this.logits = logits;
    workers.run(head.rows(), GRAIN, multiply);
  }

  private void multiply(int fromRow, int toRow, int worker) {
    WorkerKernels kernels = workers.kernels(worker);
    kernels.dense().denseMatMul(head, x, tokens, logits, fromRow, toRow, kernels.scratch());
  }
}
