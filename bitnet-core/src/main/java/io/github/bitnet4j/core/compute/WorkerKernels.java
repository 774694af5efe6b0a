package io.github.bitnet4j.core.compute;

import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryMatrix;

/**
 * The kernels of one thread, with its scratch memory.
 *
 * <p>Ternary matrices are stored as the model's own kernels want them, so only these can multiply
 * them: with vector code, or in plain loops. Everything else may be computed by other kernels,
 * which return the same bits.
 *
 * <p>Immutable; for one thread at a time.
 */
public final class WorkerKernels {
  private final Kernels ternary;
  private final Kernels.Scratch ternaryScratch;
  private final boolean plain;
  private final Kernels dense;
  private final Kernels.Scratch denseScratch;

  private WorkerKernels(
      Kernels ternary,
      Kernels.Scratch ternaryScratch,
      boolean plain,
      Kernels dense,
      Kernels.Scratch denseScratch) {
    this.ternary = ternary;
    this.ternaryScratch = ternaryScratch;
    this.plain = plain;
    this.dense = dense;
    this.denseScratch = denseScratch;
  }

  /** Returns kernels that compute everything themselves. */
  public static WorkerKernels of(Kernels kernels) {
    Kernels.Scratch scratch = kernels.newScratch();
    return new WorkerKernels(kernels, scratch, false, kernels, scratch);
  }

  /**
   * Returns kernels that compute in plain loops, in the place of these.
   *
   * @param plain computes everything but products of ternary matrices
   */
  public WorkerKernels inPlainLoops(Kernels plain) {
    return new WorkerKernels(ternary, ternaryScratch, true, plain, plain.newScratch());
  }

  /** Multiplies some units of a ternary matrix; see {@link Kernels#ternaryMatMul}. */
  public void ternaryMatMul(
      TernaryMatrix w, byte[] x, int tokens, int[] out, int fromUnit, int toUnit) {
    if (plain) {
      ternary.plainTernaryMatMul(w, x, tokens, out, fromUnit, toUnit, ternaryScratch);
    } else {
      ternary.ternaryMatMul(w, x, tokens, out, fromUnit, toUnit, ternaryScratch);
    }
  }

  /**
   * Returns the kernels that compute everything but products of ternary matrices.
   *
   * <p>Callers invoke them directly: through one method for all callers the JVM would mix their
   * type profiles, and vectors would then be allocated.
   */
  public Kernels dense() {
    return dense;
  }

  /** Returns the scratch memory of this thread for {@link #dense}. */
  public Kernels.Scratch scratch() {
    return denseScratch;
  }
}
